"""What is said and heard in one session of the link, and which end says it."""

from __future__ import annotations

import enum
import threading
from collections.abc import Callable
from dataclasses import dataclass

from stall.wire.readers import telium


@dataclass(frozen=True, slots=True)
class Side:
    """One end of the cable. `hears`: lengths of bodies that come.

    `waits`: a frame's ACK waits for its reader, the same frame said again is no second one, and when both ends send
    ENQ at once the other may speak.
    """

    hears: tuple[int, ...]
    waits: bool


TILL = Side(telium.ANSWERS, waits=True)
TERMINAL = Side(telium.ASKS, waits=False)


class Outcome(enum.Enum):
    """What became of something we said."""

    TAKEN = enum.auto()
    """ACK came and EOT went out."""
    NOT_TAKEN = enum.auto()
    """The frame never left, or was answered with NAK each time: nothing happened for it."""
    UNSURE = enum.auto()
    """The frame left, and nothing came back."""


class Said:
    """One session of ours; `body` None for ENQ and EOT only."""

    def __init__(self, body: bytes | None) -> None:
        self.body = body
        self.number = 0
        """Which frame of this link it is, from 1; 0 until its first byte leaves."""
        self.tries = 0
        self.outcome = Outcome.NOT_TAKEN
        self._over = threading.Event()

    def wait(self, timeout_s: float) -> Outcome:
        """Wait for its end; UNSURE when that is not in sight after `timeout_s`."""
        return self.outcome if self._over.wait(max(0.0, timeout_s)) else Outcome.UNSURE

    def end(self, outcome: Outcome) -> None:
        """Note the outcome; the link layer calls this."""
        self.outcome = outcome
        self._over.set()


class Heard:
    """One frame of the other end, and our ACK to it."""

    def __init__(self, body: bytes, after: int, acknowledge: Callable[[Heard], None]) -> None:
        self.body = body
        self.after = after
        """How many frames of ours had left when the other end began to speak."""
        self.wanted = self.acked = self.certain = False
        self._acknowledge = acknowledge
        self._over = threading.Event()

    def acknowledge(self) -> None:
        """Send ACK now, unless it went out by itself meanwhile; where the other end broke off, once it says it again."""
        self._acknowledge(self)

    def closed(self, timeout_s: float) -> bool:
        """Wait until the ACK certainly stands: EOT came, or the line was quiet after it. False: nobody knows."""
        return self._over.wait(max(0.0, timeout_s)) and self.certain

    def end(self, *, certain: bool) -> None:
        """Note how its session ended; the link layer calls this."""
        self.certain = self.certain or certain
        self._over.set()
