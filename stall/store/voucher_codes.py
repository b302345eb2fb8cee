"""The codes of the vouchers a sale sold, derived again whenever they must be shown; they are stored nowhere."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from stall.store import vouchers
from stall.store.sales import Sale
from stall.store.schema import event_epoch_no
from stall.store.vouchers import Voucher
from stall.wire import vouchercode


@dataclass(frozen=True, slots=True)
class Spelled:
    """A voucher and its code, 16 characters."""

    voucher: Voucher
    code: str


def of_sale(conn: sqlite3.Connection, claim_key: bytes, sale: Sale) -> list[Spelled]:
    """The vouchers sold in a paid sale that still stand, each with its code."""
    if sale.receipt_event is None:
        return []
    # the epoch it was paid in; the basket may be older
    (epoch,) = conn.execute("SELECT epoch FROM epochs WHERE no = ?", (event_epoch_no(sale.receipt_event),)).fetchone()
    return [
        Spelled(each, vouchercode.encode(vouchercode.derive(claim_key, epoch, each.line)))
        for each in vouchers.of_sale(conn, sale.no)
        if each.state == "active"
    ]
