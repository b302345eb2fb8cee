"""Card payments approved offline as rows: at risk, settled, or refused later. Found by an index that holds only those at risk."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from stall.domain.at_risk import AtRisk
from stall.domain.payment import Settlement, State
from stall.store import attempts
from stall.store.db import Tx

#: Of the row `a`: approved offline, stands, and in no end of day of its terminal yet.
_WAITS = (
    "a.settlement = 'stored' AND a.cur = ? AND a.kind = 'pay'"
    f" AND (a.state IN ('approved', 'unknown') OR {attempts.KEPT})"
    f" AND NOT EXISTS (SELECT 1 FROM day_ends d WHERE {attempts.DAY_CLOSED})"
)


@dataclass(frozen=True, slots=True)
class Stored:
    """One payment approved offline. Money in minor units, times in ms UTC."""

    attempt: int
    sale: int
    minor: int
    cur: str
    state: State
    at_ms: int
    receipt_no: int | None


def total(conn: sqlite3.Connection, cur: str) -> AtRisk:
    """What is at risk now: sum, count, and since when."""
    row = conn.execute(
        f"SELECT coalesce(sum(a.amount_minor), 0), count(*), min(a.requested_ms) FROM attempts a WHERE {_WAITS}", (cur,)
    ).fetchone()
    return AtRisk(*row)


def waiting(conn: sqlite3.Connection, cur: str) -> list[Stored]:
    """The payments at risk, oldest first."""
    return _list(conn, f"{_WAITS} ORDER BY a.no", (cur,))


def lost(conn: sqlite3.Connection, cur: str, most: int) -> list[Stored]:
    """The last payments the bank refused later, the last first."""
    return _list(conn, "a.settlement = 'declined_late' AND a.cur = ? ORDER BY a.no DESC LIMIT ?", (cur, most))


def lost_minor(conn: sqlite3.Connection, cur: str) -> int:
    """What all of those add up to."""
    row = conn.execute(
        "SELECT coalesce(sum(amount_minor), 0) FROM attempts WHERE settlement = 'declined_late' AND cur = ?", (cur,)
    ).fetchone()
    return int(row[0])


def settled(conn: sqlite3.Connection, cur: str, most: int) -> list[Stored]:
    """The last payments of those that were sent in, the last first: the bank may still refuse one."""
    return _list(
        conn, "a.settlement = 'settled' AND a.kind = 'pay' AND a.cur = ? ORDER BY a.no DESC LIMIT ?", (cur, most)
    )


def moved_offline(tx: Tx, reader: int, after_attempt: int | None) -> dict[str, list[tuple[int, int]]]:
    """By currency, what a reader moved offline until an attempt and is still `stored`: attempt, and minor units with their sign."""
    rows = tx.conn.execute(
        f"SELECT a.cur, a.no, {attempts.SIGNED} FROM attempts a"
        " WHERE a.settlement = 'stored' AND a.state = 'paid' AND a.reader = ? AND a.no <= coalesce(?, 0) ORDER BY a.no",
        (reader, after_attempt),
    )
    found: dict[str, list[tuple[int, int]]] = {}
    for cur, no, minor in rows.fetchall():
        found.setdefault(cur, []).append((no, minor))
    return found


def change(tx: Tx, numbers: list[int], new: Settlement) -> None:
    """Write down what became of payments that were approved offline."""
    tx.conn.executemany("UPDATE attempts SET settlement = ? WHERE no = ?", [(new, no) for no in numbers])


def _list(conn: sqlite3.Connection, where: str, bound: tuple[object, ...]) -> list[Stored]:
    rows = conn.execute(
        f"SELECT a.no, a.sale, a.amount_minor, a.cur, a.state, a.requested_ms, a.receipt_no FROM attempts a WHERE {where}",
        bound,
    )
    return [
        Stored(no, sale, minor, cur, State(state), at_ms, receipt_no)
        for no, sale, minor, cur, state, at_ms, receipt_no in rows.fetchall()
    ]
