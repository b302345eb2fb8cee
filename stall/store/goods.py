"""What a sale sells, line by line, with the facts its receipt and the right to sell it rest on."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from stall.domain.sale import Line
from stall.store.schema import line_id


@dataclass(frozen=True, slots=True)
class Good:
    """One line of a sale and, where it is of a drop, what is signed about that.

    `lease` is the id of the lease its number comes from, `code_ttl_s` how long its claim code opens.
    """

    line: Line
    drop_no: int | None
    drop_id: str | None
    creator: int | None
    edition: int | None
    manifest_hash: str | None
    code_ttl_s: int | None
    lease: str | None


_LINE_COLUMNS = 8


def of_sale(conn: sqlite3.Connection, sale: int) -> list[Good]:
    """The goods of a sale in the order of its lines."""
    rows = conn.execute(
        "SELECT l.id & 255, l.title, l.qty, l.minor, l.vat_bp, l.pack, l.ed, l.sku,"
        " d.no, d.drop_id, d.creator, d.edition, p.manifest_hash, p.code_ttl_s, s.jti"
        " FROM lines l LEFT JOIN packs p ON p.no = l.pack LEFT JOIN drops d ON d.no = p.drop_no LEFT JOIN leases s ON s.no = l.lease"
        " WHERE l.id >= ? AND l.id < ? ORDER BY l.id",
        (line_id(sale, 0), line_id(sale + 1, 0)),
    )
    return [Good(Line(*row[:_LINE_COLUMNS]), *row[_LINE_COLUMNS:]) for row in rows.fetchall()]
