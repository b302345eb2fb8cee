"""Take what has no terminal: cash, a gift of the house. One transaction, one event."""

from __future__ import annotations

from dataclasses import dataclass

from stall.domain import sale as sums
from stall.domain.payment import State, Tender
from stall.errors import Refused
from stall.flows.begin_payment import attempt_body, begin_payment, earlier_press
from stall.flows.settle import finish_sale, paid_so_far, settle, settle_or_keep_hold
from stall.store import attempts
from stall.store.attempts import Attempt
from stall.store.db import Tx
from stall.store.sales import Sale


@dataclass(frozen=True, slots=True)
class Taken:
    """What the till shows next: the attempt and the change to hand back, in minor units."""

    attempt: int
    change_minor: int


def take_cash(tx: Tx, sale_no: int, ordinal: int, given_minor: int) -> Taken:
    """Take cash for what is still due. A second press of the same button returns the first answer.

    Raises Refused `cash-short`, `payment-between` and what `begin_payment` raises.
    """
    first = earlier_press(tx, sale_no, ordinal)
    if first is not None:
        if first.tender != Tender.CASH and (first.tender != Tender.COMP or first.decided_by is not None):
            raise Refused(
                "payment-between",
                "Another payment of this sale was tried meanwhile, so no cash was recorded. If it is still to pay,"
                " press Cash again; if it is paid, hand the cash back.",
            )
        return Taken(first.no, (first.given_minor or first.amount_minor) - first.amount_minor)
    sale = begin_payment(tx, sale_no)
    due = sale.total_minor - paid_so_far(tx, sale_no)
    if due == 0:
        paid = finish_sale(tx, sale)  # paid before, in an epoch that could not finish it
        if paid:
            return Taken(paid[-1].no, 0)
        return _free(tx, sale, None)  # zero to pay is one free tender, whatever button was pressed
    change = sums.change(due, given_minor, sale.cur)
    attempt = attempts.add(
        tx,
        sale=sale_no,
        kind="pay",
        tender=Tender.CASH,
        state=State.PAID,
        amount_minor=due,
        cur=sale.cur,
        given_minor=given_minor,
    )
    settle_or_keep_hold(tx, attempt, kind="sale", body=attempt_body(attempt))
    return Taken(attempt.no, change)


def take_comp(tx: Tx, sale_no: int, ordinal: int, decided_by: str) -> Taken:
    """Give a sale away: the lines become free and the receipt says so. The caller has checked the PIN.

    Raises Refused as `begin_payment` does, `payment-between`, and `comp-part-paid` when money was taken already.
    """
    first = earlier_press(tx, sale_no, ordinal)
    if first is not None:
        if first.tender != Tender.COMP:
            raise Refused(
                "payment-between",
                "Another payment of this sale was tried meanwhile, so it was not given free. Look at how it stands, then press again.",
            )
        return Taken(first.no, 0)
    sale = begin_payment(tx, sale_no)
    if paid_so_far(tx, sale_no):
        raise Refused("comp-part-paid", "Part of this sale is paid already. Give that back first.")
    tx.conn.execute("UPDATE lines SET minor = 0 WHERE id >= ? << 8 AND id < (? + 1) << 8", (sale_no, sale_no))
    tx.conn.execute("UPDATE sales SET total_minor = 0 WHERE no = ?", (sale_no,))
    return _free(tx, sale, decided_by)


def _free(tx: Tx, sale: Sale, decided_by: str | None) -> Taken:
    """Settle a sale that costs nothing with one free tender."""
    attempt = _free_tender(tx, sale.no, sale.cur, decided_by)
    settle(tx, sale, [attempt], kind="sale", body=attempt_body(attempt))
    return Taken(attempt.no, 0)


def _free_tender(tx: Tx, sale: int, cur: str, decided_by: str | None) -> Attempt:
    return attempts.add(
        tx, sale=sale, kind="pay", tender=Tender.COMP, state=State.PAID, amount_minor=0, cur=cur, decided_by=decided_by
    )
