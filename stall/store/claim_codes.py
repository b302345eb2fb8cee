"""The claim code of a paid sale, derived again whenever it must be shown; it is stored nowhere."""

from __future__ import annotations

import sqlite3

from stall.store.sales import Sale
from stall.store.schema import event_epoch_no
from stall.wire import claimcode


def code_of(conn: sqlite3.Connection, claim_key: bytes, sale: Sale) -> str | None:
    """Spell the newest code of a sale (26 characters), or None where there is nothing to claim."""
    if sale.receipt_event is None or sale.issue == 0:
        return None
    # the epoch it was paid in; the basket may be older
    (epoch,) = conn.execute("SELECT epoch FROM epochs WHERE no = ?", (event_epoch_no(sale.receipt_event),)).fetchone()
    return claimcode.encode(claimcode.derive(claim_key, epoch, sale.no, sale.issue))


def link(address: str, code: str) -> str:
    """Write the address a code opens, in capitals: QR codes pack those tighter, and scheme and host ignore case."""
    return f"{address.rstrip('/')}/T/{code}".upper()
