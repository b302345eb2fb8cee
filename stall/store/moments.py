"""When what is for sale changes by the clock alone: a window opens or closes, a pack or a lease runs out. Reads only."""

from __future__ import annotations

import sqlite3

_NEXT = """
SELECT min(at) FROM (
    SELECT p.opens_ms AS at FROM drops d JOIN packs p ON p.no = d.pack
    UNION ALL SELECT p.closes_ms FROM drops d JOIN packs p ON p.no = d.pack
    UNION ALL SELECT p.expires_ms FROM drops d JOIN packs p ON p.no = d.pack
    UNION ALL SELECT expires_ms FROM leases
) WHERE at > ?
"""
_OPENS = "SELECT min(p.opens_ms) FROM drops d JOIN packs p ON p.no = d.pack WHERE d.switched_on AND p.opens_ms > ?"


def next_change(conn: sqlite3.Connection, now_ms: int) -> int | None:
    """The next moment (ms UTC) after which a page may say something else; None where there is none."""
    return _moment(conn, _NEXT, now_ms)


def next_opening(conn: sqlite3.Connection, now_ms: int) -> int | None:
    """When the next drop opens (ms UTC), of those that are switched on; None where none does."""
    return _moment(conn, _OPENS, now_ms)


def _moment(conn: sqlite3.Connection, sql: str, now_ms: int) -> int | None:
    found = conn.execute(sql, (now_ms,)).fetchone()[0]
    return None if found is None else int(found)
