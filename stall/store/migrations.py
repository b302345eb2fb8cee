"""Bring a box's database to the newest schema. Run only while nothing else runs (locks.own_run).

The steps and their record are kept by sqlite-utils; this is the only module on the box that
imports it, so no process that serves people pays for it.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from sqlite_utils import Database as Tables
from sqlite_utils import Migrations

from stall.errors import Refused
from stall.store import day_ends, ledger, place, schema
from stall.store.place import Kept, Witness
from stall.wire.merkle import Frontier

steps = Migrations("stall")
#: How long whoever looks at the database is waited for.
BUSY_S = 5.0


@steps(name="0001_founding")
def _founding(tables: Tables) -> None:
    _run(tables, schema.FOUNDING)


@steps(name="0002_hash_tiles")
def _hash_tiles(tables: Tables) -> None:
    _run(tables, schema.HASH_TILES)


@steps(name="0003_epochs")
def _epochs(tables: Tables) -> None:
    _run(tables, schema.EPOCHS)


@steps(name="0004_decisions")
def _decisions(tables: Tables) -> None:
    _run(tables, schema.DECISIONS)


@steps(name="0005_references")
def _references(tables: Tables) -> None:
    _run(tables, schema.REFERENCES)


@steps(name="0006_giving_back")
def _giving_back(tables: Tables) -> None:
    _run(tables, schema.GIVING_BACK)


@steps(name="0007_baselines")
def _baselines(tables: Tables) -> None:
    _run(tables, schema.BASELINES)


@steps(name="0008_till")
def _till(tables: Tables) -> None:
    _run(tables, schema.TILL)
    ledger.post_all(tables.conn)
    day_ends.compare_all(tables.conn)


@steps(name="0009_buyers")
def _buyers(tables: Tables) -> None:
    _run(tables, schema.BUYERS)


@steps(name="0010_papers")
def _papers(tables: Tables) -> None:
    _run(tables, schema.PAPERS)


def _run(tables: Tables, statements: str) -> None:
    for statement in statements.split(";"):
        if statement.strip():
            tables.conn.execute(statement)


def migrate(path: Path) -> None:
    """Apply every step the database at `path` has not had. Makes the file when it is absent.

    A box made before its place was noted counts as being at home. The caller holds the run lock exclusively.
    """
    conn = sqlite3.connect(path, isolation_level=None)
    try:
        conn.execute("PRAGMA journal_mode=WAL")
        conn.execute("PRAGMA synchronous=FULL")
        (version,) = conn.execute("PRAGMA user_version").fetchone()
        if 0 < version < schema.PLACED:  # noted first: cut off in between, the next try notes it again
            place.keep(path.parent, Kept(place.here(path.parent, path.name), _newest(conn)))
        steps.apply(Tables(conn))
        conn.execute(f"PRAGMA user_version={schema.VERSION}")
    finally:
        conn.close()


def outdated(path: Path) -> bool:
    """Whether a database is older than this version; its log is empty then, so the file alone is all of it.

    The caller holds the run lock exclusively. Raises Refused `box-running` where somebody who looks keeps the log from being emptied.
    """
    conn = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)
    try:
        (version,) = conn.execute("PRAGMA user_version").fetchone()
        if version < schema.VERSION:
            busy, _, _ = conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if busy:
                raise Refused("box-running", "Somebody reads the stall's database. Stop that first, then try again.")
            return True
        return False
    finally:
        conn.close()


def _newest(conn: sqlite3.Connection) -> Witness:
    epoch, size, frontier = conn.execute(
        "SELECT e.epoch, j.size, j.frontier FROM journal j JOIN epochs e ON e.no = j.epoch_no"
    ).fetchone()
    return Witness.of(epoch, size, Frontier.from_bytes(size, frontier).root())
