"""Drive one attempt, a payment or its way back: journal each step around what the terminal says, in the only safe order.

`sent` is journaled before the first byte leaves, the approval before it is acknowledged, `paid` only
when the acknowledgement is certainly out. Everything else ends declined, reversed or unknown.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable

from stall.domain.at_risk import USUAL, Caps
from stall.domain.payment import Kind, Reason, State
from stall.errors import Broken, LocalWireError, Refused, Retry, StallError
from stall.flows import card_attempt
from stall.reader.driver import Driver, Exchange
from stall.reader.events import (
    Aborted,
    Approval,
    Completed,
    Event,
    Intermediate,
    Lost,
    NotApproved,
    NotStarted,
    Reversed,
    Started,
    Unreadable,
)
from stall.reader.told import Told
from stall.store import attempts, readers
from stall.store.attempts import Attempt
from stall.store.db import Database, Tx


class Payment:
    """One attempt on its way through the terminal."""

    def __init__(self, db: Database, terminal: Driver, attempt: Attempt, caps: Caps = USUAL) -> None:
        """Nothing happens until `run`."""
        self._db, self._caps = db, caps
        self._terminal = terminal
        self._no = attempt.no
        self._attempt = attempt
        self._exchange: Exchange | None = None
        self._unheard: frozenset[int] = frozenset()
        self._lock = threading.Lock()
        self._started = self._abort_wanted = self._abort_asked = False
        self._shown = self._said = ""
        self._back_before = self._denied = False

    @property
    def attempt_no(self) -> int:
        """The attempt this payment belongs to."""
        return self._no

    def run(self) -> Attempt:
        """Send the attempt and follow it to its end; return it as it is then.

        Returns at once when it may not be sent any more.
        """
        with self._db.transaction() as tx:
            able = self._attempt.kind == Kind.PAY or self._attempt.kind in abilities(self._terminal)
            self._attempt = card_attempt.send(tx, self._no) if able else _unable(tx, self._no)
            self._unheard = self._answers_still_out(tx)
        if self._attempt.state is not State.SENT:
            return self._attempt
        try:
            self._exchange = self._ask()
        except LocalWireError:  # the protocol has no words for it, so no byte left
            self._step(card_attempt.decline, Reason.REFUSED_BY_TERMINAL)
            return self._attempt
        for event in self._exchange.events():
            self._handle(event)
        return self._attempt

    def _answers_still_out(self, tx: Tx) -> frozenset[int]:
        """Earlier attempts whose answer may still come, where the protocol cannot tell it from ours."""
        late_ms = round(self._terminal.late_s * 1000)
        return attempts.decided_lately(tx, self._attempt.reader or 0, late_ms) if late_ms else frozenset()

    def _ask(self) -> Exchange:
        """The first byte leaves here."""
        own = self._attempt
        if own.kind == Kind.PAY:
            return self._terminal.pay(own.amount_minor, own.cur, own.no, self._unheard)
        if own.kind == Kind.REFUND:
            return self._terminal.refund(own.amount_minor, own.cur, own.no, self._unheard)
        of = attempts.get(self._db.read(), own.of or 0)
        return self._terminal.reverse(of.receipt_no or 0, own.amount_minor, own.cur)

    def abort(self) -> None:
        """Ask the terminal to stop, once, from any thread.

        A wish that comes before the terminal has taken the command waits for that: its answer to the
        abort could be read as its answer to the payment.
        """
        self._abort_wanted = True
        self._pass_on_abort()

    def _pass_on_abort(self) -> None:
        with self._lock:
            due = self._started and self._abort_wanted and not self._abort_asked
            self._abort_asked |= due
        if due:
            self._running.abort()

    def _handle(self, event: Event) -> None:
        match event:
            case Started():
                self._started = True
                self._pass_on_abort()
            case Intermediate(_, words):
                self._show(words)
            case NotApproved(_, words, back_before):
                self._denied = True
                self._back_before |= back_before
                self._said = words
                self._show(words)
            case Approval(told):
                self._approval(told)
            case Unreadable():
                self._refused(Reason.CONTRADICTION)
            case Reversed():
                self._taken_back()
            case NotStarted(_, words, back_before):
                self._back_before |= back_before
                self._said = words
                self._ended_without_approval(Reason.REFUSED_BY_TERMINAL)
            case Completed():
                self._over(None)
            case Aborted():
                self._over(event)
            case Lost():
                self._lost()

    def _show(self, words: str) -> None:
        """What the terminal shows is a courtesy: that it cannot be written must not break off a payment.

        The same words again are not written again: a terminal repeats itself every few seconds.
        """
        if words == self._shown:
            return
        self._shown = words
        with contextlib.suppress(Retry, Broken), self._db.transaction() as tx:
            attempts.show(tx, self._no, words)

    def _approval(self, told: Told) -> None:
        """Transaction A, the answer, transaction B."""
        if self._attempt.state is not State.SENT:
            self._contradiction("The terminal approved the same payment a second time.")
            return
        refusal = self._reason_to_refuse(told) or self._journal_approval(told)
        if refusal is not None:
            self._running.refuse()
            self._refused(refusal)
            return
        try:
            acknowledged = self._running.accept()
        except Refused:  # journaled too late; the terminal was told to take the payment back
            self._refused(Reason.COMMIT_LATE)
            return
        if acknowledged.certain():
            with self._db.transaction() as tx:
                self._attempt = card_attempt.pay(tx, self._no)
        else:
            self._step(card_attempt.doubt, Reason.READER_LOST)

    def _reason_to_refuse(self, told: Told) -> Reason | None:
        if told.amount_minor != self._attempt.amount_minor or told.currency not in {self._attempt.cur, None}:
            return Reason.CONTRADICTION
        return Reason.CONTRADICTION if self._names_another(told) else None

    def _names_another(self, told: Told) -> bool:
        """A payment is taken back on the terminal that took it, which names it by its trace number (BMP 37)."""
        if self._attempt.kind != Kind.REVERSE:
            return False
        of = attempts.get(self._db.read(), self._attempt.of or 0)
        return (told.tid, told.original_trace) != (of.tid, of.trace)

    def _journal_approval(self, told: Told) -> Reason | None:
        try:
            with self._db.transaction() as tx:
                self._attempt = card_attempt.approve(tx, self._no, told.facts(self._attempt.amount_minor), self._caps)
        except Refused:
            return Reason.CAPS
        except StallError:
            self._running.refuse()  # nothing is journaled, so nothing may be charged; the restart asks the terminal
            raise
        return None

    def _refused(self, reason: Reason) -> None:
        """The terminal was told no and says itself when the money is back; where it hears no no, a person decides."""
        if self._attempt.state in {State.SENT, State.APPROVED}:
            self._step(card_attempt.begin_reversal if self._terminal.refusable else card_attempt.doubt, reason)
        elif self._attempt.state is State.PAID:
            self._contradiction("After the payment was paid the terminal said something unclear and was told no.")

    def _taken_back(self) -> None:
        match self._attempt.state:
            case State.REVERSING:
                self._reversed()
            case State.APPROVED:
                self._step(card_attempt.doubt, Reason.CONTRADICTION)
            case State.PAID:
                self._contradiction("The terminal took back a payment that was already paid.")

    def _over(self, aborted: Aborted | None) -> None:
        """The transaction ended: a payment not approved by now is declined, one we refused is reversed.

        A terminal that says it is done and never with what result may have charged: it is asked.
        """
        match self._attempt.state:
            case State.SENT if aborted is None and not self._denied:
                self._step(card_attempt.doubt, Reason.CONTRADICTION)
            case State.SENT:
                cancelled = aborted is not None and aborted.cancelled
                self._said = self._said or ("" if aborted is None or cancelled else aborted.words)
                self._ended_without_approval(Reason.CANCELLED if cancelled else Reason.DECLINED)
            case State.REVERSING if aborted is None or aborted.not_reversed:
                self._step(card_attempt.doubt, Reason.CONTRADICTION)
            case State.REVERSING:
                self._reversed()
            case State.PAID if aborted is not None:
                self._contradiction("The terminal aborted after the payment was paid.")

    def _ended_without_approval(self, reason: Reason) -> None:
        """No money moved now. That it is back already is for a person to see on the terminal's papers."""
        if self._back_before:
            self._step(card_attempt.doubt, Reason.CONTRADICTION)
        else:
            with self._db.transaction() as tx:
                self._attempt = card_attempt.decline(tx, self._no, reason, self._said)

    def _lost(self) -> None:
        if self._attempt.state in {State.SENT, State.APPROVED, State.REVERSING}:
            self._step(card_attempt.doubt, Reason.READER_LOST)

    def _step(self, flow: Callable[[Tx, int, Reason], Attempt], reason: Reason) -> None:
        with self._db.transaction() as tx:
            self._attempt = flow(tx, self._no, reason)

    def _reversed(self) -> None:
        with self._db.transaction() as tx:
            self._attempt = card_attempt.reversed_(tx, self._no)

    def _contradiction(self, sentence: str) -> None:
        with self._db.transaction() as tx:
            card_attempt.note_contradiction(tx, self._no, sentence)

    @property
    def _running(self) -> Exchange:
        if self._exchange is None:
            raise RuntimeError("an event before the exchange began")
        return self._exchange


def abilities(terminal: Driver) -> frozenset[str]:
    """What a terminal can do besides payments, and that it cannot be asked about one, in the words of the readers' table."""
    can = {
        Kind.REVERSE.value: terminal.can_reverse,
        Kind.REFUND.value: terminal.can_refund,
        "day_end": terminal.can_close_day,
        "diagnosis": terminal.can_diagnose,
        "print_again": terminal.can_print_again,
        readers.NOT_ASKED: not terminal.profile.can_repeat,
    }
    return frozenset(name for name, able in can.items() if able)


def _unable(tx: Tx, no: int) -> Attempt:
    """Another terminal was plugged in since it was asked for."""
    return card_attempt.not_sent(tx, no, Reason.REFUSED_BY_TERMINAL)
