"""Connections that cannot write: one for each thread that reads, closed with its thread or with the process."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from stall.errors import Broken


def connect_readonly(path: Path, more: str = "") -> sqlite3.Connection:
    """Open a connection that cannot write. Raises Broken `box-unreadable`.

    It is opened mode=ro: a connection that may write and closes last would checkpoint outside the
    door. Any thread may close it; only one may use it. `more` is added to the parameters of its address.
    """
    try:
        conn = sqlite3.connect(
            f"file:{quote(str(path))}?mode=ro{more}", uri=True, isolation_level=None, check_same_thread=False
        )
        try:
            conn.execute("PRAGMA wal_autocheckpoint=0")
        except BaseException:
            conn.close()
            raise
    except sqlite3.Error as error:
        raise Broken(
            "box-unreadable", f"{path} cannot be opened ({error}). Check the folder's owner and rights."
        ) from error
    conn.row_factory = sqlite3.Row
    return conn


@contextmanager
def untouched(path: Path) -> Iterator[sqlite3.Connection]:
    """Look at a database without leaving anything beside it, whatever state it was left in. Raises Broken `box-unreadable`.

    SQLite makes its log and the index of it anew even for a connection that cannot write. So a database that nobody has open
    is read as a file that does not change; one whose log lost its index with the power is copied, with its log, and read there.
    """
    log, index = (path.with_name(path.name + end) for end in ("-wal", "-shm"))
    if index.exists():
        with _closing(connect_readonly(path)) as conn:
            yield conn
    elif not log.exists() or log.stat().st_size == 0:
        with _closing(connect_readonly(path, "&immutable=1")) as conn:
            yield conn
    else:
        with tempfile.TemporaryDirectory(prefix="stall-look-") as folder:
            copy = Path(folder) / path.name
            try:
                shutil.copyfile(path, copy)
                shutil.copyfile(log, copy.with_name(log.name))
            except OSError as error:
                raise Broken(
                    "box-unreadable", f"{path} cannot be read ({error.strerror}). Check the folder's owner and rights."
                ) from error
            with _closing(connect_readonly(copy)) as conn:
                yield conn


@contextmanager
def _closing(conn: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    try:
        yield conn
    finally:
        conn.close()


@contextmanager
def one_view(conn: sqlite3.Connection) -> Iterator[None]:
    """Let several reads on a read-only connection see one state of the database.

    While it lasts the log can not begin again at its front, so it grows; hold no view open while waiting for anything.
    """
    conn.execute("BEGIN")
    try:
        yield
    finally:
        if conn.in_transaction:
            conn.execute("ROLLBACK")


class _Held:
    """One thread's connection; goes when the thread does."""

    def __init__(self, conn: sqlite3.Connection) -> None:
        self.conn = conn

    def __del__(self) -> None:
        self.conn.close()


class ThreadReaders:
    """A read-only connection for each thread that asks."""

    def __init__(self, path: Path) -> None:
        """Nothing is opened yet."""
        self._path = path
        self._local = threading.local()
        self._all: weakref.WeakSet[_Held] = weakref.WeakSet()
        self._lock = threading.Lock()

    def mine(self) -> sqlite3.Connection:
        """This thread's connection, opened at its first use. Raises Broken `box-unreadable`."""
        held: _Held | None = getattr(self._local, "held", None)
        if held is None:
            held = _Held(connect_readonly(self._path))
            self._local.held = held
            with self._lock:
                self._all.add(held)
        return held.conn

    def close(self) -> None:
        """Close every thread's connection; whoever still reads then gets an error."""
        self._local.held = None
        with self._lock:
            for held in list(self._all):
                held.conn.close()
