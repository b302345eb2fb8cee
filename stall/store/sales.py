"""Sales and their lines as rows: read by pages, changed by flows. A basket is a sale nobody paid yet."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from stall.domain.sale import Line
from stall.errors import Refused
from stall.store import attempts, epochs
from stall.store.db import Tx
from stall.store.schema import HELD, event_epoch_no, line_id


@dataclass(frozen=True, slots=True)
class Sale:
    """One sale. Money in minor units, times in ms UTC. `total_minor` is what its lines cost, the tip and what rounding added."""

    no: int
    epoch_no: int
    origin: str
    created_ms: int
    state: str
    cur: str
    total_minor: int
    basket_code: str | None
    hold_until_ms: int | None
    paid_ms: int | None
    receipt_event: int | None
    issue: int
    void_event: int | None = None
    """The event that took it back whole."""
    tip_minor: int = 0
    round_minor: int = 0
    ref_sale: int | None = None
    """The sale that this one takes something back of."""
    parked_ms: int | None = None
    queued_ms: int | None = None
    """Since when its money is owed to a buyer."""
    return_reason: str | None = None
    """Why what was opened may come back (domain.giving_back.REASONS)."""


_COLUMNS = (
    "no, epoch_no, origin, created_ms, state, cur, total_minor, basket_code, hold_until_ms, paid_ms, receipt_event, issue,"
    " void_event, tip_minor, round_minor, ref_sale, parked_ms, queued_ms, return_reason"
)


def add_basket(tx: Tx, *, origin: str, cur: str, total_minor: int, basket_code: str | None) -> Sale:
    """Write a new basket of the running epoch; its lines are for the caller to write."""
    row = tx.conn.execute(
        "INSERT INTO sales (no, epoch_no, origin, created_ms, state, cur, total_minor, basket_code)"
        f" VALUES ({epochs.next_no('sales')}, (SELECT epoch_no FROM journal), ?, ?, 'basket', ?, ?, ?) RETURNING {_COLUMNS}",
        (origin, tx.now_ms, cur, total_minor, basket_code),
    ).fetchone()
    return Sale(*row)


def add_taken(tx: Tx, *, cur: str, receipt_events: Sequence[int]) -> range:
    """Write sales that are paid with their first row, because they cost nothing, and return their numbers.

    `receipt_events` are the keys of the events that will carry their receipts.
    """
    first = int(tx.conn.execute(f"SELECT {epochs.next_no('sales')}").fetchone()[0])
    numbers = range(first, first + len(receipt_events))
    now = tx.now_ms
    tx.conn.executemany(
        "INSERT INTO sales (no, epoch_no, origin, created_ms, state, cur, total_minor, paid_ms, receipt_event, issue)"
        " VALUES (?1, ?2, 'take', ?3, 'paid', ?4, 0, ?3, ?5, 1)",
        [(no, event_epoch_no(event), now, cur, event) for no, event in zip(numbers, receipt_events, strict=True)],
    )
    return numbers


def find(conn: sqlite3.Connection, sale: int) -> Sale | None:
    """One sale, or None."""
    row = conn.execute(f"SELECT {_COLUMNS} FROM sales WHERE no = ?", (sale,)).fetchone()
    return None if row is None else Sale(*row)


def get(conn: sqlite3.Connection, sale: int) -> Sale:
    """One sale. Raises Refused `sale-unknown`."""
    found = find(conn, sale)
    if found is None:
        raise Refused("sale-unknown", "There is no such sale on this box. Go back to the till and choose it again.")
    return found


def by_basket_code(conn: sqlite3.Connection, code: str) -> Sale | None:
    """The open basket with a code, or None."""
    row = conn.execute(f"SELECT {_COLUMNS} FROM sales WHERE basket_code = ?", (code,)).fetchone()
    return None if row is None else Sale(*row)


def newest_paid(conn: sqlite3.Connection, limit: int) -> list[Sale]:
    """The sales that were finished last, the last first."""
    rows = conn.execute(
        f"SELECT {_COLUMNS} FROM sales WHERE receipt_event IS NOT NULL ORDER BY receipt_event DESC LIMIT ?", (limit,)
    )
    return [Sale(*row) for row in rows.fetchall()]


def newest_baskets(conn: sqlite3.Connection, limit: int) -> list[Sale]:
    """The newest baskets of buyers that nobody paid yet, newest first. Given up ones have no code any more."""
    rows = conn.execute(
        f"SELECT {_COLUMNS} FROM sales INDEXED BY sales_basket WHERE basket_code IS NOT NULL ORDER BY no DESC LIMIT ?",
        (limit,),
    )
    return [Sale(*row) for row in rows.fetchall()]


def packs_sold(conn: sqlite3.Connection, sale: int) -> int:
    """How many packs a sale had, whatever came back since."""
    row = conn.execute(
        "SELECT count(DISTINCT pack) FROM lines WHERE id >= ? AND id < ? AND of_line IS NULL",
        (line_id(sale, 0), line_id(sale + 1, 0)),
    ).fetchone()
    return int(row[0])


def lines(conn: sqlite3.Connection, sale: int) -> list[Line]:
    """The lines of a sale in order."""
    rows = conn.execute(
        "SELECT id & 255, title, qty, minor, vat_bp, pack, ed, sku, disc_minor, product, bundle, of_line FROM lines WHERE id >= ? AND id < ? ORDER BY id",
        (line_id(sale, 0), line_id(sale + 1, 0)),
    )
    return [Line(*row) for row in rows.fetchall()]


def held_lines(conn: sqlite3.Connection, sale: int, now_ms: int) -> frozenset[int]:
    """The lines of an unpaid sale whose edition number is held for it at `now_ms`."""
    rows = conn.execute(
        "SELECT l.id & 255 FROM lines l JOIN packs p ON p.no = l.pack JOIN numbers n ON n.id = (p.drop_no << 20) + l.ed"
        " JOIN sales s ON s.no = n.sale WHERE l.id >= ? AND l.id < ? AND n.sale = ? AND n.state = ?"
        " AND (s.hold_until_ms IS NULL OR s.hold_until_ms > ?)",
        (line_id(sale, 0), line_id(sale + 1, 0), sale, HELD, now_ms),
    )
    return frozenset(row[0] for row in rows.fetchall())


def hold_until(tx: Tx, sale: int, until_ms: int) -> None:
    """Let a basket's hold end at a moment, but not where money was taken for it or given out."""
    tx.conn.execute(
        "UPDATE sales SET hold_until_ms = ? WHERE no = ? AND NOT EXISTS"
        f" (SELECT 1 FROM attempts a WHERE a.sale = sales.no AND {attempts.STANDS})",
        (until_ms, sale),
    )


