"""The waiting times of the ZVT protocol, in one place so that tests can run them fifty times faster.

Values are those of PA00P016 rev. 04; T1 is the receiver's, widened because USB delivers in packets.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timers:
    """All times in seconds, multiplied by `scale`."""

    scale: float = 1.0

    REPEATS = 2
    """How often a block is sent again before the transmission counts as failed."""

    LONGEST_MINUTES = 15
    """What a `04 FF` may ask for at most; it could say 99."""

    @property
    def t1_s(self) -> float:
        """Longest gap inside a block when receiving (the paper says 0.2 for the sender)."""
        return 0.5 * self.scale

    @property
    def t2_s(self) -> float:
        """From the end of a block to its acknowledgement."""
        return 5.0 * self.scale

    @property
    def t3_s(self) -> float:
        """From a command to its `80 xx` or `84 xx`."""
        return 5.0 * self.scale

    @property
    def t4_s(self) -> float:
        """From `80 00` to the completion; each `04 FF` and `04 0F` starts it anew."""
        return 180.0 * self.scale

    @property
    def minute_s(self) -> float:
        """One minute of a `04 FF` that brings its own T4."""
        return 60.0 * self.scale

    @property
    def whole_s(self) -> float:
        """From `80 00` to the end of the transaction, however often the terminal starts T4 anew."""
        return 1800.0 * self.scale

    @property
    def decide_s(self) -> float:
        """From an approval to our answer; later than this the terminal is told to take the payment back."""
        return 4.0 * self.scale

    @property
    def ask_again_s(self) -> float:
        """Pause after `84 9C` before the same question."""
        return 2.0 * self.scale

    @property
    def drain_s(self) -> float:
        """How long TCP may take to have our answer acknowledged by the other host."""
        return 5.0 * self.scale

    @property
    def certain_s(self) -> float:
        """Longest wait until an acknowledgement is certainly out or certainly not: every repeat has timed out."""
        return (self.REPEATS + 1) * self.t2_s
