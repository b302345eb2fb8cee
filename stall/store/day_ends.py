"""Ends of day of the terminal as rows: its totals, beside what the box had by card since the one before.

What the box had is summed up when an end of day is recorded, from the payments' own rows, so that a look at the day costs
the same after years; `stall report reconcile` counts it anew from the journal.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from stall.domain import books
from stall.domain.books import CutDayEnd, DayEnd
from stall.domain.payment import Kind
from stall.errors import Refused
from stall.store import attempts, people, readers
from stall.store.db import Tx

#: Later than every event there can be.
_NEVER = (1 << 63) - 1

_COLUMNS = "no, at_ms, tid, cur, total_minor, count, ours_minor, ours_count, taken_back, seen_by"


@dataclass(frozen=True, slots=True)
class Moved:
    """Card payments between two ends of day: their sum (minor units), how many came, were taken back and were refunded."""

    minor: int
    came: int
    taken_back: int
    refunded: int

    @property
    def standing(self) -> int:
        """How many there are as terminals count: one that was taken back is gone, a refund is one more."""
        return self.came - self.taken_back + self.refunded


@dataclass(frozen=True, slots=True)
class Totals:
    """What a terminal says it took until the event `upto`; `after_attempt` is the newest payment that was begun before."""

    reader: int
    total_minor: int
    count: int | None
    cur: str
    tid: str | None
    upto: int
    after_attempt: int | None


def add(tx: Tx, event: int, told: Totals) -> int:
    """Write the row of an end of day that the event tells of, compare it and the one after it, and return its number."""
    cursor = tx.conn.execute(
        "INSERT INTO day_ends (reader, event, tid, total_minor, count, cur, at_ms, after_attempt, upto)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (told.reader, event, told.tid, told.total_minor, told.count, told.cur, tx.now_ms, told.after_attempt, told.upto),
    )  # fmt: skip
    no = int(cursor.lastrowid or 0)
    later = tx.conn.execute("SELECT no FROM day_ends WHERE upto > ? ORDER BY upto LIMIT 1", (told.upto,)).fetchone()
    for each in (no, *(() if later is None else later)):
        _compare(tx.conn, each)
    return no


def get(conn: sqlite3.Connection, no: int) -> DayEnd:
    """One end of day. Raises Refused `note-unknown`."""
    row = conn.execute(f"SELECT {_COLUMNS} FROM day_ends WHERE no = ?", (no,)).fetchone()
    if row is None:
        raise Refused("note-unknown", "There is nothing like that to look at on this box. Open the Day page again.")
    return _day_end(conn, row)


def between(conn: sqlite3.Connection, first_event: int, most: int) -> list[DayEnd]:
    """The newest ends of day from an event on, oldest first."""
    rows = conn.execute(
        f"SELECT {_COLUMNS} FROM day_ends WHERE upto >= ? ORDER BY upto DESC LIMIT ?", (first_event, most)
    )
    return [_day_end(conn, row) for row in reversed(rows.fetchall())]


def apart(conn: sqlite3.Connection) -> list[DayEnd]:
    """Those where terminal and box say different things and nobody has said why, oldest first."""
    rows = conn.execute(f"SELECT {_COLUMNS} FROM day_ends WHERE ties = 0 AND seen_event IS NULL ORDER BY upto")
    return [_day_end(conn, row) for row in rows.fetchall()]


def moved_since_last(conn: sqlite3.Connection) -> Moved:
    """The card payments after the last end of day."""
    row = conn.execute("SELECT max(upto) FROM day_ends").fetchone()
    return moved(conn, row[0] if row[0] is not None else -1, _NEVER)


def moved(conn: sqlite3.Connection, after: int, before: int) -> Moved:
    """The card payments whose event is `after` or later and earlier than `before`."""
    row = conn.execute(
        f"SELECT coalesce(sum({attempts.SIGNED}), 0), count(*) FILTER (WHERE kind = '{Kind.PAY}'),"
        f" count(*) FILTER (WHERE kind = '{Kind.REVERSE}'), count(*) FILTER (WHERE kind = '{Kind.REFUND}')"
        " FROM attempts a WHERE paid_event >= ? AND paid_event < ? AND tender = 'card' AND state = 'paid'",
        (after, before),
    ).fetchone()
    return Moved(*row)


def compare_all(conn: sqlite3.Connection) -> None:
    """Compare every row of a database that was made before they were compared."""
    conn.execute("UPDATE day_ends SET upto = event WHERE upto IS NULL")
    for (no,) in conn.execute("SELECT no FROM day_ends ORDER BY upto").fetchall():
        _compare(conn, no)


def _compare(conn: sqlite3.Connection, no: int) -> None:
    upto, before = conn.execute(
        "SELECT upto, coalesce((SELECT max(b.upto) FROM day_ends b WHERE b.upto < d.upto), -1) FROM day_ends d WHERE no = ?",
        (no,),
    ).fetchone()
    ours = moved(conn, before, upto)
    conn.execute(
        "UPDATE day_ends SET ours_minor = ?, ours_count = ?, taken_back = ? WHERE no = ?",
        (ours.minor, ours.standing, ours.taken_back, no),
    )
    conn.execute("UPDATE day_ends SET ties = ? WHERE no = ?", (int(books.gap_of(get(conn, no)) is None), no))


def _day_end(conn: sqlite3.Connection, row: sqlite3.Row) -> DayEnd:
    no, at_ms, tid, cur, theirs, theirs_count, ours, ours_count, taken_back, seen_by = row
    who = None if seen_by is None else people.called(conn, seen_by)
    return DayEnd(at_ms, tid, cur, theirs, theirs_count, ours, ours_count, taken_back, no, who)


def cut_off(conn: sqlite3.Connection) -> tuple[CutDayEnd, ...]:
    """The ends of day nobody heard the end of. Where the next one ties with all that came before, the day was not closed.

    Where that one counts only what was paid after the cut, it was.
    """
    return tuple(cut for one in readers.cut_day_ends(conn) if (cut := _weighed(conn, one)) is not None)


def _weighed(conn: sqlite3.Connection, one: readers.CutDayEnd) -> CutDayEnd | None:
    row = conn.execute(
        "SELECT upto, total_minor, ties FROM day_ends WHERE upto >= ? AND reader = ? ORDER BY upto LIMIT 1",
        (one.event, one.reader),
    ).fetchone()
    if row is None:
        return CutDayEnd(one.job, one.at_ms, proven=False)
    upto, total_minor, ties = row
    return None if ties else CutDayEnd(one.job, one.at_ms, proven=total_minor == moved(conn, one.event, upto).minor)