def drop_baskets(tx: Tx, begun_before_ms: int, held_until_ms: int) -> int:
    """Give up the baskets begun before a moment and not held longer than another, but those that an attempt keeps or somebody put aside."""
    return tx.conn.execute(
        "UPDATE sales SET state = 'dropped', basket_code = NULL, hold_until_ms = NULL WHERE state = 'basket' AND created_ms < ?"
        f" AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.sale = sales.no AND {attempts.KEEPS})"
        " AND parked_ms IS NULL AND queued_ms IS NULL"
        " AND (hold_until_ms IS NULL OR hold_until_ms <= ?)",
        (begun_before_ms, held_until_ms),
    ).rowcount


def paid_but_unfinished(conn: sqlite3.Connection) -> list[tuple[int, int, str, int]]:
    """The numbered lines of sales whose money was taken and that are not finished: last payment, sale, title, number."""
    rows = conn.execute(
        "SELECT max(a.no), s.no, l.title, l.ed FROM sales s JOIN lines l ON l.id >= s.no << 8 AND l.id < (s.no + 1) << 8"
        f" JOIN attempts a ON a.sale = s.no AND {attempts.KEPT}"
        " WHERE s.state = 'basket' AND l.ed IS NOT NULL AND l.of_line IS NULL GROUP BY l.id ORDER BY l.id"
    )
    return [(attempt, sale, title, number) for attempt, sale, title, number in rows.fetchall()]
