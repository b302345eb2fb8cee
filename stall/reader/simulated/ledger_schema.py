"""The tables of the simulated terminal's books, and how books of an earlier version become those of this one."""

from __future__ import annotations

import sqlite3

_VERSION = 2
_SCHEMA = """
CREATE TABLE IF NOT EXISTS terminal (
    id INTEGER PRIMARY KEY CHECK (id = 1), tid TEXT NOT NULL, receipt INTEGER NOT NULL, trace INTEGER NOT NULL,
    day INTEGER NOT NULL, wrap INTEGER NOT NULL DEFAULT 1, reversal TEXT NOT NULL DEFAULT 'reverse',
    day_end_required INTEGER NOT NULL DEFAULT 0, script TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE TABLE IF NOT EXISTS entry (
    id INTEGER PRIMARY KEY, kind TEXT NOT NULL CHECK (kind IN ('payment', 'reversal', 'refund')),
    receipt INTEGER NOT NULL, trace INTEGER NOT NULL, amount INTEGER NOT NULL CHECK (amount > 0),
    currency TEXT NOT NULL, card INTEGER NOT NULL, result INTEGER NOT NULL, at TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'booked', 'reversed', 'declined')), original_trace INTEGER,
    day_end INTEGER, origin TEXT NOT NULL DEFAULT 'till' CHECK (origin IN ('till', 'terminal')),
    clearing TEXT NOT NULL DEFAULT 'online' CHECK (clearing IN ('online', 'stored', 'sent', 'declined'))
) STRICT;
CREATE TABLE IF NOT EXISTS counted (name TEXT PRIMARY KEY, n INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS heard (
    id INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, command INTEGER NOT NULL, amount INTEGER, receipt INTEGER
) STRICT;
"""
_OLD_COLUMNS = "id, kind, receipt, trace, amount, currency, card, result, at, state, original_trace, day_end"
_FROM_VERSION_0 = (
    "ALTER TABLE entry RENAME TO entry_0",
    "ALTER TABLE terminal ADD COLUMN wrap INTEGER NOT NULL DEFAULT 1",
    "ALTER TABLE terminal ADD COLUMN reversal TEXT NOT NULL DEFAULT 'reverse'",
    "ALTER TABLE terminal ADD COLUMN day_end_required INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE terminal ADD COLUMN script TEXT NOT NULL DEFAULT ''",
    *filter(str.strip, _SCHEMA.split(";")),
    f"INSERT INTO entry ({_OLD_COLUMNS}) SELECT {_OLD_COLUMNS} FROM entry_0",  # noqa: S608 - constants above
    "DROP TABLE entry_0",
)
"""Books of the first version knew neither refunds nor what was approved without the bank; the second had no `heard`."""


def making(db: sqlite3.Connection) -> tuple[str, ...]:
    """The statements that make new books, or turn old ones into those of this version."""
    old = db.execute("SELECT 1 FROM sqlite_master WHERE name = 'entry'").fetchone()
    version = db.execute("PRAGMA user_version").fetchone()[0] if old else None
    if version == _VERSION:
        return ()
    made = _FROM_VERSION_0 if version == 0 else tuple(filter(str.strip, _SCHEMA.split(";")))
    return (*made, f"PRAGMA user_version = {_VERSION}")
