"""Drops that their creator closed: the statement, and what the journal says of it. Reads only."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from stall.store import documents, journal
from stall.wire import event


@dataclass(frozen=True, slots=True)
class Ended:
    """That a drop is closed for good; how many copies were sold and burned, None where the statement only counts a long list."""

    sold: int | None = None
    burned: int | None = None


def ended(conn: sqlite3.Connection, event_key: int | None) -> Ended | None:
    """What the event of a closing says; None for a drop that is not closed."""
    if event_key is None:
        return None
    data = journal.event_bytes(conn, event_key)
    body = {} if data is None else event.decode(data).body
    return Ended(body.get("sold"), body.get("burned"))


def statement(conn: sqlite3.Connection, drop_id: str) -> str | None:
    """The closing statement of a drop, as its creator signed it; None while it is not closed."""
    row = conn.execute("SELECT closing_document FROM drops WHERE drop_id = ?", (drop_id,)).fetchone()
    return None if row is None or row[0] is None else documents.token(conn, row[0])
