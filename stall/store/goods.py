"""What a sale sells, line by line, with the facts its receipt and the right to sell it rest on."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from stall.domain.sale import Line
from stall.store.db import Tx
from stall.store.for_sale import Item
from stall.store.numbers import Free
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

    @property
    def returned(self) -> bool:
        """It comes back, and is not sold."""
        return self.line.of_line is not None


_LINE_COLUMNS = 12


def of_item(item: Item, number: Free | None, vat_bp: int) -> Good:
    """One copy of an item as the only line of a sale, with the number found for it where it is limited."""
    ed, lease = (None, None) if number is None else (number.ed, number.jti)
    line = Line(0, item.title, 1, item.price_minor, vat_bp, item.pack, ed)
    return Good(line, item.no, item.drop_id, item.creator, item.edition, item.manifest_hash, item.code_ttl_s, lease)


def add_first(tx: Tx, rows: Iterable[tuple[int, Good, Free | None]]) -> None:
    """Write the only line of each of several sales, with its number where it has one already."""
    tx.conn.executemany(
        "INSERT INTO lines (id, pack, title, ed, lease, qty, minor, vat_bp) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [_first_line(sale, good.line, number and number.lease) for sale, good, number in rows],
    )


def _first_line(sale: int, line: Line, lease: int | None) -> tuple[object, ...]:
    return line_id(sale, line.n), line.pack, line.title, line.ed, lease, line.qty, line.minor, line.vat_bp


def write(tx: Tx, sale: int, lines: Iterable[Line]) -> None:
    """Write the lines of a basket; a number they have is one that somebody asked for, or that comes back, with its lease."""
    tx.conn.executemany(
        "INSERT INTO lines (id, pack, title, asked, ed, sku, qty, minor, vat_bp, disc_minor, product, bundle, of_line, lease)"
        " VALUES (?1, ?2, ?3, ?4, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, (SELECT o.lease FROM lines o WHERE o.id = ?12))",
        [
            (line_id(sale, line.n), line.pack, line.title, line.ed, line.sku, line.qty, line.minor, line.vat_bp, line.disc,
             line.product, line.bundle, line.of_line)
            for line in lines
        ],
    )  # fmt: skip


def rewrite(tx: Tx, sale: int, lines: Iterable[Line]) -> None:
    """Write the lines of a basket in place of those it had; it holds no numbers."""
    tx.conn.execute("DELETE FROM lines WHERE id >= ? AND id < ?", (line_id(sale, 0), line_id(sale + 1, 0)))
    write(tx, sale, lines)


def limited_packs(conn: sqlite3.Connection) -> frozenset[int]:
    """The packs whose copies are numbered, so that each is a line of its own."""
    rows = conn.execute("SELECT p.no FROM packs p JOIN drops d ON d.no = p.drop_no WHERE d.edition IS NOT NULL")
    return frozenset(row[0] for row in rows)


def of_sale(conn: sqlite3.Connection, sale: int) -> list[Good]:
    """The goods of a sale in the order of its lines."""
    rows = conn.execute(
        "SELECT l.id & 255, l.title, l.qty, l.minor, l.vat_bp, l.pack, l.ed, l.sku,"
        " l.disc_minor, l.product, l.bundle, l.of_line,"
        " d.no, d.drop_id, d.creator, d.edition, p.manifest_hash, p.code_ttl_s, s.jti"
        " FROM lines l LEFT JOIN packs p ON p.no = l.pack LEFT JOIN drops d ON d.no = p.drop_no LEFT JOIN leases s ON s.no = l.lease"
        " WHERE l.id >= ? AND l.id < ? ORDER BY l.id",
        (line_id(sale, 0), line_id(sale + 1, 0)),
    )
    return [Good(Line(*row[:_LINE_COLUMNS]), *row[_LINE_COLUMNS:]) for row in rows.fetchall()]
