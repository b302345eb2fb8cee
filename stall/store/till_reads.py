"""What only the till asks of the database: its switches, what was put aside, and what the cloud has not got yet. Reads only."""

from __future__ import annotations

import sqlite3

from stall.store import sales
from stall.store.sales import Sale


def switched_on(conn: sqlite3.Connection) -> frozenset[str]:
    """The drops the maker has switched on, whatever their windows say."""
    return frozenset(row[0] for row in conn.execute("SELECT drop_id FROM drops WHERE switched_on = 1"))


#: Sales not sent are counted so far: the till looks every two seconds, and a week offline is long.
MANY = 1_000


def unsent_sales(conn: sqlite3.Connection, first_event: int) -> tuple[int, int | None]:
    """How many paid sales have their receipt at `first_event` or later, `MANY` at most, and when the oldest was paid (ms UTC)."""
    (count,) = conn.execute(
        "SELECT count(*) FROM (SELECT 1 FROM sales WHERE receipt_event >= ? LIMIT ?)", (first_event, MANY)
    ).fetchone()
    oldest = conn.execute(
        "SELECT paid_ms FROM sales WHERE receipt_event >= ? ORDER BY receipt_event LIMIT 1", (first_event,)
    ).fetchone()
    return count, None if oldest is None else oldest[0]


def parked(conn: sqlite3.Connection, limit: int) -> list[Sale]:
    """The baskets that were put aside, the newest first."""
    rows = conn.execute(
        "SELECT no FROM sales WHERE parked_ms IS NOT NULL AND state = 'basket' ORDER BY parked_ms DESC LIMIT ?",
        (limit,),
    ).fetchall()
    return [sales.get(conn, no) for (no,) in rows]
