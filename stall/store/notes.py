"""What a person must look at: noted by the box, marked as seen by somebody. Reads, and the mark."""

from __future__ import annotations

import sqlite3

from stall.domain.books import Exceptional, SeenNote
from stall.errors import Refused
from stall.store import people, reasons
from stall.store.db import Tx

_COLUMNS = "e.no, e.at_ms, e.attempt, e.sentence"
#: Of money taken for a number that may not be sold only while the sale is unfinished.
_STANDS = (
    "e.kind <> 'epoch' AND (e.kind <> 'unfinished' OR EXISTS"
    " (SELECT 1 FROM attempts a JOIN sales s ON s.no = a.sale WHERE a.no = e.attempt AND s.state = 'basket'))"
)


def unseen(conn: sqlite3.Connection) -> tuple[Exceptional, ...]:
    """What is to be looked at and nobody has marked as seen, oldest first."""
    rows = conn.execute(f"SELECT {_COLUMNS} FROM exceptions e WHERE e.seen_event IS NULL AND {_STANDS} ORDER BY e.no")
    return tuple(_note(row) for row in rows.fetchall())


def begun(conn: sqlite3.Connection) -> tuple[Exceptional, ...]:
    """What was noted when this database began new epochs: nothing of it contradicts anything."""
    rows = conn.execute(f"SELECT {_COLUMNS} FROM exceptions e WHERE e.kind = 'epoch' ORDER BY e.no")
    return tuple(_note(row) for row in rows.fetchall())


def seen(conn: sqlite3.Connection, claim_key: bytes | None, most: int) -> tuple[SeenNote, ...]:
    """The last notes that were marked as seen, the last first, with the reason where it was not erased."""
    rows = conn.execute(
        "SELECT seen_event, at_ms, sentence, seen_by FROM exceptions WHERE seen_event IS NOT NULL"
        " ORDER BY seen_event DESC LIMIT ?",
        (most,),
    )
    return tuple(
        SeenNote(
            at_ms,
            sentence,
            people.called(conn, seen_by or ""),
            None if claim_key is None else reasons.read(conn, claim_key, event),
        )
        for event, at_ms, sentence, seen_by in rows.fetchall()
    )


def get(conn: sqlite3.Connection, no: int) -> Exceptional:
    """One note. Raises Refused `note-unknown`."""
    row = conn.execute(f"SELECT {_COLUMNS} FROM exceptions e WHERE e.no = ?", (no,)).fetchone()
    if row is None:
        raise Refused("note-unknown", "There is nothing like that to look at on this box. Open the Day page again.")
    return _note(row)


def is_seen(conn: sqlite3.Connection, table: str, no: int) -> bool:
    """Whether a note (`exceptions`) or an end of day (`day_ends`) was marked as seen already."""
    row = conn.execute(f"SELECT 1 FROM {_named(table)} WHERE no = ? AND seen_event IS NOT NULL", (no,)).fetchone()
    return row is not None


def mark(tx: Tx, table: str, no: int, event: int, who: str) -> None:
    """Write down which event says that it was seen, and by whom."""
    tx.conn.execute(f"UPDATE {_named(table)} SET seen_event = ?, seen_by = ? WHERE no = ?", (event, who, no))


def _named(table: str) -> str:
    if table not in {"exceptions", "day_ends"}:
        raise ValueError(f"{table} has nothing to be seen")
    return table


def _note(row: sqlite3.Row) -> Exceptional:
    no, at_ms, attempt, sentence = row
    return Exceptional(at_ms, attempt, sentence, no)
