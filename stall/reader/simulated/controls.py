"""What a person does to the simulated terminal and sees on it; shared by its thread and the panel."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from enum import StrEnum

from stall.errors import Refused


class Mode(StrEnum):
    """What happens to the next payment."""

    APPROVE = "approve"
    DECLINE = "decline"
    WRONG_PIN = "wrong-pin-then-approve"
    SILENT = "silent"
    VANISH = "approve-then-vanish"


@dataclass(frozen=True, slots=True)
class View:
    """The terminal as it looks now; `amount_minor` while a payment runs."""

    mode: Mode
    wait_for_tap: bool
    display: str
    detail: str
    amount_minor: int | None
    currency: str
    plugged_in: bool
    wants_card: bool


class Controls:
    """Mode, card and display. Any thread may call any method."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._view = View(Mode.APPROVE, False, "Starting", "", None, "EUR", False, False)
        self._presented = False
        self._told = 0

    def view(self) -> View:
        """The terminal as it looks now."""
        with self._changed:
            return self._view

    def choose(self, mode: str, *, wait_for_tap: bool) -> None:
        """Set what happens next. Raises Refused `panel-mode` for a mode that does not exist."""
        if mode not in set(Mode):
            raise Refused("panel-mode", f"The simulated terminal has no mode {mode!r}. Choose one on its page.")
        with self._changed:
            self._told += 1
            self._set(mode=Mode(mode), wait_for_tap=wait_for_tap)

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
        """Stay as it is until a person chooses a mode, the time is over, or `stop` is set."""
        end = time.monotonic() + timeout_s
        with self._changed:
            told = self._told
            while told == self._told and not stop.is_set() and time.monotonic() < end:
                self._changed.wait(min(0.1, max(0.0, end - time.monotonic())))

    def _set(self, **changes: object) -> None:
        old = {name: getattr(self._view, name) for name in View.__slots__}
        self._view = View(**{**old, **changes})
        self._changed.notify_all()
