"""Take what has no terminal: cash, a gift of the house. One transaction, one event."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from stall.domain import money
from stall.domain import sale as sums
from stall.domain.payment import Kind, State, Tender
from stall.domain.product import is_voucher
from stall.errors import Refused
from stall.flows.begin_payment import attempt_body, begin_payment, earlier_press
from stall.flows.part_payment import due_of, to_take
from stall.flows.settle import finish_sale, paid_so_far, settle, settle_or_keep_hold
from stall.store import attempts, goods
from stall.store.attempts import Attempt
from stall.store.db import Tx
from stall.store.sales import Sale


@dataclass(frozen=True, slots=True)
class Taken:
    """What the till shows next: the attempt and the change to hand back, in minor units."""

    attempt: int
    change_minor: int


def take_cash(
    tx: Tx, sale_no: int, ordinal: int, given_minor: int, *, part_minor: int | None = None, step: int = 0
) -> Taken:
    """Take cash for what is still due, or for a part of it. A second press of the same button returns the first answer.

    What completes the sale is rounded to coins of `step` minor units (0: not at all), which the receipt says. Where the stall
    owes the buyer, as for deposits that come back, the cash goes out, whatever was given.
    Raises Refused `cash-short`, `payment-between`, `refund-asks-pin`, what `to_take` raises and what `begin_payment` raises.
    """
    first = earlier_press(tx, sale_no, ordinal)
    if first is not None:
        free = first.tender == Tender.COMP and first.decided_by is None
        if first.of is not None or (first.tender != Tender.CASH and not free):
            raise Refused(
                "payment-between",
                "Another payment of this sale was tried meanwhile, so no cash was recorded. If it is still to pay,"
                " press Cash again; if it is paid, hand the cash back.",
            )
        return Taken(first.no, (first.given_minor or first.amount_minor) - first.amount_minor)
    sale = begin_payment(tx, sale_no)
    due = due_of(tx, sale)
    if due == 0:
        paid = finish_sale(tx, sale)  # paid before, in an epoch that could not finish it
        if paid:
            return Taken(paid[-1].no, 0)
        return _free(tx, sale, None)  # zero to pay is one free tender, whatever button was pressed
    if part_minor is None or part_minor == due:
        exact, due = due, cash_due(due, step)
        round_sale(tx, sale_no, due - exact)
    else:
        due = to_take(tx, sale, part_minor)
    if due < 0 and sale.ref_sale is not None:
        raise Refused("refund-asks-pin", "Money of a sale that comes back is handed out with the PIN. Open its page.")
    if due < 0:
        return _pay_out(tx, sale, -due)
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


def cash_due(due_minor: int, step: int) -> int:
    """What cash is to be handed over for what is due (minor units): rounded to coins, but never to nothing."""
    return money.rounded(due_minor, step) or due_minor


def round_sale(tx: Tx, sale: int, added: int) -> None:
    """Make the sale one that cash can pay: what rounding adds stands in its own row and on the receipt."""
    if added:
        tx.conn.execute(
            "UPDATE sales SET round_minor = round_minor + ?1, total_minor = total_minor + ?1 WHERE no = ?2",
            (added, sale),
        )


def _pay_out(tx: Tx, sale: Sale, minor: int) -> Taken:
    """Hand cash to the buyer: an attempt of its own that undoes no payment."""
    attempt = attempts.add(
        tx, sale=sale.no, kind=Kind.REFUND, tender=Tender.CASH, state=State.PAID, amount_minor=minor, cur=sale.cur
    )
    settle_or_keep_hold(tx, attempt, kind="sale", body=attempt_body(attempt))
    return Taken(attempt.no, 0)


def take_comp(tx: Tx, sale_no: int, ordinal: int, decided_by: str) -> Taken:
    """Give a sale away: the lines become free and the receipt says so. The caller has checked the PIN.

    What it costs otherwise stands on the receipt as a discount; what cost nothing anyway was given by nobody. Raises Refused as `begin_payment` does, `payment-between`,
    `comp-of-money`, and `comp-part-paid` when money was taken already.
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
    sold = goods.of_sale(tx.conn, sale_no)
    if sale.total_minor < 0 or any(is_voucher(good.line.sku) or good.line.minor < 0 for good in sold):
        raise Refused(
            "comp-of-money", "A voucher or a deposit is money and is not given free. Take it out of the sale first."
        )
    tx.conn.execute(
        "UPDATE lines SET disc_minor = disc_minor + minor, minor = 0 WHERE id >= ? << 8 AND id < (? + 1) << 8",
        (sale_no, sale_no),
    )
    tx.conn.execute("UPDATE sales SET total_minor = 0, tip_minor = 0, round_minor = 0 WHERE no = ?", (sale_no,))
    free = dataclasses.replace(sale, total_minor=0, tip_minor=0, round_minor=0)
    return _free(tx, free, decided_by if sale.total_minor else None)


def _free(tx: Tx, sale: Sale, decided_by: str | None) -> Taken:
    """Settle a sale that costs nothing with one free tender."""
    attempt = _free_tender(tx, sale.no, sale.cur, decided_by)
    settle(tx, sale, [attempt], kind="sale", body=attempt_body(attempt))
    return Taken(attempt.no, 0)


def _free_tender(tx: Tx, sale: int, cur: str, decided_by: str | None) -> Attempt:
    return attempts.add(
        tx, sale=sale, kind="pay", tender=Tender.COMP, state=State.PAID, amount_minor=0, cur=cur, decided_by=decided_by
    )
