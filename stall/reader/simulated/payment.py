"""How the simulated terminal takes a payment, with its faults: one function for each of its moods."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from stall.reader.simulated.controls import Controls, Mode
from stall.reader.simulated.ledger import Entry, Ledger
from stall.reader.simulated.till_side import TillSide
from stall.wire.readers import zvt_codes as codes
from stall.wire.readers import zvt_terminal as wire

_LOOK_S = 0.05
_DECLINED_BY_BANK = 0x05
_WRONG_PIN_RESULT = 0x37
_LOOK_AT_PIN_PAD = 0x02


class Unplugged(Exception):
    """The terminal's cable is to be pulled now."""


@dataclass(frozen=True, slots=True)
class Habits:
    """Times of the simulated terminal and its customers, in seconds.

    `card_after_s`: until a card is presented by itself; `answer_s`: how long it waits for the till's answer
    to an approval before it takes the payment back (BMP 01, default 30); `step_s`: one step of its work;
    `card_wait_s`: until it gives up waiting for a card; `remind_s`: while it waits, how often it says so.
    """

    card_after_s: float = 1.5
    silent_s: float = 20.0
    vanish_s: float = 5.0
    answer_s: float = 30.0
    step_s: float = 0.4
    card_wait_s: float = 90.0
    remind_s: float = 3.0


class Payment:
    """One `06 01` after it was answered with yes."""

    def __init__(
        self,
        till: TillSide,
        ledger: Ledger,
        controls: Controls,
        habits: Habits,
        stop: threading.Event,
        *,
        steps: bool,
    ) -> None:
        """`steps`: tell `04 FF`, as registered tills get them."""
        self._till, self._ledger, self._controls, self._habits = till, ledger, controls, habits
        self._stop, self._steps = stop, steps
        self._amount, self._currency = 0, ""

    def take(self, amount: int, currency: str, answer_s: int | None) -> None:
        """Run it to its end. Raises Unplugged, and Retry when the cable is gone."""
        mode = self._controls.take_mode()
        self._amount, self._currency = amount, currency
        if mode is Mode.SILENT:
            self._fall_silent()
            return
        if not self._card_comes():
            self._show("Cancelled")
            self._till.tell(wire.abort(codes.CANCELLED))
            return
        self._step(codes.WAITING_FOR_HOST, "Please wait")
        if mode is Mode.DECLINE:
            self._decline()
            return
        if mode is Mode.WRONG_PIN:
            self._wrong_pin()
        self._approve(answer_s, vanish=mode is Mode.VANISH)

    def _fall_silent(self) -> None:
        """Say yes to the command, then nothing at all until told otherwise or `silent_s` is over."""
        self._show("Busy", "Silent: it answers nothing. Choose a mode to wake it.")
        self._controls.wait_until_told(self._habits.silent_s, self._stop)
        self._till.ignore()

    def _card_comes(self) -> bool:
        """Wait for a card, listening for the till's `06 B0`. False when cancelled or nobody came."""
        self._show("Please present your card")
        self._controls.want_card(wanted=True)
        begun = time.monotonic()
        remind_at = begun
        try:
            while not self._stop.is_set() and time.monotonic() < begun + self._habits.card_wait_s:
                if self._steps and time.monotonic() >= remind_at:  # each one starts the till's T4 anew
                    self._till.mention(wire.intermediate(codes.INSERT_CARD))
                    remind_at = time.monotonic() + self._habits.remind_s
                if self._controls.card_presented(_LOOK_S) or self._card_by_itself(begun):
                    return True
                if self._till.abort_asked():
                    self._till.yes()
                    return False
            return False
        finally:
            self._controls.want_card(wanted=False)
            self._till.hear_out()

    def _card_by_itself(self, begun: float) -> bool:
        """Whether nobody is to be waited for and the time is over."""
        return not self._controls.view().wait_for_tap and time.monotonic() >= begun + self._habits.card_after_s

    def _decline(self) -> None:
        self._step(codes.SHOWN_DECLINED, "Declined")
        self._till.tell(wire.declined(_DECLINED_BY_BANK, self._ledger.tid))
        self._till.tell(wire.abort(_DECLINED_BY_BANK))

    def _wrong_pin(self) -> None:
        self._step(codes.WRONG_PIN, "Wrong PIN")
        self._till.tell(wire.declined(_WRONG_PIN_RESULT, self._ledger.tid))
        self._step(_LOOK_AT_PIN_PAD, "PIN again")

    def _approve(self, answer_s: int | None, *, vanish: bool) -> None:
        entry = self._ledger.authorise(self._amount, self._currency)
        told = wire.status_information(entry.booking(self._ledger.tid))
        if not self._till.commit(told, lambda: self._ledger.settle(entry, "booked"), answer_s):
            self._take_back(entry)
            return
        self._show("Approved")
        if vanish:
            raise Unplugged
        self._step(codes.SHOWN_APPROVED, "Approved")
        self._till.tell(wire.completion())

    def _take_back(self, entry: Entry) -> None:
        """No yes to the approval: the payment is reversed without the card (PA00P015 2.2.8)."""
        self._ledger.settle(entry, "reversed")
        self._step(codes.AUTO_REVERSAL, "Payment taken back")
        self._till.tell(wire.abort(codes.CANCELLED))

    def _step(self, code: int, display: str) -> None:
        self._show(display)
        if self._steps:
            self._till.tell(wire.intermediate(code))
        self._stop.wait(self._habits.step_s)

    def _show(self, display: str, detail: str = "") -> None:
        self._controls.show(display, detail, self._amount, self._currency)
