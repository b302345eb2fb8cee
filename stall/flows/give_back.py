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
from stall.flows.hold_numbers import end_hold_later
from stall.flows.void_sale import void_sale
from stall.store import attempts, readers, sales
from stall.store.attempts import Attempt
from stall.store.db import Tx


def ask_back(tx: Tx, attempt_no: int, ordinal: int, kind: Kind, decided_by: str) -> int:
    """Ask the reader of a paid attempt to give its money back; return the new attempt. A second press returns the first.

    `kind` is one of `ways`. The caller checked the PIN. Raises Refused `attempt-unknown`, `back-not-paid`,
    `back-already`, `back-declined`, `back-mixed`, `back-way`, `payment-open`, `reader-busy`.
    """
    of = attempts.get(tx.conn, attempt_no)
    first = earlier_press(tx, of.sale, ordinal)
    if first is not None:
        return first.no
    tried = attempts.of_sale(tx.conn, of.sale)
    _check_may_go_back(tx, of, tried)
    if kind not in ways(tx.conn, of):
        raise Refused(
            "back-way", "The card terminal cannot give this payment back that way. Choose another, or give cash."
        )
    attempt = attempts.add(
        tx, sale=of.sale, kind=kind, of=of.no, tender=Tender.CARD, state=State.REQUESTED, amount_minor=of.amount_minor,
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
    """The money is back: a paid sale is void with it; a basket paid in part goes on without that part."""
    sale = sales.get(tx.conn, back.sale)
    if sale.state == "paid":
        void_sale(tx, sale, back, body)
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
    if of.settlement == Settlement.DECLINED_LATE:
        raise Refused("back-declined", "The bank refused this payment later, so there is no money of it to give back.")
    if any(one.open for one in tried):
        raise Refused("payment-open", "A payment for this sale is running. Wait for it or cancel it first.")
    if sales.get(tx.conn, of.sale).state == "paid" and len(attempts.kept(tried)) > 1:
        raise Refused(
            "back-mixed", "This sale was paid in several parts. Give the money back in cash, against the receipt."
        )
    if attempts.open_on_reader(tx.conn, of.reader or 0):
        raise Refused("reader-busy", "The card reader is busy with another payment. Wait for it, or give cash.")
