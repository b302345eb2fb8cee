"""Hand money of a return out: in cash, onto the voucher it came from, on a reader of its own; or nothing, where it was free.

By the card terminal it goes with flows.give_back. The caller checked the PIN. One transaction, one event each.
"""

from __future__ import annotations

from stall.domain.payment import Kind, State, Tender
from stall.errors import Refused
from stall.flows import print_paper
from stall.flows.begin_payment import attempt_body, begin_payment, earlier_press
from stall.flows.hold_numbers import end_hold_later
from stall.flows.part_payment import due_of, to_give
from stall.flows.settle import settle_or_keep_hold
from stall.flows.take_cash import cash_due, round_sale
from stall.flows.take_confirmed import read_reference
from stall.store import attempts, returns, sales
from stall.store.attempts import Attempt
from stall.store.db import Tx
from stall.store.sales import Sale


def pay_back_cash(
    tx: Tx, sale_no: int, ordinal: int, decided_by: str, *, part_minor: int | None = None, step: int = 0
) -> int:
    """Hand out in cash what is owed of a return, or a part of it; return the attempt. A second press returns the first.

    All of it is rounded to coins of `step` minor units. Raises Refused `payment-between`, `refund-nothing-due`, what `to_give`
    and what `begin_payment` raise.
    """
    first = _earlier(tx, sale_no, ordinal, Tender.CASH)
    if first is not None:
        return first.no
    sale = begin_payout(tx, sale_no)
    minor = to_give(tx, sale, part_minor)
    if minor == -due_of(tx, sale):
        exact, minor = minor, -cash_due(-minor, step)
        round_sale(tx, sale_no, exact - minor)
    return _out(tx, sale, Tender.CASH, minor, decided_by)


def pay_back_by(tx: Tx, of_no: int, sale_no: int, ordinal: int, decided_by: str, reference: str = "") -> int:
    """Give money back the way a payment came that is no card of ours: onto its voucher, or on a reader of its own, as confirmed.

    As much of what is owed as that payment still has; `reference` is what that reader calls it. Return the attempt; a second
    press returns the first. Raises Refused `refund-way`, and what `pay_back_cash` and `read_reference` raise.
    """
    of = attempts.get(tx.conn, of_no)
    first = _earlier(tx, sale_no, ordinal, Tender(of.tender))
    if first is not None:
        return first.no
    sale = begin_payout(tx, sale_no)
    left = returns.left_of(tx.conn, of)
    if of.tender not in {Tender.VOUCHER, Tender.OPERATOR} or not is_of(tx, sale, of) or left <= 0:
        raise no_such_way()
    named = of.reference if of.tender == Tender.VOUCHER else read_reference(reference)
    due = -due_of(tx, sale)
    minor = to_give(tx, sale, min(left, due))
    return _out(tx, sale, Tender(of.tender), minor, decided_by, of=of.no, reference=named)


def is_of(tx: Tx, sale: Sale, of: Attempt) -> bool:
    """Whether a payment is one that was kept of the sale that a return refers to."""
    return of.sale == sale.ref_sale and of in attempts.kept(attempts.of_sale(tx.conn, of.sale))


def no_such_way() -> Refused:
    """What to tell who wants money back by a payment that has none left, or is of another sale."""
    return Refused("refund-way", "Nothing is left to give back that way. Choose another way, or hand out cash instead.")


def give_part_back(tx: Tx, of_no: int, ordinal: int, decided_by: str) -> int:
    """Give a part back that was paid for a basket which is not finished, in cash, onto its voucher or on a reader of its own.

    Return the attempt; a second press returns the first. By card it goes with give_back.ask_back.
    Raises Refused `back-not-paid`, `back-already`, `payment-open`.
    """
    of = attempts.get(tx.conn, of_no)
    first = earlier_press(tx, of.sale, ordinal)
    if first is not None:
        return first.no
    sale, tried = sales.get(tx.conn, of.sale), attempts.of_sale(tx.conn, of.sale)
    if sale.state != "basket" or of.tender == Tender.CARD or of.kind != Kind.PAY or of.state is not State.PAID:
        raise Refused("back-not-paid", "That is no part paid of a sale that is not finished. Look at the sale.")
    if of not in attempts.kept(tried):
        raise Refused("back-already", "This payment was given back already. Give nothing back twice.")
    if any(one.open for one in tried):
        raise Refused("payment-open", "A payment for this sale is running. Wait for it or cancel it first.")
    back = attempts.add(
        tx, sale=sale.no, kind=Kind.REFUND, of=of.no, tender=of.tender, state=State.PAID, amount_minor=of.amount_minor,
        cur=of.cur, decided_by=decided_by, reference=of.reference if of.tender == Tender.VOUCHER else None,
    )  # fmt: skip
    tx.append("sale", attempt_body(back))
    if of.tender == Tender.CASH:
        print_paper.cash_moved(tx)
    if not attempts.standing(attempts.of_sale(tx.conn, sale.no)):
        _without_rounding(tx, sale)
    end_hold_later(tx, sale.no)
    return back.no


def _without_rounding(tx: Tx, sale: Sale) -> None:
    """Nothing is paid any more, so nothing is rounded either."""
    tx.conn.execute(
        "UPDATE sales SET total_minor = total_minor - round_minor, round_minor = 0 WHERE no = ?", (sale.no,)
    )


def _earlier(tx: Tx, sale_no: int, ordinal: int, tender: Tender) -> Attempt | None:
    first = earlier_press(tx, sale_no, ordinal)
    if first is not None and (first.kind != Kind.REFUND or first.tender != tender):
        raise Refused(
            "payment-between",
            "Money of this sale was given back or taken in another way meanwhile. Look at how it stands before you hand anything out.",
        )
    return first


def begin_payout(tx: Tx, sale_no: int) -> Sale:
    """A return that still owes money. Raises Refused `refund-nothing-due`."""
    sale = begin_payment(tx, sale_no)
    if sale.ref_sale is None or due_of(tx, sale) >= 0:
        raise Refused("refund-nothing-due", "Nothing is to be handed out for this sale. Look at how it stands.")
    return sale


def _out(
    tx: Tx, sale: Sale, tender: Tender, minor: int, decided_by: str, *, of: int | None = None, reference: str | None = None
) -> int:  # fmt: skip
    attempt = attempts.add(
        tx, sale=sale.no, kind=Kind.REFUND, of=of, tender=tender, state=State.PAID, amount_minor=minor, cur=sale.cur,
        decided_by=decided_by, reference=reference,
    )  # fmt: skip
    settle_or_keep_hold(tx, attempt, kind="sale", body=attempt_body(attempt))
    return attempt.no
