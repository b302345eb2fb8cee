"""Wake whoever waits for a change of the database, whichever process made it.

One thread a process reads PRAGMA data_version every 50 ms on its own read-only connection: about
4 µs a look, and no file of ours to watch.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

from stall import log
from stall.errors import Broken
from stall.store.readonly import connect_readonly

PERIOD_S = 0.05
#: How long starting waits for the first look (s); the watch begins anew by itself after trouble.
BEGIN_S = 10.0


class Watcher:
    """Counts changes; `wait` blocks until the count passes what the caller has seen."""

    def __init__(self, path: Path, on_change: Callable[[], None] | None = None) -> None:
        """Start watching the database at `path`; `on_change` runs on the watching thread.

        Returns when the watch has begun, after ten seconds at most: no change after that is missed.
        """
        self._path = path
        self._on_change = on_change
        self._changed = threading.Condition()
        self._count = 0
        #: How often it looked, changed or not: grows while its thread goes round.
        self.turns = 0
        self._stop, self._begun = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="watcher", daemon=True)
        self._thread.start()
        self._begun.wait(BEGIN_S)

    @property
    def count(self) -> int:
        """How many changes were seen so far."""
        with self._changed:
            return self._count

    def wait(self, seen: int, timeout_s: float) -> int:
        """Wait until something changed after `seen`, or `timeout_s` passed; return the count."""
        with self._changed:
            self._changed.wait_for(lambda: self._count > seen or self._stop.is_set(), timeout_s)
            return self._count

    def stop(self) -> None:
        """End the thread and let every waiter go."""
        self._stop.set()
        with self._changed:
            self._changed.notify_all()
        self._thread.join(timeout=2)

    def _run(self) -> None:
        """Watch until stopped. Trouble with the database begins anew: if this thread died, everybody would sleep for ever."""
        while not self._stop.is_set():
            try:
                self._watch()
            except (sqlite3.Error, Broken) as trouble:
                log.get("store").warning("watch.begun_anew", reason=str(trouble))
                self._begun.set()
                self.turns += 1
                self._stop.wait(PERIOD_S)
                self._tell()  # what was missed meanwhile nobody knows

    def _watch(self) -> None:
        with contextlib.closing(connect_readonly(self._path)) as conn:
            last = _version(conn)
            self._begun.set()
            while not self._stop.wait(PERIOD_S):
                self.turns += 1
                now = _version(conn)
                if now != last:
                    last = now
                    self._tell()

    def _tell(self) -> None:
        try:
            if self._on_change is not None:
                self._on_change()
        except Exception as trouble:  # noqa: BLE001 - whatever a listener does wrong, the others are told of the next change
            log.get("store").error("watch.listener_failed", reason=str(trouble))
        with self._changed:
            self._count += 1
            self._changed.notify_all()


def _version(conn: sqlite3.Connection) -> int:
    version: int = conn.execute("PRAGMA data_version").fetchone()[0]
    return version
