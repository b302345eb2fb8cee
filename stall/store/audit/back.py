"""What came back by returns and exchanges, against the rows of the sale it came back of: never more than was bought."""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict

from stall.domain.giving_back import share
from stall.errors import StallError
from stall.store import journal, sales
from stall.store.audit.found import Audit
from stall.wire import event, jws, receipt, takeback
from stall.wire.event import Event
from stall.wire.receipt import Item, Receipt
from stall.wire.takeback import Sibling


class Back:
    """What the journal told of returns so far. Memory grows with what came back, not with what was sold."""

    def __init__(self, conn: sqlite3.Connection, found: Audit) -> None:
        """Begin before the first return."""
        self._conn = conn
        self._found = found
        self._copies: defaultdict[int, Counter[int]] = defaultdict(Counter)  # by sale: how many of each line came back
        self._owed: set[int] = set()
        self._papers: defaultdict[int, list[Sibling]] = defaultdict(list)

    def refers_to(self, sale: int) -> int | None:
        """The sale that another takes something back of; None for one that takes nothing back."""
        row = self._conn.execute("SELECT ref_sale FROM sales WHERE no = ?", (sale,)).fetchone()
        return None if row is None else row[0]

    def owed(self, _: int, read: Event) -> None:
        """Money of a return is owed to its buyer, or was given up."""
        if read.body["owed"]:
            self._owed.add(int(read.body["sale"]))
        else:
            self._owed.discard(int(read.body["sale"]))

    def end(self) -> None:
        """After the last event: what is owed in the table is what the journal says is."""
        kept = {no for (no,) in self._conn.execute("SELECT no FROM sales WHERE queued_ms IS NOT NULL").fetchall()}
        for sale in sorted(kept ^ self._owed):
            there = "the table" if sale in kept else "the journal"
            self._found.add(f"Money of sale {sale} is owed to its buyer only as {there} has it.")

    def going_out(self, sale: int, signed: Receipt) -> list[Item]:
        """The lines of a paper that sell something; the table knows which those are."""
        lines = sales.lines(self._conn, sale)
        return [item for item, line in zip(signed.items, lines, strict=False) if line.of_line is None]

    def take(self, read: Event, of: int, typ: str, signed: Receipt) -> list[Item]:
        """Check what a paper takes back of sale `of` against that and all before it; return those lines."""
        sale = int(read.body["sale"])
        self._owed.discard(sale)
        original = self._original(of)
        try:
            if original is not None:
                takeback.check(original, typ, signed, self._papers[of])
        except StallError as error:
            self._found.add(f"The {receipt.WORDS[typ]} in event {read.seq} does not hold: {error.sentence}")
        self._papers[of].append((typ, signed))
        bought = {line.n: line for line in sales.lines(self._conn, of)}
        back = []
        for line, item in zip(sales.lines(self._conn, sale), signed.items, strict=False):
            if line.of_line is None:
                continue
            n = line.of_line & 0xFF
            sold, before = bought.get(n), self._copies[of][n]
            self._copies[of][n] += line.qty
            back.append(item)
            if line.of_line >> 8 != of or sold is None or before + line.qty > sold.qty:
                self._found.add(f"Sale {sale} takes back what sale {of} did not sell, or more of it.")
            elif (line.minor, line.disc, line.ed, line.pack, line.product) != (
                -share(sold.minor, sold.qty, before, line.qty),
                -share(sold.disc, sold.qty, before, line.qty),
                sold.ed,
                sold.pack,
                sold.product,
            ):
                self._found.add(f"Sale {sale} takes back {line.title} for another amount than its share of sale {of}.")
        return back

    def is_back(self, sale: int, n: int) -> bool:
        """Whether every copy of a line came back."""
        if sale not in self._copies:
            return False
        line = next((one for one in sales.lines(self._conn, sale) if one.n == n), None)
        return line is not None and self._copies[sale][n] >= line.qty

    def nothing_left(self, sale: int) -> bool:
        """Whether nothing of a sale is left to download."""
        files = [one for one in sales.lines(self._conn, sale) if one.pack is not None and one.of_line is None]
        return all(self._copies[sale][one.n] >= one.qty for one in files)

    def _original(self, of: int) -> Receipt | None:
        row = self._conn.execute("SELECT receipt_event FROM sales WHERE no = ?", (of,)).fetchone()
        data = None if row is None or row[0] is None else journal.event_bytes(self._conn, row[0])
        try:
            return receipt.parse(jws.unverified_claims(str(event.decode(data or b"").body["receipt"])))
        except (StallError, KeyError):
            self._found.add(f"Something of sale {of} was given back and its receipt cannot be read.")
            return None
