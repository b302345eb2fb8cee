"""The lines of a sale as its page lists them: copies of one drop in one row, the parts of a bundle under its name. Only reads."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from stall.domain.product import is_voucher
from stall.domain.sale import Line
from stall.store import products, sales


@dataclass(slots=True)
class Row:
    """One row: what it is of, how many, what it costs after `disc` (minor units), and the lines it stands for.

    `several` numbered copies or vouchers are as many lines; `bundle` names the product whose parts these are, `count` how many of it.
    """

    title: str
    qty: int
    minor: int
    disc: int
    lines: list[Line] = field(default_factory=list)
    bundle: int | None = None
    count: int = 1

    @property
    def n(self) -> int:
        """The line that names it in addresses and forms."""
        return self.lines[0].n

    @property
    def last(self) -> int:
        """The line that goes when there shall be one less."""
        return self.lines[-1].n

    @property
    def many(self) -> int:
        """How many there are, as its buttons count them."""
        return self.qty if self.bundle is None else self.count

    @property
    def numbers(self) -> list[tuple[int, int]]:
        """The lines whose number is named, and those numbers."""
        return [(line.n, line.ed) for line in self.lines if line.ed is not None]

    @property
    def fixed(self) -> bool:
        """It comes back from another sale, as it was bought."""
        return self.lines[0].of_line is not None


def rows_in(conn: sqlite3.Connection, no: int) -> list[Row]:
    """The lines of a sale as rows."""
    lines = sales.lines(conn, no)
    named = {
        bundle: (products.get(conn, bundle).title, sum(part.qty for part in products.parts(conn, bundle)))
        for bundle in {line.bundle for line in lines if line.bundle is not None}
    }
    return rows_of(lines, named)


def rows_of(lines: Sequence[Line], bundles: Mapping[int, tuple[str, int]]) -> list[Row]:
    """The rows of a sale; `bundles` gives the title and the pieces of each bundle in it."""
    rows: list[Row] = []
    for line in lines:
        row = rows[-1] if rows else None
        if row is not None and _belongs(row, line):
            row.lines.append(line)
            row.qty += line.qty
            row.minor += line.minor
            row.disc += line.disc
        else:
            title = line.title if line.bundle is None else bundles[line.bundle][0]
            rows.append(Row(title, line.qty, line.minor, line.disc, [line], line.bundle))
    for row in rows:
        if row.bundle is not None:
            row.count = max(row.qty // max(bundles[row.bundle][1], 1), 1)
    return rows


def _belongs(row: Row, line: Line) -> bool:
    """Whether a line goes into the row before it: parts of the same bundle, or one more copy that is a line of its own."""
    before = row.lines[-1]
    if line.bundle is not None or before.bundle is not None:
        return line.bundle == before.bundle and (line.of_line is None) == (before.of_line is None)
    alike = (line.pack, line.product, line.title) == (before.pack, before.product, before.title)
    own = line.qty == before.qty == 1 and (line.pack is not None or is_voucher(line.sku))
    return alike and own and line.list_minor == before.list_minor and line.of_line is None
