"""Opens the cloud's database and runs whole transactions, again when another one was faster.

Nothing else in the cloud opens a connection or starts a transaction. No statement of ours is here.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from stall.cloud import schema
from stall.errors import Broken, Retry

T = TypeVar("T")

TRIES = 8  # a lost race costs one try; eight lost in a row is an overload, not a race
BUSY_MS = 5000  # how long SQLite waits for another writer
SERIALIZATION_FAILURE = "40001"  # SQLSTATE: the whole transaction must be run again
READ_ONLY = "stall_read_only"


class LostRaceError(Exception):
    """Another transaction moved what this one had read; never leaves this package."""


class Database:
    """One store of the cloud: `write` and `read` take a function of one connection."""

    def __init__(self, engine: Engine) -> None:
        """Take an engine made by `open_sqlite`, or one for a server database."""
        self._engine = engine

    def create_tables(self) -> None:
        """Make the tables that are missing."""
        schema.metadata.create_all(self._engine)

    def write(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in one transaction; it may be called again, so it must have no other effect.

        Raises Retry `cloud-busy` when it lost the race too often.
        """
        for _ in range(TRIES):
            try:
                with self._engine.begin() as conn:
                    return work(conn)
            except (LostRaceError, IntegrityError):
                continue  # two inserted the same key: the second look finds the row
            except DBAPIError as error:
                if not _worth_another_try(error):
                    raise
        raise Retry("cloud-busy", "The cloud is busy. Send the same events again.", after_s=2.0)

    def read(self, work: Callable[[Connection], T]) -> T:
        """Run `work` on one consistent snapshot."""
        with (
            self._engine.connect().execution_options(**{READ_ONLY: True}) as conn,
            conn.begin(),
        ):
            return work(conn)

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()


def open_sqlite(path: Path) -> Database:
    """Open (and make, if absent) the database file at `path`.

    Raises Broken `cloud-database` when the file cannot be opened or is no database.
    """
    engine = create_engine(f"sqlite:///{path}")
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    database = Database(engine)
    try:
        path.touch(mode=0o600)  # before SQLite makes it for everybody: journals are read with the owner's token only
        database.create_tables()
    except (DBAPIError, OSError) as error:
        raise Broken(
            "cloud-database",
            f"The cloud's database {path} cannot be opened. Check the disk and who owns the file.",
        ) from error
    return database


def _prepare(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # BEGIN is ours alone, see _begin
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={BUSY_MS}",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin(conn: Connection) -> None:
    # A deferred BEGIN that later writes fails at once with "locked"; so writers take turns first.
    reading = conn.get_execution_options().get(READ_ONLY, False)
    conn.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def _worth_another_try(error: DBAPIError) -> bool:
    if getattr(error.orig, "sqlstate", None) == SERIALIZATION_FAILURE:
        return True
    busy = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF in (
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
    )
    return isinstance(error, OperationalError) and busy
