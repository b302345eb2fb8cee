"""What a person does to the simulated terminal and sees on it; shared by its thread and the panel."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from stall.errors import Refused


class Mode(StrEnum):
    """What happens to the next transaction; its words stand in `faults.FAULTS`."""

    APPROVE = "approve"
    DECLINE = "decline"
    WRONG_PIN = "wrong-pin-then-approve"
    CANCELLED = "cancelled"
    OFFLINE = "offline"
    WRONG_AMOUNT = "wrong-amount"
    WRONG_CURRENCY = "wrong-currency"
    UNMASKED_CARD = "unmasked-card"
    LONG_TRACE = "long-trace"
    STATUS_TWICE = "status-twice"
    COMPLETION_ONLY = "completion-only"
    TEXTS_CP437 = "texts-cp437"
    TEXTS_LATIN1 = "texts-latin1"
    PRINT_LINES = "print-lines"
    SET_CLOCK = "set-clock"
    BUSY = "busy"
    NO_HOST = "no-host"
    DAY_END_OPEN = "day-end-open"
    SILENT = "silent"
    LATE_ANSWER = "late-answer"
    LONG_WAIT = "long-wait"
    HANG_UP_BEFORE = "hang-up-before-status"
    HANG_UP_AFTER = "hang-up-after-status"
    VANISH = "approve-then-vanish"
    POWER_OFF = "power-off"
    POWER_OFF_AFTER_YES = "power-off-after-yes"
    LOST_ACK = "lost-ack"
    LATE_ACK = "late-ack"
    NAKS = "naks"
    BAD_CRC = "bad-crc"
    SPLIT = "split"
    DUPLICATE = "duplicate"


BASIC = (Mode.APPROVE, Mode.DECLINE, Mode.WRONG_PIN, Mode.SILENT, Mode.VANISH)
"""What every simulated terminal can do, whatever protocol it speaks."""


@dataclass(frozen=True, slots=True)
class View:
    """The terminal as it looks now; `amount_minor` while a payment runs.

    `plugged_in`: a till could talk to it now. `cable_in` and `powered` are what a person wants of cable and switch.
    """

    mode: Mode
    wait_for_tap: bool
    display: str
    detail: str
    amount_minor: int | None
    currency: str
    plugged_in: bool
    wants_card: bool
    times: int = 1
    cable_in: bool = True
    powered: bool = True


class Controls:
    """Mode, card, cable, switch and display. Any thread may call any method."""

    def __init__(self, offered: Iterable[Mode] = BASIC, *, hardware: bool = False) -> None:
        """`offered`: the modes there are to choose; `hardware`: cable, switch and books can be meddled with, too."""
        self.offered, self.hardware = tuple(offered), hardware
        self.broken_off: Callable[[], None] | None = None
        """Called, in the caller's thread, when cable or power goes."""
        self._changed = threading.Condition()
        self._view = View(Mode.APPROVE, False, "Starting", "", None, "EUR", False, False)
        self._presented = False
        self._told = 0

    def view(self) -> View:
        """The terminal as it looks now."""
        with self._changed:
            return self._view

    def choose(self, mode: str, *, wait_for_tap: bool, times: int = 1) -> None:
        """Set what happens next, `times` for faults that are counted. Raises Refused `panel-mode`."""
        if mode not in self.offered:
            raise Refused("panel-mode", f"The simulated terminal has no mode {mode!r}. Choose one on its page.")
        with self._changed:
            self._told += 1
            self._set(mode=Mode(mode), wait_for_tap=wait_for_tap, times=times)

    def take_mode(self) -> Mode:
        """The mode for the payment that begins; the one after it is approved again."""
        with self._changed:
            mode = self._view.mode
            self._set(mode=Mode.APPROVE)
            return mode

    def show(self, display: str, detail: str = "", amount_minor: int | None = None, currency: str = "EUR") -> None:
        """Put words on the display."""
        with self._changed:
            self._set(display=display, detail=detail, amount_minor=amount_minor, currency=currency)

    def plugged(self, *, plugged_in: bool) -> None:
        """Note whether the cable is in."""
        with self._changed:
            self._set(plugged_in=plugged_in)

    def cable(self, *, put_in: bool) -> None:
        """Pull the cable, or put it back."""
        self._break_off(cable_in=put_in)

    def power(self, *, on: bool) -> None:
        """Switch the terminal off, or on again."""
        self._break_off(powered=on)

    def wait_until_back(self, stop: threading.Event) -> None:
        """Stay away until cable and power are there, or `stop` is set."""
        with self._changed:
            while not (self._view.cable_in and self._view.powered) and not stop.is_set():
                self._changed.wait(0.1)

    def present(self) -> None:
        """A person holds the card to the terminal. Raises Refused `panel-no-card-wanted`."""
        with self._changed:
            if not self._view.wants_card:
                raise Refused("panel-no-card-wanted", "The terminal is not waiting for a card. Start a payment first.")
            self._presented = True
            self._changed.notify_all()

    def want_card(self, *, wanted: bool) -> None:
        """Begin or end waiting for a card; a card presented earlier does not count."""
        with self._changed:
            self._presented = False
            self._set(wants_card=wanted)

    def card_presented(self, timeout_s: float) -> bool:
        """Wait a little for a card."""
        with self._changed:
            return self._changed.wait_for(lambda: self._presented, timeout_s)

    def wait_until_told(self, timeout_s: float, stop: threading.Event) -> None:
        """Stay as it is until a person chooses a mode or pulls something, the time is over, or `stop` is set."""
        end = time.monotonic() + timeout_s
        with self._changed:
            told = self._told
            while told == self._told and not stop.is_set() and time.monotonic() < end:
                self._changed.wait(min(0.1, max(0.0, end - time.monotonic())))

    def _break_off(self, **there: bool) -> None:
        with self._changed:
            self._told += 1
            self._set(**there)
        if not all(there.values()) and self.broken_off is not None:
            self.broken_off()

    def _set(self, **changes: object) -> None:
        old = {name: getattr(self._view, name) for name in View.__slots__}
        self._view = View(**{**old, **changes})
        self._changed.notify_all()
