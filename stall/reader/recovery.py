"""What to believe of a payment whose outcome nobody heard: ask the terminal, compare, decide or leave it.

The rule is design 6.6: it counts as paid only if terminal, amount and currency are ours, the result
is 00, it is no reversal, and the receipt number is the journaled one or, if none was journaled, the
one after the baseline. Whatever is left open, a person decides.
"""

from __future__ import annotations

from enum import StrEnum

from stall.domain.payment import Reason, State
from stall.flows import card_attempt
from stall.reader.driver import Driver
from stall.reader.told import Told
from stall.store import attempts
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


def judge(attempt: Attempt, told: Told | None, *, reverses_by_itself: bool) -> Finding:
    """Compare the terminal's last transaction with an attempt. Pure.

    A terminal that may reverse by itself can still say that there was no payment or that it was
    taken back, never that it stands.
    """
    if told is None or told.receipt_no is None or told.tid is None:
        return Finding.UNCLEAR
    if attempt.receipt_no is None and (told.tid, told.receipt_no) == (attempt.baseline_tid, attempt.baseline_receipt):
        return Finding.NOT_FOUND
    ours = (
        told.approved
        and told.tid == (attempt.tid or attempt.baseline_tid)
        and told.amount_minor == attempt.amount_minor
        and told.currency in {attempt.cur, None}
        and told.receipt_no in _expected_receipts(attempt)
    )
    if ours and told.taken_back:
        return Finding.REVERSED
    return Finding.PAID if ours and not reverses_by_itself else Finding.UNCLEAR


def resolve(db: Database, terminal: Driver, attempt: Attempt) -> Attempt:
    """Ask the terminal about an unknown attempt and close it if the answer is clear.

    Blocks while the terminal is busy with jobs of its own. Raises Retry when it cannot be asked
    now; the attempt stays unknown.
    """
    terminal.register(attempt.cur)
    told = terminal.last_payment()
    finding = judge(attempt, told, reverses_by_itself=terminal.profile.reverses_by_itself)
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
        attempts.show(tx, attempt.no, WORDS_FOR_OPERATOR)
        return attempts.get(tx.conn, attempt.no)


def _expected_receipts(attempt: Attempt) -> set[int]:
    if attempt.receipt_no is not None:
        return {attempt.receipt_no}
    if attempt.baseline_receipt is None:
        return set()
    following = attempt.baseline_receipt + 1
    return {following} if following <= _HIGHEST_RECEIPT else {0, 1}
