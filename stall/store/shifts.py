"""Shifts as rows: the running one, those that are closed with their Z-reports, and what moved in the drawer without a sale.

A shift is a period of the journal: from the event after the one that closed the shift before to the one that closes it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from stall.domain import zbody
from stall.domain.ledger import DRAWER
from stall.domain.zreport import ZReport
from stall.errors import Broken, Refused, StallError
from stall.store import journal, returns
from stall.store.db import Tx
from stall.store.schema import event_id
from stall.wire import b64, erasable, event, jws
from stall.wire.erasable import Sealed
from stall.wire.report_table import Paper

_CLOSED = "SELECT no, closed_event, closed_ms, checkpoint FROM shifts WHERE closed_event IS NOT NULL"


@dataclass(frozen=True, slots=True)
class Shift:
    """The running shift. `after` is the key of the event that closed the one before, -1 for the first; times in ms UTC."""

    no: int
    after: int
    opened_event: int | None
    opened_ms: int | None


@dataclass(frozen=True, slots=True)
class Closed:
    """One closed shift: the number of its Z-report and the event that is it, the checkpoint signed over it, if there is one."""

    no: int
    event: int
    closed_ms: int
    checkpoint: str | None


@dataclass(frozen=True, slots=True)
class Moved:
    """Cash that moved without a sale, or was counted (`way` count). `words` is None without any, or once they were erased."""

    event: int
    way: str
    minor: int
    reason: str
    at_ms: int
    words: str | None = None


def running(conn: sqlite3.Connection) -> Shift:
    """The shift that runs. Raises Broken `shift-missing`."""
    row = conn.execute(
        "SELECT no, coalesce((SELECT max(closed_event) FROM shifts), -1), opened_event, opened_ms FROM shifts"
        " WHERE closed_event IS NULL ORDER BY no DESC LIMIT 1"
    ).fetchone()
    if row is None:
        raise Broken("shift-missing", "The database has no running shift. Run: stall journal verify")
    return Shift(*row)


def closed(conn: sqlite3.Connection, limit: int, below: int | None = None) -> list[Closed]:
    """The newest closed shifts, newest first; with `below` those with smaller numbers."""
    most = (1 << 62) if below is None else below
    rows = conn.execute(f"{_CLOSED} AND no < ? ORDER BY no DESC LIMIT ?", (most, limit))
    return [Closed(*row) for row in rows.fetchall()]


def get(conn: sqlite3.Connection, no: int) -> Closed:
    """One closed shift. Raises Refused `z-unknown`."""
    row = conn.execute(f"{_CLOSED} AND no = ?", (no,)).fetchone()
    if row is None:
        raise Refused("z-unknown", f"There is no Z-report {no} on this box. Choose one from the list.")
    return Closed(*row)


def newest(conn: sqlite3.Connection) -> Closed | None:
    """The last closed shift, or None."""
    found = closed(conn, 1)
    return found[0] if found else None


def report_of(conn: sqlite3.Connection, shift: Closed) -> ZReport:
    """The Z-report of a closed shift, as it stands in the journal. Raises Broken `z-unreadable`."""
    data = journal.event_bytes(conn, shift.event)
    try:
        if data is not None:
            return zbody.read(event.decode(data).body)
    except (StallError, KeyError, TypeError, ValueError):
        pass
    raise Broken("z-unreadable", f"The journal's Z-report {shift.no} cannot be read. Run: stall journal verify")


def moves(conn: sqlite3.Connection, first: int, last: int, claim_key: bytes | None = None) -> list[Moved]:
    """What moved in the drawer without a sale from one event to another, oldest first; with the key also in whose words."""
    rows = conn.execute(
        "SELECT event, way, minor, reason, at_ms, salt, sealed FROM drawer_moves WHERE event BETWEEN ? AND ? ORDER BY event",
        (first, last),
    )
    return [
        Moved(row["event"], row["way"], row["minor"], row["reason"], row["at_ms"], _words(conn, claim_key, row))
        for row in rows.fetchall()
    ]


def _words(conn: sqlite3.Connection, claim_key: bytes | None, row: sqlite3.Row) -> str | None:
    """The words as the journal vouches for them."""
    data = None if claim_key is None or row["salt"] is None else journal.event_bytes(conn, row["event"])
    if data is None or claim_key is None:
        return None
    try:
        digest = b64.decode(str(event.decode(data).body.get("words")))
        return erasable.unseal(claim_key, Sealed(row["salt"], digest, row["sealed"])).decode()
    except StallError:
        return None


def standing_count(conn: sqlite3.Connection, first: int) -> Moved | None:
    """The last count of the drawer from an event on, if no cash moved since."""
    row = conn.execute(
        "SELECT event, way, minor, reason, at_ms FROM drawer_moves WHERE event >= ? AND way = 'count' ORDER BY event DESC LIMIT 1",
        (first,),
    ).fetchone()
    if row is None:
        return None
    stale = conn.execute(
        "SELECT EXISTS (SELECT 1 FROM postings WHERE event > ? AND account = ?)", (row["event"], DRAWER)
    ).fetchone()[0]
    return None if stale else Moved(*tuple(row))


def pieces_of(conn: sqlite3.Connection, count: Moved) -> tuple[tuple[int, int], ...]:
    """How many of each piece a count found, the largest first; empty where only the sum was told."""
    data = journal.event_bytes(conn, count.event)
    told = {} if data is None else event.decode(data).body.get("pieces", {})
    return tuple(sorted(((int(worth), pieces) for worth, pieces in told.items()), reverse=True))


def add_move(tx: Tx, way: str, minor: int, reason: str, words: str) -> dict[str, object]:
    """Write the row of the event that is appended next, its words sealed; return what that event says of them."""
    sealed = erasable.seal(tx.secrets.claim_key, words.encode()) if words else None
    tx.conn.execute(
        "INSERT INTO drawer_moves (event, way, minor, reason, at_ms, salt, sealed) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (tx.next_event, way, minor, reason, tx.now_ms, sealed and sealed.salt, sealed and sealed.ciphertext),
    )
    return {} if sealed is None else {"words": b64.encode(sealed.digest)}


def open_with(tx: Tx, no: int, opened_event: int) -> None:
    """Note of the running shift that its float was put in."""
    tx.conn.execute("UPDATE shifts SET opened_event = ?, opened_ms = ? WHERE no = ?", (opened_event, tx.now_ms, no))


def close(tx: Tx, no: int, closed_event: int, checkpoint: str) -> None:
    """End a shift with the event that is its Z-report, and begin the next."""
    tx.conn.execute(
        "UPDATE shifts SET closed_event = ?, closed_ms = ?, checkpoint = ? WHERE no = ?",
        (closed_event, tx.now_ms, checkpoint, no),
    )
    tx.conn.execute("INSERT INTO shifts (no) VALUES (?)", (no + 1,))


def head_key(conn: sqlite3.Connection) -> int:
    """The key the next event will have."""
    head = journal.read_head(conn)
    return event_id(head.epoch_no, head.size)


def papers(conn: sqlite3.Connection, first: int, last: int) -> Iterator[Paper]:
    """The receipts, refunds and voids of the events from one to another, in order."""
    rows = conn.execute(
        "SELECT receipt_event AS event, no FROM sales WHERE receipt_event BETWEEN ?1 AND ?2"
        f" UNION ALL SELECT void_event, no FROM sales s WHERE void_event BETWEEN ?1 AND ?2 AND {returns.VOID_ALONE} ORDER BY event",
        (first, last),
    )
    for key, sale in rows.fetchall():
        data = journal.event_bytes(conn, key)
        if data is not None:
            fact = event.decode(data)
            token = str(fact.body["receipt"])
            yield Paper(jws.unverified_typ(token), jws.unverified_claims(token), fact.at, sale)


def span(conn: sqlite3.Connection, shift: Closed) -> tuple[int, int]:
    """The keys a closed shift reaches from and to; the last is its Z-report."""
    (before,) = conn.execute("SELECT coalesce(max(closed_event), -1) FROM shifts WHERE no < ?", (shift.no,)).fetchone()
    return before + 1, shift.event
