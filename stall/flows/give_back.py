"""Give a card payment back on the reader that took it: taken back in the terminal's open day, refunded after it.

An attempt of its own (`of` the one it undoes) that goes through the same states and is never sent twice; the original
stays paid. What the terminal then does is flows.card_attempt.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from stall.domain.payment import Kind, Settlement, State, Tender
from stall.errors import Refused
from stall.flows.begin_payment import attempt_body, earlier_press
from stall.flows.begin_return import check_voucher
from stall.flows.hold_numbers import end_hold_later
from stall.flows.part_payment import due_of, to_give
from stall.flows.pay_back import begin_payout, is_of, no_such_way
from stall.flows.settle import settle_or_keep_hold
from stall.flows.void_sale import void_sale
from stall.store import attempts, readers, returns, sales
from stall.store.attempts import Attempt
from stall.store.db import Tx
from stall.store.schema import line_id


def ask_back(tx: Tx, attempt_no: int, ordinal: int, kind: Kind, decided_by: str) -> int:
    """Ask the reader of a paid attempt to give its money back; return the new attempt. A second press returns the first.

    `kind` is one of `ways`. The caller checked the PIN. Raises Refused `attempt-unknown`, `back-not-paid`,
    `back-already`, `back-declined`, `back-mixed`, `back-part`, `back-way`, `payment-open`, `reader-busy`.
    """
    of = attempts.get(tx.conn, attempt_no)
    first = earlier_press(tx, of.sale, ordinal)
    if first is not None:
        return first.no
    tried = attempts.of_sale(tx.conn, of.sale)
    _check_may_go_back(tx, of, tried)
    if kind not in ways(tx.conn, of):
        raise _not_that_way()
    attempt = attempts.add(
        tx, sale=of.sale, kind=kind, of=of.no, tender=Tender.CARD, state=State.REQUESTED, amount_minor=of.amount_minor,
        cur=of.cur, reader=of.reader, decided_by=decided_by,
    )  # fmt: skip
    tx.append("attempt", attempt_body(attempt))
    return attempt.no


def ask_part_back(tx: Tx, sale_no: int, of_no: int, ordinal: int, kind: Kind, decided_by: str) -> int:
    """Ask the reader of a card payment to hand out what is owed of a return, as far as that payment goes; return the attempt.

    It is taken back whole or refunded in part. A second press returns the first. Raises Refused `refund-way`, `back-declined`,
    `back-way`, `reader-busy`, `refund-nothing-due`, and what `begin_payment` raises.
    """
    first = earlier_press(tx, sale_no, ordinal)
    if first is not None:
        return first.no
    of = attempts.get(tx.conn, of_no)
    sale = begin_payout(tx, sale_no)
    owed, left = -due_of(tx, sale), returns.left_of(tx.conn, of)
    minor = to_give(tx, sale, min(owed, left)) if left > 0 else 0
    if of.tender != Tender.CARD or minor <= 0 or not is_of(tx, sale, of):
        raise no_such_way()
    _check_not_refused(of)
    if kind not in ways(tx.conn, of) or (kind is Kind.REVERSE and minor != of.amount_minor):
        raise _not_that_way()
    _check_reader_free(tx, of)
    attempt = attempts.add(
        tx, sale=sale.no, kind=kind, of=of.no, tender=Tender.CARD, state=State.REQUESTED, amount_minor=minor,
        cur=of.cur, reader=of.reader, decided_by=decided_by,
    )  # fmt: skip
    tx.append("attempt", attempt_body(attempt))
    return attempt.no


def ways(conn: sqlite3.Connection, of: Attempt) -> tuple[Kind, ...]:
    """How the terminal could give a payment back now, the better way first: its fees are lower, and it needs no card.

    It takes back payments of its open day only.
    """
    state = None if of.reader is None else readers.find(conn, of.reader)
    if state is None:
        return ()
    reversible = of.receipt_no is not None and of.tid == state.tid and not attempts.day_closed_since(conn, of.no)
    return tuple(
        kind for kind in (Kind.REVERSE, Kind.REFUND) if kind in state.can and (kind is Kind.REFUND or reversible)
    )


def finish_back(tx: Tx, back: Attempt, body: Mapping[str, object]) -> None:
    """The money is back: a paid sale is void with it; a return goes on with it; a basket paid in part without that part."""
    sale = sales.get(tx.conn, back.sale)
    if sale.state == "paid":
        void_sale(tx, sale, back, body)
        return
    if sale.ref_sale is not None and attempts.get(tx.conn, back.of or 0).sale != sale.no:
        settle_or_keep_hold(tx, back, kind="attempt", body=dict(body))
        return
    tx.append("attempt", dict(body))
    end_hold_later(tx, back.sale)


def _check_may_go_back(tx: Tx, of: Attempt, tried: list[Attempt]) -> None:
    if of.tender != Tender.CARD or of.kind != Kind.PAY or of.state is not State.PAID:
        raise Refused(
            "back-not-paid", "Only a card payment that was taken can be given back by card. Look at the sale."
        )
    if any(one.of == of.no and one.state is State.PAID for one in tried):
        raise Refused("back-already", "This payment was given back already. Give nothing back twice.")
    _check_not_refused(of)
    if any(one.open for one in tried):
        raise Refused("payment-open", "A payment for this sale is running. Wait for it or cancel it first.")
    if sales.get(tx.conn, of.sale).state == "paid":
        if len(attempts.kept(tried)) > 1:
            raise Refused(
                "back-mixed",
                "This sale was paid in several parts. Give each part back by its own way, or all of it in cash.",
            )
        check_whole(tx, of.sale)
    _check_reader_free(tx, of)


def check_whole(tx: Tx, sale_no: int) -> None:
    """Check that a whole sale can be taken back by one void: nothing of it came back before. Raises Refused `back-part`, `return-voucher-spent`."""
    lines = sales.lines(tx.conn, sale_no)
    if returns.of_sale(tx.conn, sale_no) or any(line.minor < 0 or line.of_line is not None for line in lines):
        raise Refused("back-part", "Something of this sale came back already. Give back what is left, line by line.")
    for line in lines:
        check_voucher(tx, line, line_id(sale_no, line.n))


def _check_not_refused(of: Attempt) -> None:
    if of.settlement == Settlement.DECLINED_LATE:
        raise Refused("back-declined", "The bank refused this payment later, so there is no money of it to give back.")


def _check_reader_free(tx: Tx, of: Attempt) -> None:
    if attempts.open_on_reader(tx.conn, of.reader or 0):
        raise Refused("reader-busy", "The card reader is busy with another payment. Wait for it, or give cash.")


def _not_that_way() -> Refused:
    return Refused(
        "back-way", "The card terminal cannot give this payment back that way. Choose another, or give cash."
    )
