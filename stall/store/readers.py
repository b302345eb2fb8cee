"""Card readers as rows: how their link stands, what they show, and the baseline for recovery."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from stall.store import attempts
from stall.store.db import Tx

NOT_ASKED = "not_asked"
"""Among what a reader can do: it cannot tell what became of a payment, so a person decides."""


@dataclass(frozen=True, slots=True)
class ReaderState:
    """One reader as the till shows it. `link` is ready, busy, lost or checking."""

    no: int
    name: str
    link: str
    display: str
    tid: str | None
    last_receipt: int | None
    at_ms: int
    can: frozenset[str]
    """What it can do besides taking payments: reverse, refund, day_end, diagnosis, print_again; or NOT_ASKED."""


def find(conn: sqlite3.Connection, reader: int) -> ReaderState | None:
    """One reader, or None when none was ever set up under that number."""
    row = conn.execute(
        "SELECT no, name, link, display, tid, last_receipt, at_ms, can FROM readers WHERE no = ?", (reader,)
    ).fetchone()
    if row is None:
        return None
    no, name, link, display, tid, last_receipt, at_ms, can = row
    return ReaderState(no, name, link, display, tid, last_receipt, at_ms, frozenset(can.split()))


def report(tx: Tx, reader: int, name: str, link: str, display: str) -> None:
    """Record how a reader's link stands; makes the row of a new reader."""
    tx.conn.execute(
        "INSERT INTO readers (no, name, link, display, at_ms) VALUES (?, ?, ?, ?, ?) ON CONFLICT (no) DO UPDATE SET"
        " name = excluded.name, link = excluded.link, display = excluded.display, at_ms = excluded.at_ms",
        (reader, name, link, display, tx.now_ms),
    )


def note_abilities(tx: Tx, reader: int, can: Iterable[str]) -> None:
    """Record what the terminal on a reader can do."""
    tx.conn.execute("UPDATE readers SET can = ? WHERE no = ?", (" ".join(sorted(can)), reader))


class Baseline(NamedTuple):
    """The last transaction a terminal knows: terminal id, receipt number, and what tells it from others with that number."""

    tid: str
    receipt_no: int
    mark: str | None


def baseline(conn: sqlite3.Connection, reader: int) -> Baseline | None:
    """What the next payment on a reader will be told from, or None."""
    row = conn.execute("SELECT tid, last_receipt, last_mark FROM readers WHERE no = ?", (reader,)).fetchone()
    return None if row is None or row[0] is None or row[1] is None else Baseline(*row)


def remember_receipt(tx: Tx, reader: int, tid: str | None, receipt_no: int | None, mark: str | None) -> None:
    """Set the baseline; without a receipt number there is none until the terminal is asked again.

    What another terminal once told is forgotten with it.
    """
    tx.conn.execute(
        "UPDATE readers SET tid = ?, last_receipt = ?, last_mark = ? WHERE no = ?", (tid, receipt_no, mark, reader)
    )


def remember_total(tx: Tx, reader: int, tid: str | None, minor: int | None) -> None:
    """Note what a terminal says it took in its open day, as it stands after the newest attempt; None: nobody knows now."""
    tx.conn.execute(
        "UPDATE readers SET total_tid = ?, total_minor = ?, total_after = (SELECT max(no) FROM attempts) WHERE no = ?",
        (tid, minor, reader),
    )


def expected_total(conn: sqlite3.Connection, reader: int) -> tuple[str | None, int] | None:
    """The terminal and the total it should tell by now: what it told last, and our payments since. None: never told."""
    row = conn.execute("SELECT total_tid, total_minor, total_after FROM readers WHERE no = ?", (reader,)).fetchone()
    if row is None or row[1] is None:
        return None
    (since,) = conn.execute(
        f"SELECT coalesce(sum({attempts.SIGNED}), 0) FROM attempts a WHERE reader = ? AND state = 'paid' AND no > coalesce(?, 0)",
        (reader, row[2]),
    ).fetchone()
    return row[0], int(row[1]) + int(since)


#: Of a job of which nobody heard the end; only an end of day has to be cleared up by somebody.
_CUT = "state = 'failed', answer = ?, cut = (kind = 'day_end' AND begun_event IS NOT NULL)"


def ask_job(tx: Tx, reader: int, kind: str) -> int:
    """Ask the reader's worker for something besides payments; one of a kind waits at a time."""
    row = tx.conn.execute(
        "SELECT no FROM reader_jobs WHERE reader = ? AND kind = ? AND state IN ('asked', 'begun')", (reader, kind)
    ).fetchone()
    if row is not None:
        return int(row[0])
    cursor = tx.conn.execute(
        "INSERT INTO reader_jobs (reader, kind, state, asked_ms) VALUES (?, ?, 'asked', ?)", (reader, kind, tx.now_ms)
    )
    return int(cursor.lastrowid or 0)


def waiting_job(conn: sqlite3.Connection, reader: int) -> tuple[int, str] | None:
    """The oldest job nobody did yet, as (number, kind)."""
    row = conn.execute(
        "SELECT no, kind FROM reader_jobs WHERE reader = ? AND state = 'asked' ORDER BY no LIMIT 1", (reader,)
    ).fetchone()
    return None if row is None else (row[0], row[1])


def job(conn: sqlite3.Connection, no: int) -> tuple[str, str | None] | None:
    """The state of a job and its answer in words."""
    row = conn.execute("SELECT state, answer FROM reader_jobs WHERE no = ?", (no,)).fetchone()
    return None if row is None else (row[0], row[1])


def begin_job(tx: Tx, no: int) -> None:
    """Record that the terminal is being asked now; a crash from here on must not ask it twice."""
    tx.conn.execute(
        "UPDATE reader_jobs SET state = 'begun', begun_event = ?, begun_ms = ?, begun_attempt = (SELECT max(no) FROM attempts) WHERE no = ?",
        (tx.next_event, tx.now_ms, no),
    )


def fail_begun_jobs(tx: Tx, reader: int, kind: str, answer: str) -> None:
    """End the jobs of a kind that a process that is gone had begun."""
    tx.conn.execute(
        f"UPDATE reader_jobs SET {_CUT} WHERE reader = ? AND kind = ? AND state = 'begun'", (answer, reader, kind)
    )


def cut_job(tx: Tx, no: int, answer: str) -> None:
    """End a job that was cut off in the middle: nobody knows whether the terminal did it."""
    tx.conn.execute(f"UPDATE reader_jobs SET {_CUT} WHERE no = ?", (answer, no))


@dataclass(frozen=True, slots=True)
class CutDayEnd:
    """An end of day nobody heard the end of: its job, and where it was begun (event, newest attempt, ms UTC)."""

    job: int
    reader: int
    event: int
    attempt: int | None
    at_ms: int


def cut_day_ends(conn: sqlite3.Connection) -> list[CutDayEnd]:
    """The ends of day that were cut off and that nobody has cleared up, oldest first."""
    rows = conn.execute(
        "SELECT no, reader, begun_event, begun_attempt, begun_ms FROM reader_jobs WHERE cut = 1 ORDER BY no"
    )
    return [CutDayEnd(*row) for row in rows.fetchall()]


def clear_up(tx: Tx, job: int) -> None:
    """Record that somebody said what became of an end of day that was cut off."""
    tx.conn.execute("UPDATE reader_jobs SET cut = 0 WHERE no = ?", (job,))


def end_job(tx: Tx, no: int, state: str, answer: str) -> None:
    """Record how a job ended (done or failed) and what to tell the maker."""
    tx.conn.execute("UPDATE reader_jobs SET state = ?, answer = ? WHERE no = ?", (state, answer, no))
