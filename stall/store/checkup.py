"""A quick look at whether a database is whole, for a connection that cannot write: minutes are for `stall journal verify`."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager

#: Steps of SQLite's machine between two looks at the clock.
_STEPS = 100_000


def version(conn: sqlite3.Connection) -> int:
    """The step of the schema this database has. Raises sqlite3.Error."""
    return int(conn.execute("PRAGMA user_version").fetchone()[0])


def quick_check(conn: sqlite3.Connection, most_s: float) -> list[str] | None:
    """What SQLite finds wrong with its pages in a quick check; None where it is not done in `most_s`. Raises sqlite3.Error."""
    with _no_longer_than(conn, most_s):
        try:
            found = [str(row[0]) for row in conn.execute("PRAGMA quick_check(5)").fetchall()]
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
                raise
            return None
    return [line for line in found if line != "ok"]


@contextmanager
def _no_longer_than(conn: sqlite3.Connection, most_s: float) -> Iterator[None]:
    """Interrupt what runs on a connection longer than that."""
    ends = time.monotonic() + most_s
    conn.set_progress_handler(lambda: time.monotonic() > ends, _STEPS)
    try:
        yield
    finally:
        conn.set_progress_handler(None, 0)
