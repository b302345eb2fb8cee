"""What SQLite says of the disk and of a database it cannot read, turned into a sentence. Imports nothing of the store."""

from __future__ import annotations

import sqlite3

from stall.errors import Broken, Retry, StallError


class OutcomeUnknown(StallError):
    """COMMIT or the disk failed: whether the transaction happened is found at the next start."""


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


def of_write(error: sqlite3.Error) -> StallError | None:
    """What an error while writing means, where it is the disk's or the database's: None for every other.

    Broken `database-damaged`, `disk-full` (nothing was written, which is certain); OutcomeUnknown `disk-io`;
    Retry `database-busy`.
    """
    if is_damage(error):
        return explained(error)
    match primary(error):
        case sqlite3.SQLITE_FULL:
            return Broken("disk-full", "The disk is full and nothing was written. Free some space, then try again.")
        case sqlite3.SQLITE_IOERR | sqlite3.SQLITE_READONLY:
            return OutcomeUnknown(
                "disk-io", f"The disk failed ({error}). Check the card or disk, then start the stall again."
            )
        case sqlite3.SQLITE_BUSY:
            return Retry("database-busy", "Another program holds the database. Close it, then try again.")
        case _:
            return None


def of_commit(error: sqlite3.Error) -> StallError:
    """What an error of COMMIT means: a full disk is told by the write before the sync, anything else may have been written."""
    if primary(error) == sqlite3.SQLITE_FULL:
        full = of_write(error)
        assert full is not None  # noqa: S101 - a full disk has its words above
        return full
    return OutcomeUnknown("commit-unknown", f"The disk did not confirm a write ({error}). Start the stall again.")
