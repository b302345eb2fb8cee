"""A change made anywhere wakes whoever waits."""

from __future__ import annotations

import threading
from pathlib import Path

from stall import app
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
