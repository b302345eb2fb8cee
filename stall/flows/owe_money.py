"""Money of a return that cannot go back on the card now: owed to the buyer until it goes out, by card or in cash, or is given up.

A row survives a power cut; what waits so is sent to no terminal by itself, only when somebody takes it up.
"""

from __future__ import annotations

from stall.errors import Refused
from stall.flows.hold_numbers import release_hold
from stall.flows.part_payment import due_of
from stall.flows.pay_back import begin_payout
from stall.flows.settle import paid_so_far
from stall.store import attempts, sales
from stall.store.db import Tx


def queue_return(tx: Tx, sale_no: int) -> None:
    """Note that a return's money is owed to its buyer; what is owed already stays so.

    Nothing of what comes back is handed out meanwhile. Raises Refused `refund-nothing-due`, and what `begin_payment` raises.
    """
    if sales.get(tx.conn, sale_no).queued_ms is not None:
        return
    sale = begin_payout(tx, sale_no)
    release_hold(tx, sale_no)
    tx.conn.execute("UPDATE sales SET queued_ms = ? WHERE no = ?", (tx.now_ms, sale_no))
    tx.append("owed", {"sale": sale_no, "of": sale.ref_sale, "owed": True, "minor": -due_of(tx, sale), "cur": sale.cur})


def forget_owed(tx: Tx, sale_no: int) -> None:
    """Give a return up whose money was owed: the buyer keeps the goods. The caller checked the PIN.

    Raises Refused `sale-paid`, `payment-open`, `refund-part-out`; a sale that is given up already stays so.
    """
    sale = sales.get(tx.conn, sale_no)
    if sale.state == "paid":
        raise Refused("sale-paid", "Its money went out already, so there is nothing to give up. Look at the sale.")
    if any(one.open for one in attempts.of_sale(tx.conn, sale_no)):
        raise Refused("payment-open", "A payment for this sale is running. Wait for it or cancel it first.")
    if paid_so_far(tx, sale_no):
        raise Refused("refund-part-out", "A part of this money went out already. Hand out the rest.")
    if sale.state == "dropped":
        return
    release_hold(tx, sale_no)
    tx.conn.execute(
        "UPDATE sales SET state = 'dropped', hold_until_ms = NULL, parked_ms = NULL, queued_ms = NULL WHERE no = ?",
        (sale_no,),
    )
    if sale.queued_ms is not None:
        tx.append("owed", {"sale": sale_no, "of": sale.ref_sale, "owed": False})
