"""What to believe of a payment whose outcome nobody heard: ask the terminal, compare, decide or leave it.

The rule is design 6.6: it counts as paid only if terminal, amount and currency are ours, the result
is 00, it is no reversal, and the receipt number is the journaled one or, if none was journaled, the
one after the baseline. Whatever is left open, a person decides.
"""

from __future__ import annotations

from enum import StrEnum

from stall.domain import money
from stall.domain.payment import Kind, Reason, State
from stall.flows import card_attempt
from stall.reader.driver import Driver
from stall.reader.told import DayTotal, Told
from stall.store import attempts, readers
from stall.store.attempts import Attempt
from stall.store.db import Database

#: Receipt numbers have four decimal digits and wrap to 0 or to 1, by make.
_HIGHEST_RECEIPT = 9999

WORDS_FOR_OPERATOR = "The terminal cannot say. Look at its slips, then decide here."


class Finding(StrEnum):
    """What the terminal's last transaction says of an attempt."""

    PAID = "paid"
    REVERSED = "reversed"
    NOT_FOUND = "not_found"
    UNCLEAR = "unclear"
    STANDS_ALONE = "stands_alone"
    """It is ours and went through, by the word of a terminal that may have taken it back since."""


def judge(attempt: Attempt, told: Told | None, *, reverses_by_itself: bool, undone_trace: int | None = None) -> Finding:
    """Compare the terminal's last transaction with an attempt. Pure.

    A terminal that may reverse by itself can still say that there was no payment or that it was
    taken back, never by this alone that it stands. A reversal must name the payment it was to undo
    by its trace number, `undone_trace`: one that was itself taken back speaks of another or of itself.
    """
    if told is None or told.receipt_no is None or told.tid is None:
        return Finding.UNCLEAR
    before = attempt.receipt_no is None and (told.tid, told.receipt_no, told.mark) == (
        attempt.baseline_tid,
        attempt.baseline_receipt,
        attempt.baseline_mark,
    )
    if before and not (attempt.kind == Kind.REVERSE and told.taken_back):  # some give a reversal no number of its own
        return Finding.NOT_FOUND
    ours = (
        told.approved
        and told.tid == (attempt.tid or attempt.baseline_tid)
        and told.amount_minor == attempt.amount_minor
        and told.currency in {attempt.cur, None}
        and told.receipt_no in _expected_receipts(attempt)
    )
    if not ours or told.taken_back != (attempt.kind == Kind.REVERSE):
        return Finding.REVERSED if ours and attempt.kind == Kind.PAY else Finding.UNCLEAR
    if attempt.kind == Kind.REVERSE and (told.original_trace is None or told.original_trace != undone_trace):
        return Finding.UNCLEAR
    return Finding.STANDS_ALONE if reverses_by_itself else Finding.PAID


def weigh(attempt: Attempt, total: DayTotal | None, expected: tuple[str | None, int] | None) -> Finding:
    """Compare the terminal's total of its open day with what it should be, to see whether an attempt is in it. Pure.

    `expected`: the terminal, and what it told before the attempt with our payments since (readers.expected_total). Only the
    till can start payments (ZVT config 10), so whatever is more or less than both answers is for a person.
    """
    if (
        total is None
        or expected is None
        or total.currency not in {attempt.cur, None}
        or total.tid not in {expected[0], None}
    ):
        return Finding.UNCLEAR
    ours_minor = expected[1]
    signed = attempt.amount_minor if attempt.kind == Kind.PAY else -attempt.amount_minor
    if total.total_minor == ours_minor + signed:
        return Finding.PAID
    if total.total_minor == ours_minor:
        return Finding.REVERSED if attempt.kind == Kind.PAY else Finding.NOT_FOUND
    return Finding.UNCLEAR


def resolve(db: Database, terminal: Driver, attempt: Attempt) -> Attempt:
    """Ask the terminal about an unknown attempt and close it if the answer is clear.

    Blocks while the terminal is busy with jobs of its own. Raises Retry when it cannot be asked
    now; the attempt stays unknown.
    """
    terminal.register(attempt.cur)
    told = terminal.last_payment()
    undone = None if attempt.of is None else attempts.get(db.read(), attempt.of).trace
    finding = judge(attempt, told, reverses_by_itself=terminal.profile.reverses_by_itself, undone_trace=undone)
    if finding is Finding.STANDS_ALONE:
        finding = weigh(attempt, terminal.totals(), readers.expected_total(db.read(), attempt.reader or 0))
    with db.transaction() as tx:
        now = attempts.get(tx.conn, attempt.no)
        if now.state is not State.UNKNOWN:  # a person decided while we asked
            return now
        if finding is Finding.PAID and told is not None:
            return card_attempt.pay_after_query(tx, attempt.no, told.facts(attempt.amount_minor))
        if finding is Finding.REVERSED:
            return card_attempt.reversed_(tx, attempt.no)
        if finding is Finding.NOT_FOUND:
            return card_attempt.decline(tx, attempt.no, Reason.NOT_FOUND)
        attempts.show(tx, attempt.no, words_for_operator(told))
        return attempts.get(tx.conn, attempt.no)


def words_for_operator(told: Told | None) -> str:
    """What to do with a payment left open; with what a terminal said of it too late, where it names no receipt to compare."""
    if told is None or told.amount_minor is None or told.currency is None or told.receipt_no is not None:
        return WORDS_FOR_OPERATOR
    said = "accepted" if told.approved else "not paid"
    sum_ = money.text(told.amount_minor, told.currency)
    return f"The terminal says now: {said}, {sum_}. Compare with its slip, then decide here."


def said_otherwise(ended: Attempt) -> str:
    """What to do where a terminal's late answer contradicts what a person decided."""
    sum_, sale, done = money.text(ended.amount_minor, ended.cur), f"sale {ended.sale}", ended.state is State.PAID
    said, then = {
        (True, True): (f"did not take {sum_} for {sale}", "that money is missing"),
        (True, False): (f"took {sum_} for {sale}", "give the money back"),
        (False, True): (f"did not give {sum_} of {sale} back", "the buyer still has to get it"),
        (False, False): (f"gave {sum_} of {sale} back", "do not give it back again"),
    }[ended.kind == Kind.PAY, done]
    return f"The terminal said afterwards that it {said}. Look at its slips; if so, {then}."


def _expected_receipts(attempt: Attempt) -> set[int]:
    if attempt.receipt_no is not None:
        return {attempt.receipt_no}
    if attempt.baseline_receipt is None:
        return set()
    following = attempt.baseline_receipt + 1
    return {following} if following <= _HIGHEST_RECEIPT else {0, 1}
