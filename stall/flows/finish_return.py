"""What a finished return leaves behind: numbers free again or void for ever, vouchers and codes that open nothing any more."""

from __future__ import annotations

from collections.abc import Sequence

from stall.domain.product import is_voucher
from stall.store import claims, numbers, vouchers
from stall.store.db import Tx
from stall.store.goods import Good
from stall.store.sales import Sale
from stall.store.schema import claim_id
from stall.wire import receipt


def finish_return(tx: Tx, sale: Sale, sold: Sequence[Good], typ: str, event: int) -> None:
    """Take out of the buyer's hands what came back; the return itself is `paid` already, its paper in `event`.

    A number comes free only where no certificate was signed for it and nobody opened its code (design 6.8). The code of the
    sale opens what is left of it; once nothing is left to open, nothing.
    """
    of = sale.ref_sale or 0
    back = {good.line.of_line & 0xFF for good in sold if good.line.of_line is not None}
    numbers.take_back(tx, of, back)
    for good in sold:
        if good.line.of_line is not None and is_voucher(good.line.sku):
            vouchers.revoke(tx, good.line.of_line)
    if typ == receipt.VOID:
        tx.conn.execute("UPDATE sales SET void_event = ? WHERE no = ?", (event, of))
    if typ == receipt.VOID or not claims.bought(tx.conn, of):
        tx.conn.execute(
            "UPDATE claims SET state = 'revoked' WHERE id >= ? AND id < ?", (claim_id(of, 0), claim_id(of + 1, 0))
        )
