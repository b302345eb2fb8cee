"""How far the journal has reached the cloud, and what the cloud said of events it did not simply accept."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from dataclasses import dataclass

from stall.store.db import Tx
from stall.store.schema import event_id, event_seq


@dataclass(frozen=True, slots=True)
class UploadState:
    """Of one epoch: the next event to send, the newest cosigned checkpoint, the last trouble.

    `beside`: the cloud could not take an event in its place, and keeps the rest beside its journal.
    """

    next: int = 0
    cosigned: str | None = None
    cosigned_size: int | None = None
    at_ms: int | None = None
    last_error: str | None = None
    beside: bool = False


@dataclass(frozen=True, slots=True)
class Waiting:
    """The epoch to send from now: the oldest that the cloud has not got to its end."""

    epoch_no: int
    next: int
    beside: bool


@dataclass(frozen=True, slots=True)
class Doubt:
    """An event the cloud did not simply accept."""

    seq: int
    verdict: str
    reason: str


def read_state(conn: sqlite3.Connection, epoch_no: int) -> UploadState:
    """How far an epoch was uploaded; nothing yet if no upload was ever tried."""
    row = conn.execute(
        "SELECT next, cosigned, cosigned_size, at_ms, last_error, beside FROM uploads WHERE epoch_no = ?", (epoch_no,)
    ).fetchone()
    return UploadState() if row is None else UploadState(row[0], row[1], row[2], row[3], row[4], bool(row[5]))


def waiting(conn: sqlite3.Connection) -> Waiting | None:
    """What to send next, oldest epoch first, or None when the cloud has everything."""
    row = conn.execute(
        "SELECT e.no, coalesce(u.next, 0), coalesce(u.beside, 0) FROM journal j CROSS JOIN epochs e"
        " LEFT JOIN uploads u ON u.epoch_no = e.no WHERE coalesce(u.next, 0) < coalesce(e.size, j.size) ORDER BY e.no LIMIT 1"
    ).fetchone()
    return None if row is None else Waiting(row[0], row[1], bool(row[2]))


def not_yet_asked(conn: sqlite3.Connection, asked: Collection[int]) -> Waiting | None:
    """The last event of the oldest epoch that is not among those `asked`, to be sent once more; None after the newest."""
    rows = conn.execute(
        "SELECT e.no, coalesce(e.size, j.size) - 1, coalesce(u.beside, 0) FROM journal j CROSS JOIN epochs e"
        " LEFT JOIN uploads u ON u.epoch_no = e.no ORDER BY e.no"
    ).fetchall()
    return next((Waiting(no, last, bool(beside)) for no, last, beside in rows if no not in asked), None)


def read_doubts(conn: sqlite3.Connection, epoch_no: int) -> list[Doubt]:
    """The events of an epoch that the cloud quarantined or could not place, in order."""
    rows = conn.execute(
        "SELECT event, verdict, reason FROM verdicts WHERE event >= ? AND event < ? ORDER BY event",
        (event_id(epoch_no, 0), event_id(epoch_no + 1, 0)),
    )
    return [Doubt(event_seq(event), verdict, reason) for event, verdict, reason in rows]


def common_creator(conn: sqlite3.Connection, box: str, cloud: str) -> int | None:
    """The number of the creator who delegated both this box and that cloud (thumbprints), or None."""
    row = conn.execute(
        "SELECT b.creator FROM delegations b JOIN delegations c ON c.creator = b.creator"
        " WHERE b.subject = ? AND b.role = 'box' AND c.subject = ? AND c.role = 'cloud' ORDER BY b.no LIMIT 1",
        (box, cloud),
    ).fetchone()
    return None if row is None else int(row[0])


def save_progress(tx: Tx, epoch_no: int, next_seq: int, *, beside: bool = False) -> None:
    """Move the cursor and forget the last trouble; an epoch that goes beside once stays there."""
    tx.conn.execute(
        "INSERT INTO uploads (epoch_no, next, at_ms, beside) VALUES (?, ?, ?, ?) ON CONFLICT (epoch_no) DO UPDATE SET"
        " next = excluded.next, at_ms = excluded.at_ms, beside = max(uploads.beside, excluded.beside)",
        (epoch_no, next_seq, tx.now_ms, int(beside)),
    )
    tx.conn.execute("UPDATE uploads SET last_error = NULL WHERE last_error IS NOT NULL")


def save_cosigned(tx: Tx, epoch_no: int, text: str, size: int) -> None:
    """Keep a cosigned checkpoint unless a larger one is kept already."""
    tx.conn.execute(
        "UPDATE uploads SET cosigned = ?, cosigned_size = ?"
        " WHERE epoch_no = ? AND (cosigned_size IS NULL OR cosigned_size <= ?)",
        (text, size, epoch_no, size),
    )


def save_error(tx: Tx, epoch_no: int, sentence: str) -> None:
    """Remember the last trouble, for the till's banner: with the running epoch, whichever is being sent."""
    tx.conn.execute(
        "INSERT INTO uploads (epoch_no, next, last_error) VALUES (?, 0, ?)"
        " ON CONFLICT (epoch_no) DO UPDATE SET last_error = excluded.last_error",
        (epoch_no, sentence),
    )


def save_doubt(tx: Tx, epoch_no: int, doubt: Doubt) -> None:
    """Keep the cloud's verdict on one event; a later one replaces it."""
    tx.conn.execute(
        "INSERT INTO verdicts (event, verdict, reason) VALUES (?, ?, ?)"
        " ON CONFLICT (event) DO UPDATE SET verdict = excluded.verdict, reason = excluded.reason",
        (event_id(epoch_no, doubt.seq), doubt.verdict, doubt.reason),
    )
