"""Ask for a card payment, and take the asking back. What the terminal then does is flows.card_attempt."""

from __future__ import annotations

from stall.domain.at_risk import USUAL, Caps, full
from stall.domain.payment import Reason, State, Tender
from stall.errors import Refused
from stall.flows.authority import check_card_cap, check_own_caps
from stall.flows.begin_payment import attempt_body, begin_payment, earlier_press
from stall.flows.hold_numbers import end_hold_later, release_hold
from stall.flows.part_payment import to_take
from stall.flows.settle import paid_so_far
from stall.store import at_risk, attempts, sales
from stall.store.db import Tx
from stall.store.sales import Sale


def ask_card(
    tx: Tx, sale_no: int, ordinal: int, reader: int, caps: Caps = USUAL, *, part_minor: int | None = None
) -> int:
    """Ask a reader to take what is still due, or a part of it; return the attempt. A second press returns the first.

    A terminal may answer without its bank, so it is not asked once the stall's `caps` for that are reached. Raises Refused
    `reader-missing`, `reader-busy`, `nothing-due`, `card-cap`, and what `check_own_caps` and `begin_payment` raise.
    """
    first = earlier_press(tx, sale_no, ordinal)
    if first is not None:
        return first.no
    if tx.conn.execute("SELECT 1 FROM readers WHERE no = ?", (reader,)).fetchone() is None:
        raise Refused("reader-missing", "No card reader is set up on this box. Take cash, or set up a reader.")
    if attempts.open_on_reader(tx.conn, reader):
        raise Refused("reader-busy", "The card reader is busy with another payment. Wait for it, or take cash.")
    sale = begin_payment(tx, sale_no)
    check_own_caps(caps, full(caps, at_risk.total(tx.conn, sale.cur), tx.now_ms), sale.cur)
    due = due_by_card(tx, sale, part_minor)
    attempt = attempts.add(
        tx,
        sale=sale_no,
        kind="pay",
        tender=Tender.CARD,
        state=State.REQUESTED,
        amount_minor=due,
        cur=sale.cur,
        reader=reader,
    )
    tx.append("attempt", attempt_body(attempt))
    return attempt.no


def due_by_card(tx: Tx, sale: Sale, part_minor: int | None = None) -> int:
    """What a card is to pay of a sale, all that is due or a part, in minor units, within the creators' caps.

    Raises Refused `nothing-due`, `card-cap`, and what `to_take` raises.
    """
    due = to_take(tx, sale, part_minor)
    if due <= 0:
        raise Refused("nothing-due", "Nothing is due for this sale. Give it as free instead.")
    check_card_cap(tx, sale, due)
    return due


def cancel_card(tx: Tx, attempt_no: int) -> State:
    """Cancel: certain while the attempt is only requested, best effort once the terminal has it.

    Returns the state it is in now. Raises Refused `attempt-unknown`.
    """
    attempt = attempts.get(tx.conn, attempt_no)
    if attempt.state is State.REQUESTED:
        ended = attempts.change(tx, attempt_no, State.NOT_SENT, reason=Reason.CANCELLED)
        end_hold_later(tx, attempt.sale)
        tx.append("attempt", attempt_body(ended))
        return ended.state
    if attempt.state is State.SENT:
        attempts.want_cancel(tx, attempt_no)
    return attempt.state


def drop_sale(tx: Tx, sale_no: int) -> None:
    """Give up an unpaid sale and free its numbers. Giving up twice changes nothing.

    Raises Refused `sale-paid`, `payment-open`, `sale-part-paid`, `refund-owed`.
    """
    sale = sales.get(tx.conn, sale_no)
    if sale.state == "paid":
        raise Refused("sale-paid", "This sale is paid already. Show the code to the buyer.")
    if any(a.open for a in attempts.of_sale(tx.conn, sale_no)):
        raise Refused("payment-open", "A payment for this sale is running. Wait for it or cancel it first.")
    if sale.queued_ms is not None:
        raise Refused(
            "refund-owed", "Money of this return is owed to its buyer. Give that up on its page, with the PIN."
        )
    if paid_so_far(tx, sale_no):
        raise Refused("sale-part-paid", "Part of this sale is paid. Take the rest, or give the money back first.")
    release_hold(tx, sale_no)
    tx.conn.execute(
        "UPDATE sales SET state = 'dropped', basket_code = NULL, hold_until_ms = NULL, parked_ms = NULL, queued_ms = NULL WHERE no = ?",
        (sale_no,),
    )
