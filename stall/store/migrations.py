"""Bring a box's database to the newest schema. Run only while nothing else runs (locks.own_run).

The steps and their record are kept by sqlite-utils; this is the only module on the box that
imports it, so no process that serves people pays for it.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from sqlite_utils import Database as Tables
from sqlite_utils import Migrations

from stall.store import schema

steps = Migrations("stall")


@steps(name="0001_founding")
def _founding(tables: Tables) -> None:
    _run(tables, schema.FOUNDING)


@steps(name="0002_hash_tiles")
def _hash_tiles(tables: Tables) -> None:
    _run(tables, schema.HASH_TILES)


@steps(name="0003_epochs")
def _epochs(tables: Tables) -> None:
    _run(tables, schema.EPOCHS)


def _run(tables: Tables, statements: str) -> None:
    for statement in statements.split(";"):
        if statement.strip():
            tables.conn.execute(statement)


def migrate(path: Path) -> None:
    """Apply every step the database at `path` has not had. Makes the file when it is absent.

    The caller holds the run lock exclusively.
    """
    conn = sqlite3.connect(path, isolation_level=None)
    try:
        conn.execute("PRAGMA journal_mode=WAL")
        conn.execute("PRAGMA synchronous=FULL")
        steps.apply(Tables(conn))
        conn.execute(f"PRAGMA user_version={schema.VERSION}")
    finally:
        conn.close()
