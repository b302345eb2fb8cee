"""Take a voucher for what is due, as far as it goes. One transaction, one event."""

from __future__ import annotations

from stall.domain.payment import Kind, State, Tender
from stall.domain.product import is_voucher
from stall.errors import Refused
from stall.flows.begin_payment import attempt_body, begin_payment, earlier_press
from stall.flows.part_payment import due_of, to_take
from stall.flows.settle import settle_or_keep_hold
from stall.store import attempts, goods, returns, vouchers
from stall.store.db import Tx
from stall.wire import vouchercode


def take_voucher(tx: Tx, sale_no: int, ordinal: int, code: bytes) -> int:
    """Spend a voucher on what is due, what is left of it staying on it; return the attempt. A second press returns the first.

    Raises Refused `voucher-unknown` alike for codes that are unknown and taken back, `voucher-expired`, `voucher-empty`,
    `voucher-currency`, `voucher-for-voucher`, `nothing-due`, `payment-between`, and what `begin_payment` and `to_take` raise.
    """
    first = earlier_press(tx, sale_no, ordinal)
    if first is not None and first.tender == Tender.VOUCHER and first.kind == Kind.PAY:
        return first.no
    if first is not None:
        raise Refused(
            "payment-between",
            "Another payment of this sale was tried meanwhile, so no voucher was taken. Look at how it stands, then type it again.",
        )
    sale = begin_payment(tx, sale_no)
    if due_of(tx, sale) <= 0:
        raise Refused("nothing-due", "Nothing is due for this sale. Give it as free instead.")
    found = vouchers.by_digest(tx.conn, vouchercode.digest(code))
    if found is None or found.state != "active" or _is_not_paid(tx, found.line):
        raise Refused(
            "voucher-unknown", "No voucher of this stall has that code. Check each letter, or take another payment."
        )
    if found.expires_ms is not None and found.expires_ms <= tx.now_ms:
        raise Refused("voucher-expired", "This voucher is over. Take another payment.")
    if found.cur != sale.cur:
        raise Refused("voucher-currency", "This voucher is in another currency. Take another payment.")
    if any(is_voucher(good.line.sku) for good in goods.of_sale(tx.conn, sale_no)):
        raise Refused("voucher-for-voucher", "A voucher does not buy a voucher. Take another payment.")
    left = vouchers.left(tx.conn, found)
    if left <= 0:
        raise Refused("voucher-empty", "Nothing is left on this voucher. Take another payment.")
    attempt = attempts.add(
        tx, sale=sale_no, kind="pay", tender=Tender.VOUCHER, state=State.PAID, amount_minor=to_take(tx, sale, min(left, due_of(tx, sale))),
        cur=sale.cur, reference=str(found.no),
    )  # fmt: skip
    settle_or_keep_hold(tx, attempt, kind="sale", body=attempt_body(attempt))
    return attempt.no


def _is_not_paid(tx: Tx, line: int) -> bool:
    """Whether the money that a voucher was bought with (`line`, schema.line_id) is on its way back, or the bank refused it."""
    sale = line >> 8
    return line & 0xFF in returns.paused(tx.conn, sale) or attempts.refused_late(attempts.of_sale(tx.conn, sale)) > 0
