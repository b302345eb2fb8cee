"""Vouchers come into being with the receipt of the sale they were bought in: numbered, named on it, their code derived."""

from __future__ import annotations

from collections.abc import Iterable

from stall.domain.product import VOUCHER, is_voucher
from stall.domain.sale import Line
from stall.store import vouchers
from stall.store.db import Tx
from stall.store.journal import Head
from stall.store.sales import Sale
from stall.store.schema import line_id
from stall.wire import vouchercode


def issue_vouchers(tx: Tx, head: Head, sale: Sale, lines: Iterable[Line]) -> bool:
    """Make a voucher of each line that sells one; from here on the line, and so the receipt, names it by its number.

    Whether there was any.
    """
    sold = [line for line in lines if is_voucher(line.sku) and line.of_line is None]
    for line in sold:
        key, no = line_id(sale.no, line.n), vouchers.next_no(tx.conn)
        digest = vouchercode.digest(vouchercode.derive(tx.secrets.claim_key, head.epoch, key))
        vouchers.add(tx, no=no, digest=digest, line=key, minor=line.minor, cur=sale.cur, expires_ms=None)
        tx.conn.execute("UPDATE lines SET sku = ? WHERE id = ?", (f"{VOUCHER}{no}", key))
    return bool(sold)
