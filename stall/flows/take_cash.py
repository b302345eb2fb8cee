"""Take what has no terminal: cash, a gift of the house, a free take. One transaction, one event."""

from __future__ import annotations

from dataclasses import dataclass

from stall.domain import sale as sums
from stall.domain.payment import State, Tender
from stall.errors import Refused
from stall.flows.authority import check_delegated
from stall.flows.begin_payment import attempt_body, begin_payment, earlier_press
from stall.flows.fill_basket import Wish, find_item, new_basket
from stall.flows.hold_numbers import hold_numbers
from stall.flows.settle import finish_sale, paid_so_far, settle, settle_or_keep_hold
from stall.store import attempts, goods, presses
from stall.store.db import Tx
from stall.store.sales import Sale


@dataclass(frozen=True, slots=True)
class Taken:
    """What the till shows next: the attempt and the change to hand back, in minor units."""

    attempt: int
    change_minor: int


def take_cash(tx: Tx, sale_no: int, ordinal: int, given_minor: int) -> Taken:
    """Take cash for what is still due. A second press of the same button returns the first answer.

    Raises Refused `cash-short` and what `begin_payment` raises.
    """
    first = earlier_press(tx, sale_no, ordinal)
    if first is not None:
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

    Raises Refused as `begin_payment` does, and `comp-part-paid` when money was taken already.
    """
    first = earlier_press(tx, sale_no, ordinal)
    if first is not None:
        return Taken(first.no, 0)
    sale = begin_payment(tx, sale_no)
    if paid_so_far(tx, sale_no):
        raise Refused("comp-part-paid", "Part of this sale is paid already. Give that back first.")
    tx.conn.execute("UPDATE lines SET minor = 0 WHERE id >= ? << 8 AND id < (? + 1) << 8", (sale_no, sale_no))
    tx.conn.execute("UPDATE sales SET total_minor = 0 WHERE no = ?", (sale_no,))
    return _free(tx, sale, decided_by)


def take_free(tx: Tx, wish: Wish, key: bytes, vat_bp: int) -> int:
    """Let a buyer take a drop that costs nothing; return the sale. The same key returns the same sale.

    Raises Refused `drop-not-free`, `press-malformed`, and what filling a basket raises.
    """
    press = presses.bind("take", wish.drop_id, key)
    earlier = presses.first(tx, press)
    if earlier is not None:
        return earlier
    item = find_item(tx, wish)
    if item.price_minor != 0:
        raise Refused("drop-not-free", "This item is not free. Pay for it at the stall.")
    sale = new_basket(tx, [(wish, item)], origin="take", vat_bp=vat_bp)
    check_delegated(tx, item, sale.cur)
    hold_numbers(tx, sale, goods.of_sale(tx.conn, sale.no))
    _free(tx, sale, None)
    presses.remember(tx, press, sale.no)
    return sale.no


def _free(tx: Tx, sale: Sale, decided_by: str | None) -> Taken:
    """One free tender, which is all there is to pay."""
    attempt = attempts.add(
        tx,
        sale=sale.no,
        kind="pay",
        tender=Tender.COMP,
        state=State.PAID,
        amount_minor=0,
        cur=sale.cur,
        decided_by=decided_by,
    )
    settle(tx, sale, [attempt], kind="sale", body=attempt_body(attempt))
    return Taken(attempt.no, 0)
