"""The commands the simulated terminal understands, each answered from its own ledger."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence

from stall.reader.simulated.controls import Controls
from stall.reader.simulated.fates import Fates
from stall.reader.simulated.faults import CommandFault
from stall.reader.simulated.ledger import Day, Entry, Ledger
from stall.reader.simulated.payment import Deal, Habits, Payment, Unplugged
from stall.reader.simulated.script import CommandRow, Name, TerminalHabits
from stall.reader.simulated.till_side import Answer, TillSide
from stall.wire.readers import zvt_codes as codes
from stall.wire.readers import zvt_terminal as wire

VERSION = "STALL SIMULATOR 1"
CURRENCY = "EUR"
CHARGES: Mapping[int, Name | None] = {wire.AUTHORISATION: None, wire.REVERSAL: "reversal", wire.REFUND: "refund"}
"""The commands that move money, by the names scripts have for them; payments have rows of their own there."""
_CHARSETS = {"latin1": 0x01, "cp437": 0xFF}
_DECLINED_BY_BANK = 0x05
_OFFLINE_NOT_CLEARED = 0xFA
_DIAGNOSIS_RUNS = 0xC9


class Commands:
    """One command at a time; registration is forgotten when the cable is pulled."""

    def __init__(
        self,
        till: TillSide,
        ledger: Ledger,
        controls: Controls,
        password: str,
        habits: Habits,
        fates: Fates,
        own: TerminalHabits,
        stop: threading.Event,
    ) -> None:
        """`own`: the habits of a script."""
        self._till, self._ledger, self._controls = till, ledger, controls
        self._password, self._habits, self._stop = password, habits, stop
        self._fates, self._own = fates, own
        self._registered = False
        self._known: Mapping[int, tuple[Name, Callable[[wire.Request], None]]] = {
            wire.REGISTRATION: ("registration", self._register),
            wire.LOG_OFF: ("log-off", self._log_off),
            wire.STATUS_ENQUIRY: ("status", self._tell_status),
            wire.REPEAT_RECEIPT: ("repeat-receipt", self._repeat),
            wire.END_OF_DAY: ("end-of-day", self._close_day),
            wire.TURNOVER_TOTALS: ("totals", self._tell_totals),
            wire.SEND_OFFLINE: ("send-offline", self._send_offline),
            wire.DIAGNOSIS: ("diagnosis", self._diagnose),
            wire.RESET: ("reset", self._reset),
        }

    def idle(self) -> None:
        """Show that nothing is going on."""
        self._controls.show("Ready", f"Terminal {self._ledger.tid}")

    def handle(self, request: wire.Request) -> None:
        """Carry out one command of the till. Raises Unplugged, and Retry when the cable is gone."""
        if request.is_answer:
            return
        if request.password is not None and request.password != self._password:
            self._till.no(codes.NOT_POSSIBLE)
        elif request.command in CHARGES:
            self._charge(request)
        elif request.command in self._known:
            name, answer = self._known[request.command]
            self._disturbed(self._fates.command(name), lambda: answer(request))
        else:
            self._till.no(codes.NOT_POSSIBLE)

    def _disturbed(self, row: CommandRow | None, answer: Callable[[], None]) -> None:
        """Answer it, or do what the script says instead."""
        match row and CommandFault(row.fault):
            case CommandFault.BUSY:
                self._till.no(codes.PLEASE_WAIT)
            case CommandFault.REFUSED if row is not None:
                self._till.no(row.code)
            case CommandFault.ABORTED if row is not None:
                self._till.yes()
                self._till.tell(wire.abort(row.code))
            case CommandFault.SILENT:
                return
            case CommandFault.LATE_ANSWER:
                self._controls.wait_until_told(self._till.timers.t3_s * 1.2, self._stop)
                answer()
            case CommandFault.COMPLETION_ONLY:
                self._till.yes()
                self._till.tell(wire.completion())
            case CommandFault.HANG_UP:
                self._till.yes()
                raise Unplugged
            case _:
                answer()

    def _register(self, request: wire.Request) -> None:
        if request.currency not in (None, CURRENCY):
            self._till.no(codes.WRONG_CURRENCY)
            return
        self._till.yes()
        self._registered = True
        charset = None if self._own.charset is None else _CHARSETS[self._own.charset]
        self._till.tell(wire.registered(self._ledger.tid, CURRENCY, charset=charset))

    def _log_off(self, _request: wire.Request) -> None:
        self._registered = False
        self._till.yes()

    def _tell_status(self, _request: wire.Request) -> None:
        self._till.yes()
        status = codes.RECONCILIATION_REQUIRED if self._ledger.day_end_required else codes.STATUS_READY
        self._till.tell(wire.ready(VERSION, status))

    def _charge(self, request: wire.Request) -> None:
        """A payment, reversal or refund, along its fate."""
        deal = self._deal(request)
        if deal is None:
            return
        fate = self._fates.take(CHARGES[request.command])
        self._till.device.arm(fate)
        if fate.sale_before:
            self._ledger.sell_by_itself(fate.sale_before)
        try:
            Payment(
                self._till, self._ledger, self._controls, self._habits, self._stop, deal, fate, steps=self._registered
            ).take()
        finally:
            self._till.device.rest()
            if fate.sale_after:
                self._ledger.sell_by_itself(fate.sale_after)
        self.idle()

    def _deal(self, request: wire.Request) -> Deal | None:
        """What is asked for; None when it was refused."""
        if request.currency not in (None, CURRENCY):
            self._till.no(codes.WRONG_CURRENCY)
        elif request.command == wire.REVERSAL:
            return self._taking_back(request)
        elif not request.amount_minor:
            self._till.no(codes.AMOUNT_WRONG)
        elif self._ledger.day_end_required:
            self._till.no(codes.RECONCILIATION_REQUIRED)
        else:
            kind = "refund" if request.command == wire.REFUND else "payment"
            return Deal(
                request.amount_minor,
                CURRENCY,
                request.answer_s,
                lambda deal, offline: self._ledger.authorise(deal.amount, deal.currency, kind, offline=offline),
                lambda entry: self._ledger.settle(entry, "booked"),
            )
        return None

    def _taking_back(self, request: wire.Request) -> Deal | None:
        original = self._ledger.find(request.receipt_no or 0)
        if original is None or original.state != "booked":
            self._not_taken_back(codes.REVERSAL_NOT_POSSIBLE if original is None else codes.ALREADY_REVERSED)
            return None
        if request.amount_minor not in (None, original.amount):
            self._not_taken_back(codes.AMOUNT_WRONG)
            return None
        return Deal(
            original.amount,
            original.currency,
            request.answer_s,
            lambda _deal, _offline: self._ledger.begin_reversal(original),
            lambda entry: self._ledger.finish_reversal(original, entry),
            card=False,
        )

    def _not_taken_back(self, code: int) -> None:
        self._till.yes()
        self._till.tell(wire.declined(code, self._ledger.tid))
        self._till.tell(wire.abort(code))

    def _repeat(self, _request: wire.Request) -> None:
        self._till.yes()
        last = self._ledger.last()
        if last is not None:
            self._till.tell(_told(last, self._ledger.tid))
        self._till.tell(wire.completion())

    def _close_day(self, _request: wire.Request) -> None:
        """Offline approvals are sent in first; the day is closed only when the till has heard the totals."""
        self._till.yes()
        self._controls.show("Closing the day")
        self._ledger.clear_offline(self._own.offline_declined)
        day = self._ledger.day()
        reset = self._own.reset_receipts
        heard = self._till.commit(self._totals(day), lambda: self._ledger.close_day(day, reset_receipts=reset))
        closed = heard is Answer.YES
        self._till.tell(wire.completion() if closed else wire.abort(codes.END_OF_DAY_NOT_POSSIBLE))
        self.idle()

    def _tell_totals(self, _request: wire.Request) -> None:
        self._till.yes()
        self._till.tell(self._totals(self._ledger.day()))
        self._till.tell(wire.completion())

    def _totals(self, day: Day) -> bytes:
        now = self._ledger.now()
        return wire.day_end(
            self._ledger.tid, CURRENCY, now.strftime("%H%M%S"), now.strftime("%m%d"), day.first, day.last,
            _not_below_zero(day.sums),
        )  # fmt: skip

    def _send_offline(self, _request: wire.Request) -> None:
        self._till.yes()
        declined = self._ledger.clear_offline(self._own.offline_declined)
        self._till.tell(wire.abort(_OFFLINE_NOT_CLEARED) if declined else wire.completion())

    def _diagnose(self, _request: wire.Request) -> None:
        self._till.yes()
        if self._registered:
            self._till.tell(wire.intermediate(_DIAGNOSIS_RUNS))
        self._till.tell(wire.completion())

    def _reset(self, _request: wire.Request) -> None:
        self._till.yes()
        self._till.tell(wire.completion())
        self._registered = False


def _told(entry: Entry, tid: str) -> bytes:
    """A line of the books as `06 20` tells it; one that was declined is told as the bank's no."""
    if entry.state == "declined":
        return wire.declined(_DECLINED_BY_BANK, tid)
    return wire.status_information(entry.booking(tid))


def _not_below_zero(sums: Sequence[tuple[str, int, int]]) -> list[tuple[str, int, int]]:
    """The same in all, as far as it can be told: BMP 60 has no sign, so what one scheme gave back others bear."""
    owed = -sum(minor for _, _, minor in sums if minor < 0)
    told = []
    for scheme, count, minor in sums:
        borne = min(owed, max(0, minor))
        owed -= borne
        told.append((scheme, count, max(0, minor) - borne))
    return told
