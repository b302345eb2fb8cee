"""The commands the simulated terminal understands, each answered from its own ledger."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

from stall.reader.simulated.controls import Controls
from stall.reader.simulated.ledger import Ledger
from stall.reader.simulated.payment import Habits, Payment
from stall.reader.simulated.till_side import TillSide
from stall.wire.readers import zvt_codes as codes
from stall.wire.readers import zvt_terminal as wire

VERSION = "STALL SIMULATOR 1"
CURRENCY = "EUR"


class Commands:
    """One command at a time; registration is forgotten when the cable is pulled."""

    def __init__(
        self,
        till: TillSide,
        ledger: Ledger,
        controls: Controls,
        password: str,
        habits: Habits,
        stop: threading.Event,
    ) -> None:
        self._till, self._ledger, self._controls = till, ledger, controls
        self._password, self._habits, self._stop = password, habits, stop
        self._registered = False

    def idle(self) -> None:
        """Show that nothing is going on."""
        self._controls.show("Ready", f"Terminal {self._ledger.tid}")

    def handle(self, request: wire.Request) -> None:
        """Carry out one command of the till. Raises Unplugged, and Retry when the cable is gone."""
        if request.is_answer:
            return
        if request.password is not None and request.password != self._password:
            self._till.no(codes.NOT_POSSIBLE)
            return
        match request.command:
            case wire.REGISTRATION:
                self._register(request)
            case wire.LOG_OFF:
                self._registered = False
                self._till.yes()
            case wire.STATUS_ENQUIRY:
                self._till.yes()
                self._till.tell(wire.ready(VERSION, codes.STATUS_READY))
            case wire.AUTHORISATION:
                self._pay(request)
            case wire.REVERSAL:
                self._reverse(request)
            case wire.REPEAT_RECEIPT:
                self._repeat()
            case wire.END_OF_DAY:
                self._close_day()
            case _:
                self._till.no(codes.NOT_POSSIBLE)

    def _register(self, request: wire.Request) -> None:
        if request.currency not in (None, CURRENCY):
            self._till.no(codes.WRONG_CURRENCY)
            return
        self._till.yes()
        self._registered = True
        self._till.tell(wire.registered(self._ledger.tid, CURRENCY))

    def _pay(self, request: wire.Request) -> None:
        if request.currency not in (None, CURRENCY):
            self._till.no(codes.WRONG_CURRENCY)
            return
        if not request.amount_minor:
            self._till.no(codes.AMOUNT_WRONG)
            return
        self._till.yes()
        payment = Payment(self._till, self._ledger, self._controls, self._habits, self._stop, steps=self._registered)
        payment.take(request.amount_minor, CURRENCY, request.answer_s)
        self.idle()

    def _reverse(self, request: wire.Request) -> None:
        self._till.yes()
        original = self._ledger.find(request.receipt_no or 0)
        if original is None or original.state != "booked":
            code = codes.REVERSAL_NOT_POSSIBLE if original is None else codes.ALREADY_REVERSED
            self._till.tell(wire.declined(code, self._ledger.tid))
            self._till.tell(wire.abort(code))
            return
        reversal = self._ledger.begin_reversal(original)
        told = wire.status_information(reversal.booking(self._ledger.tid))
        if self._till.commit(told, lambda: self._ledger.finish_reversal(original, reversal)):
            self._till.tell(wire.completion())
        else:
            self._ledger.settle(reversal, "reversed")
            self._till.tell(wire.abort(codes.CANCELLED))

    def _repeat(self) -> None:
        self._till.yes()
        last = self._ledger.last()
        if last is not None:
            self._till.tell(wire.status_information(last.booking(self._ledger.tid)))
        self._till.tell(wire.completion())

    def _close_day(self) -> None:
        """The day is closed only when the till has heard the totals."""
        self._till.yes()
        self._controls.show("Closing the day")
        day = self._ledger.day()
        now = datetime.now(UTC)
        told = wire.day_end(
            self._ledger.tid, CURRENCY, now.strftime("%H%M%S"), now.strftime("%m%d"), day.first, day.last, day.sums
        )
        if self._till.commit(told, lambda: self._ledger.close_day(day)):
            self._till.tell(wire.completion())
        else:
            self._till.tell(wire.abort(codes.END_OF_DAY_NOT_POSSIBLE))
        self.idle()
