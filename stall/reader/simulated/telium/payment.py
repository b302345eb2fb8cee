"""How the simulated Concert E+ terminal takes a payment: the card, the books, and one answer that nobody can refuse.

It books before it answers and never takes anything back: what the till makes of its answer is the till's business.
"""

from __future__ import annotations

import threading
import time

from stall.reader.simulated.controls import Controls, Mode
from stall.reader.simulated.fate import Fate
from stall.reader.simulated.ledger import CARDS, Entry, Ledger
from stall.reader.simulated.payment import Habits, Unplugged
from stall.reader.telium.link import Link, Outcome
from stall.wire.readers import telium
from stall.wire.readers import telium_terminal as wire

CURRENCY = "EUR"
OFFERED = (
    Mode.APPROVE, Mode.DECLINE, Mode.CANCELLED, Mode.WRONG_AMOUNT, Mode.WRONG_CURRENCY, Mode.UNMASKED_CARD,
    Mode.STATUS_TWICE, Mode.SILENT, Mode.LATE_ANSWER, Mode.HANG_UP_BEFORE, Mode.HANG_UP_AFTER, Mode.VANISH,
    Mode.LOST_ACK, Mode.NAKS, Mode.BAD_CRC, Mode.SPLIT, Mode.DUPLICATE,
)  # fmt: skip
"""What can happen to a payment here; the words stand in `faults.FAULTS`."""

ANSWER_TRIES = 3
"""How often it says an answer that nobody acknowledges."""

_LOOK_S = 0.05
_LATE = 1.2
"""How late a late answer is, in the till's whole patience."""


class Payment:
    """One ask after the link layer has acknowledged it."""

    def __init__(
        self,
        link: Link,
        ledger: Ledger,
        controls: Controls,
        habits: Habits,
        stop: threading.Event,
        ask: wire.Ask,
        fate: Fate,
        *,
        own_numbers: bool,
    ) -> None:
        """`own_numbers`: its answers bear a number of its own, instead of the ask's again."""
        self._link, self._ledger, self._controls, self._habits = link, ledger, controls, habits
        self._stop, self._ask, self._fate, self._own_numbers = stop, ask, fate, own_numbers

    def take(self) -> None:
        """Run it to its end. Raises Unplugged, and Retry when the cable is gone."""
        mode = self._fate.mode
        if mode is Mode.SILENT:
            self._show("Busy", "Silent: it answers nothing. Choose a mode to wake it.")
            self._controls.wait_until_told(self._habits.silent_s, self._stop)
        elif self._ask.currency != CURRENCY or not self._card_comes() or mode in {Mode.DECLINE, Mode.CANCELLED}:
            self._show("Cancelled" if mode is Mode.CANCELLED else "Declined")
            self._answer(wire.answer(telium.NOT_DONE, self._ask.amount_minor, self._ask.currency, self._ask.private))
        else:
            self._approve(mode)

    def _card_comes(self) -> bool:
        """Wait for a card. False when nobody came."""
        self._show("Please present your card")
        self._controls.want_card(wanted=True)
        begun = time.monotonic()
        try:
            while not self._stop.is_set() and time.monotonic() < begun + self._habits.card_wait_s:
                by_itself = time.monotonic() >= begun + self._habits.card_after_s
                if self._controls.card_presented(_LOOK_S) or (by_itself and not self._controls.view().wait_for_tap):
                    return True
            return False
        finally:
            self._controls.want_card(wanted=False)

    def _approve(self, mode: Mode) -> None:
        entry = self._ledger.authorise(
            self._ask.amount_minor, CURRENCY, "refund" if self._ask.kind == wire.REFUND else "payment"
        )
        self._ledger.settle(entry, "booked")
        self._show("Approved")
        if mode is Mode.HANG_UP_BEFORE:
            raise Unplugged
        if mode is Mode.LATE_ANSWER:
            self._stop.wait(self._link.timers.answer_s * _LATE)
        body = self._told(entry, mode)
        if mode is Mode.HANG_UP_AFTER:
            self._hang_up_with_the_answer_out(body)
        self._answer(body)
        if mode is Mode.VANISH:
            raise Unplugged
        if mode is Mode.STATUS_TWICE:
            self._answer(body)

    def _told(self, entry: Entry, mode: Mode) -> bytes:
        private = f"{entry.receipt:010d}" if self._own_numbers else self._ask.private
        minor = entry.amount + 100 if mode is Mode.WRONG_AMOUNT else entry.amount
        currency = "CHF" if mode is Mode.WRONG_CURRENCY else entry.currency
        made_up = "400000000000" + CARDS[entry.card].last4
        report = f"{made_up:<{wire.REPORT}}" if mode is Mode.UNMASKED_CARD else None
        return wire.answer(telium.DONE, minor, currency, private, report)

    def _answer(self, body: bytes) -> None:
        """Say it, and again when nobody acknowledged it."""
        for _ in range(ANSWER_TRIES):
            if self._link.say(body).wait(self._link.timers.session_s) is Outcome.TAKEN or not self._link.alive:
                return

    def _hang_up_with_the_answer_out(self, body: bytes) -> None:
        said, end = self._link.say(body), time.monotonic() + self._link.timers.session_s
        while not said.number and time.monotonic() < end:
            time.sleep(0.001)
        raise Unplugged

    def _show(self, display: str, detail: str = "") -> None:
        self._controls.show(display, detail, self._ask.amount_minor, self._ask.currency)
