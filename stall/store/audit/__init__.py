"""Check a box's journal against itself and against the tables, every epoch of it. Reads only.

`chain` reads the events and checks that they are whole and signed; `story` replays them and compares each with
the rows it made; `sold` does so for what was sold and claimed, `stock` for edition numbers, `goods` for what is offered, `entries` for the double entry, `shifts` for the drawer and the Z-reports, `closings` for what creators sign in the end; `remains` looks for rows no event tells of.
Every finding is a sentence for the maker; no finding means that everything holds. Memory grows with the edition numbers
sold, not with the events.
"""

from __future__ import annotations

import sqlite3

from stall.errors import StallError
from stall.store.audit import chain, goods, remains
from stall.store.audit.found import Audit
from stall.store.audit.story import Story
from stall.store.readonly import one_view
from stall.wire import b64

__all__ = ["Audit", "audit", "describe"]


def audit(conn: sqlite3.Connection, public: bytes) -> Audit:
    """Read the whole journal, every epoch, and compare. `public` is the box's key.

    Runs inside one read transaction, so that a running stall does not disturb it.
    """
    found = Audit()
    try:
        with one_view(conn):
            _read_all(conn, found, public)
    except StallError as error:
        found.add(f"The head of the journal cannot be read: {error.sentence}")
    except sqlite3.DatabaseError as error:
        found.add(f"The database file is damaged and cannot be read to its end: {error}.")
    except (AttributeError, TypeError, ValueError, OverflowError) as error:  # a value its column's type forbids
        found.add(f"The database file is damaged: a row holds what it cannot hold ({error}).")
    return found


def _read_all(conn: sqlite3.Connection, found: Audit, public: bytes) -> None:
    _check_pages(conn, found)
    story = Story(conn, found, public)
    for epoch_no, read in chain.walk(conn, found, public):
        story.tell(epoch_no, read)
    story.end()
    remains.check(conn, found, story)
    goods.check(conn, found)


def _check_pages(conn: sqlite3.Connection, found: Audit) -> None:
    """What SQLite itself finds wrong with its pages, its indexes, and rows that name a row that is not there."""
    for (line,) in conn.execute("PRAGMA integrity_check(5)").fetchall():
        if line != "ok":
            found.add(f"The database file is damaged: {line}.")
    for row in conn.execute("PRAGMA foreign_key_check").fetchmany(5):
        found.add(f"Row {row[1]} of the table {row[0]} names a row of {row[2]} that is not there.")


def describe(found: Audit) -> dict[str, object]:
    """An audit as plain values, for --json."""
    return {
        "ok": found.ok,
        "epoch": found.epoch,
        "epochs": found.epochs,
        "events": found.events,
        "root": b64.encode(found.root),
        "receipts": found.receipts,
        "tenders": found.tenders,
        "findings": found.findings,
    }
