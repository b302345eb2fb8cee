"""A change made anywhere wakes whoever waits."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest

from stall import app
from stall.store import watch
from stall.store.box import Box
from stall.store.watch import Watcher


def test_a_commit_elsewhere_wakes_the_waiter(box: Box, folder: Path) -> None:
    heard = threading.Event()
    watcher = Watcher(box.db.path, heard.set)
    seen = watcher.count
    other = app.open_box(folder)
    with other.db.transaction() as tx:
        tx.append("test", {})
    assert watcher.wait(seen, 10) > seen
    assert heard.is_set()
    other.close()
    watcher.stop()


def test_without_a_change_the_wait_ends_by_itself(box: Box) -> None:
    watcher = Watcher(box.db.path)
    assert watcher.wait(watcher.count, 0.01) == 0
    watcher.stop()
    assert watcher.wait(0, 60) == 0  # a stopped watcher lets everybody go


def test_a_listener_that_fails_does_not_end_the_watch(box: Box, folder: Path) -> None:
    def fail() -> None:
        raise sqlite3.OperationalError("disk I/O error")

    watcher = Watcher(box.db.path, fail)
    for seen in range(2):
        with box.db.transaction() as tx:
            tx.append("test", {})
        assert watcher.wait(seen, 10) > seen
    watcher.stop()


def test_trouble_with_the_database_begins_the_watch_anew(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    watcher = Watcher(box.db.path)
    look, looks = watch._version, [sqlite3.OperationalError("disk I/O error")]
    monkeypatch.setattr(watch, "_version", lambda conn: (_ for _ in ()).throw(looks.pop()) if looks else look(conn))
    assert watcher.wait(0, 10) == 1  # nobody knows what was missed, so everybody looks
    with box.db.transaction() as tx:
        tx.append("test", {})
    assert watcher.wait(1, 10) > 1
    watcher.stop()


def test_a_watch_that_cannot_begin_tries_again(folder: Path) -> None:
    away = folder / "stall.sqlite.away"
    (folder / "stall.sqlite").rename(away)
    watcher = Watcher(folder / "stall.sqlite")
    away.rename(folder / "stall.sqlite")
    assert watcher.wait(0, 10) >= 1
    watcher.stop()
