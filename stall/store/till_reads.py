"""What only the till asks of the database: its switches, and what the cloud has not got yet. Reads only."""

from __future__ import annotations

import sqlite3


def switched_on(conn: sqlite3.Connection) -> frozenset[str]:
    """The drops the maker has switched on, whatever their windows say."""
    return frozenset(row[0] for row in conn.execute("SELECT drop_id FROM drops WHERE switched_on = 1"))


def unsent_sales(conn: sqlite3.Connection, first_event: int) -> tuple[int, int | None]:
    """How many paid sales have their receipt at `first_event` or later, and when the oldest was paid (ms UTC)."""
    row = conn.execute(
        "SELECT count(*), min(paid_ms) FROM sales WHERE state = 'paid' AND receipt_event >= ?", (first_event,)
    ).fetchone()
    return row[0], row[1]
