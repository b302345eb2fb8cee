"""The waiting times of Concert E+, in one place so that tests can run them fifty times faster.

There is no public paper; the values are those of the open implementations (three seconds for a byte, 120 for the
buyer), the short ones ours.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timers:
    """All times in seconds, multiplied by `scale`."""

    scale: float = 1.0

    REPEATS = 2
    """How often ENQ, or a frame the other end answered with NAK, is sent again."""

    @property
    def reply_s(self) -> float:
        """Longest wait for the other end's next signal or frame within a session."""
        return 3.0 * self.scale

    @property
    def gap_s(self) -> float:
        """A line this long without a byte is quiet; wide, because USB delivers in packets."""
        return 0.5 * self.scale

    @property
    def again_s(self) -> float:
        """Pause after an ENQ nobody answered."""
        return 1.0 * self.scale

    @property
    def answer_s(self) -> float:
        """From the end of our ask to the terminal's answer: the buyer, the PIN, the bank."""
        return 120.0 * self.scale

    @property
    def hold_s(self) -> float:
        """How long an answer's ACK may wait for the journal; well below the other end's patience of one to three seconds."""
        return 0.8 * self.scale

    @property
    def close_s(self) -> float:
        """How long after our ACK a terminal that sends no EOT (some do not) may still ask for it again."""
        return 1.0 * self.scale

    @property
    def ask_again_s(self) -> float:
        """Pause before a busy terminal is asked how it stands."""
        return 2.0 * self.scale

    @property
    def session_s(self) -> float:
        """Longest a session can take, every repeat included."""
        return (self.REPEATS + 1) * (self.reply_s + self.again_s) + self.hold_s + self.close_s
