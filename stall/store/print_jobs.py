"""What is to be printed, as rows, and how the printer stands, as its own program told it.

A job goes from asked to begun, and then to done; to failed where certainly nothing came out; to unclear where something may have. Its
`subject` is the key of the event that carries a receipt, or the number of a shift, or of the sale an owner slip is for. Times in ms UTC.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Literal

from stall.store.db import Tx

RECEIPT, Z_REPORT, TEST, DRAWER, OWNER = "receipt", "z", "test", "drawer", "owner"
ASKED, BEGUN, DONE, FAILED, UNCLEAR = "asked", "begun", "done", "failed", "unclear"

#: How the printer may stand: told ready, or to be looked after, or not there at all.
Standing = Literal["ready", "attention", "lost"]


@dataclass(frozen=True, slots=True)
class Job:
    """One thing to print. `copy` counts reprints, 0 is the first print; `answer` is what to tell of its end.

    `asked_by` and `asked_on` are the person and the device that asked, where somebody did.
    """

    no: int
    kind: str
    subject: int | None
    state: str
    copy: int
    asked_ms: int
    ended_ms: int | None
    answer: str | None
    asked_by: int | None = None
    asked_on: int | None = None


@dataclass(frozen=True, slots=True)
class PrinterState:
    """The printer as its program last saw it, and what the settings want printed without being asked."""

    state: Standing
    sentence: str
    auto: bool
    drawer: bool
    at_ms: int
    owner_slips: bool = False


#: Word for word as in the partial index of the schema: SQLite uses it only then.
_OPEN = "state IN ('asked', 'begun')"

_COLUMNS = "no, kind, subject, state, copy, asked_ms, ended_ms, answer, asked_by, asked_on"


def ask(tx: Tx, kind: str, subject: int | None = None) -> int:
    """Ask for something to be printed; return the job."""
    cursor = tx.conn.execute(
        "INSERT INTO print_jobs (kind, subject, asked_by, asked_on, state, asked_ms) VALUES (?, ?, ?, ?, 'asked', ?)",
        (kind, subject, tx.actor and tx.actor.by, tx.actor and tx.actor.device, tx.now_ms),
    )
    return int(cursor.lastrowid or 0)


def find(conn: sqlite3.Connection, no: int) -> Job | None:
    """One job, or None."""
    row = conn.execute(f"SELECT {_COLUMNS} FROM print_jobs WHERE no = ?", (no,)).fetchone()
    return None if row is None else Job(*row)


def waiting(conn: sqlite3.Connection) -> Job | None:
    """The job to do next: the drawer first, for somebody stands before it with money in hand; else the oldest.

    An owner slip goes before other papers: once the buyer opens the download it is too late for it.
    """
    row = conn.execute(
        f"SELECT {_COLUMNS} FROM print_jobs WHERE {_OPEN} AND state = 'asked'"
        " ORDER BY kind <> 'drawer', kind <> 'owner', no LIMIT 1"
    ).fetchone()
    return None if row is None else Job(*row)


def open_count(conn: sqlite3.Connection) -> int:
    """How many jobs are not over."""
    return int(conn.execute(f"SELECT count(*) FROM print_jobs WHERE {_OPEN}").fetchone()[0])


def newest_of(conn: sqlite3.Connection, kind: str, subject: int | None) -> Job | None:
    """The newest job for one paper, or None."""
    row = conn.execute(
        f"SELECT {_COLUMNS} FROM print_jobs WHERE kind = ? AND subject IS ? ORDER BY no DESC LIMIT 1", (kind, subject)
    ).fetchone()
    return None if row is None else Job(*row)


def newest(conn: sqlite3.Connection, limit: int) -> list[Job]:
    """The newest jobs, newest first."""
    rows = conn.execute(f"SELECT {_COLUMNS} FROM print_jobs ORDER BY no DESC LIMIT ?", (limit,))
    return [Job(*row) for row in rows.fetchall()]


def late(conn: sqlite3.Connection, drawers_before_ms: int, papers_before_ms: int) -> bool:
    """Whether anything nobody began was asked for before these moments."""
    row = conn.execute(
        f"SELECT 1 FROM print_jobs WHERE {_OPEN} AND state = 'asked' AND asked_ms < iif(kind = 'drawer', ?, ?) LIMIT 1",
        (drawers_before_ms, papers_before_ms),
    ).fetchone()
    return row is not None


def shift_closed(conn: sqlite3.Connection, shift: int) -> bool:
    """Whether a shift is closed, so that its Z-report can be printed."""
    row = conn.execute("SELECT closed_event FROM shifts WHERE no = ?", (shift,)).fetchone()
    return row is not None and row[0] is not None


def came_out(conn: sqlite3.Connection, kind: str, subject: int | None) -> int:
    """How often a paper came out of the printer, or may have."""
    (count,) = conn.execute(
        "SELECT count(*) FROM print_jobs WHERE kind = ? AND subject IS ? AND state IN ('begun', 'done', 'unclear')",
        (kind, subject),
    ).fetchone()
    return int(count)


def begin(tx: Tx, no: int, copy: int, event: int | None) -> None:
    """Record that bytes are about to leave; `event` is the key of the one that tells of a reprint."""
    tx.conn.execute("UPDATE print_jobs SET state = 'begun', copy = ?, event = ? WHERE no = ?", (copy, event, no))


def end(tx: Tx, no: int, state: str, answer: str) -> None:
    """Record how a job ended and what to tell of it."""
    tx.conn.execute(
        "UPDATE print_jobs SET state = ?, answer = ?, ended_ms = ? WHERE no = ?", (state, answer, tx.now_ms, no)
    )


def begun_of(conn: sqlite3.Connection, kind: str) -> list[Job]:
    """The jobs of a kind that are begun and not ended."""
    rows = conn.execute(f"SELECT {_COLUMNS} FROM print_jobs WHERE {_OPEN} AND state = 'begun' AND kind = ?", (kind,))
    return [Job(*row) for row in rows.fetchall()]


def subjects_kept(conn: sqlite3.Connection, kind: str) -> list[int]:
    """What jobs of a kind are for, none of whose jobs ended as done."""
    rows = conn.execute(
        "SELECT subject FROM print_jobs WHERE kind = ? AND subject IS NOT NULL GROUP BY subject"
        " HAVING sum(state = 'done') = 0",
        (kind,),
    )
    return [int(row[0]) for row in rows.fetchall()]


def end_begun(tx: Tx, *, paper: str, drawer: str, owner: str) -> int:
    """End every job that was begun as unclear, with what to tell of paper, of the drawer and of an owner slip; return how many."""
    return tx.conn.execute(
        f"UPDATE print_jobs SET state = 'unclear', answer = CASE kind WHEN 'drawer' THEN ? WHEN 'owner' THEN ? ELSE ? END, ended_ms = ?"
        f" WHERE {_OPEN} AND state = 'begun'",
        (drawer, owner, paper, tx.now_ms),
    ).rowcount


def end_asked(tx: Tx, answer: str) -> int:
    """End every job nobody began; return how many."""
    return tx.conn.execute(
        f"UPDATE print_jobs SET state = 'failed', answer = ?, ended_ms = ? WHERE {_OPEN} AND state = 'asked'",
        (answer, tx.now_ms),
    ).rowcount


def end_asked_of(tx: Tx, kind: str, subject: int | None, answer: str) -> int:
    """End the jobs of a kind nobody began, those for one subject where one is named; return how many."""
    return tx.conn.execute(
        f"UPDATE print_jobs SET state = 'failed', answer = ?, ended_ms = ? WHERE {_OPEN} AND state = 'asked'"
        " AND kind = ? AND (? IS NULL OR subject = ?)",
        (answer, tx.now_ms, kind, subject, subject),
    ).rowcount


def end_late(tx: Tx, *, drawers: bool, before_ms: int, answer: str) -> int:
    """End the jobs nobody began that were asked for before a moment, those of the drawer or all others; return how many."""
    return tx.conn.execute(
        f"UPDATE print_jobs SET state = 'failed', answer = ?, ended_ms = ? WHERE {_OPEN} AND state = 'asked'"
        " AND (kind = 'drawer') = ? AND asked_ms < ?",
        (answer, tx.now_ms, drawers, before_ms),
    ).rowcount


def printer(conn: sqlite3.Connection) -> PrinterState | None:
    """How the printer stands; None where no program told of one."""
    row = conn.execute("SELECT state, sentence, auto, drawer, at_ms, owner_slips FROM printer").fetchone()
    if row is None:
        return None
    state, sentence, auto, drawer, at_ms, owner_slips = row
    return PrinterState(state, sentence, bool(auto), bool(drawer), at_ms, bool(owner_slips))


def report(tx: Tx, state: Standing, sentence: str, *, auto: bool, drawer: bool, owner_slips: bool = False) -> None:
    """Record how the printer stands, and what is to be printed without being asked."""
    tx.conn.execute(
        "INSERT INTO printer (id, state, sentence, auto, drawer, owner_slips, at_ms) VALUES (1, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET state = excluded.state, sentence = excluded.sentence, auto = excluded.auto,"
        " drawer = excluded.drawer, owner_slips = excluded.owner_slips, at_ms = excluded.at_ms",
        (state, sentence, auto, drawer, owner_slips, tx.now_ms),
    )


def forget(tx: Tx) -> None:
    """There is no printer any more: nothing is asked of it, and nothing waits for it."""
    tx.conn.execute("DELETE FROM printer")
