"""What SQLite says of a database it cannot read, turned into a sentence. Imports nothing of the store."""

from __future__ import annotations

import sqlite3

from stall.errors import Broken

_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def primary(error: sqlite3.Error) -> int:
    """SQLite's primary result code; the extended ones add detail above it."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def is_damage(error: sqlite3.Error) -> bool:
    """Whether the bytes of the database are not what SQLite wrote: SQLite says so, or a text in it is no UTF-8."""
    no_text = isinstance(error, sqlite3.OperationalError) and not hasattr(error, "sqlite_errorcode")
    return no_text or primary(error) in _DAMAGED


def explained(error: sqlite3.Error) -> Broken:
    """The error to raise when the database could not be read: `database-damaged`, or `database-failed` for the rest."""
    if is_damage(error):
        return Broken(
            "database-damaged",
            f"The stall's database is damaged ({error}), so nothing can be sold. Start the stall again; if this comes"
            " back, keep a copy of the data folder and put your newest backup in its place; limited drops then need a new"
            " lease. What is damaged says: stall journal verify",
        )
    return Broken(
        "database-failed",
        f"The stall's database cannot be used right now ({error}). Check the card or disk, then start the stall again.",
    )
