"""The turnstile: a process that writes now and then is not starved by one that writes without pause."""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from stall.store import journal, locks
from stall.store.box import Box
from stall.wire import event

#: Enters again at once, as the crowd's writer does; each batch takes a moment, as the sync of a card does.
CROWD = """
import sys, time
from pathlib import Path
from stall import app
box = app.open_box(Path(sys.argv[1]))
deadline = time.monotonic() + 40
while time.monotonic() < deadline and not (Path(sys.argv[1]) / "enough").exists():
    with box.db.transaction() as tx:
        tx.conn.execute("UPDATE downloads SET count = count + 1")
        time.sleep(0.03)
box.close()
"""
LONE = """
import sys
from pathlib import Path
from stall import app
box = app.open_box(Path(sys.argv[1]))
with box.db.transaction() as tx:
    tx.append("test", {"word": "lone"})
box.close()
"""
TRIES = 21


def batches(box: Box) -> int:
    return int(box.db.read().execute("SELECT count FROM downloads").fetchone()[0])


def wait_until(box: Box, count: int) -> None:
    """Let the crowd go on, so that it is in the middle of its batches again."""
    deadline = time.monotonic() + 30
    while batches(box) < count:
        assert time.monotonic() < deadline, "the crowd stands still"
        time.sleep(0.001)


def test_it_enters_within_two_of_the_crowds_batches(box: Box, folder: Path) -> None:
    with box.db.transaction() as tx:
        tx.conn.execute("INSERT INTO downloads (claim, file, count) VALUES (1, 1, 0)")
    crowd = subprocess.Popen([sys.executable, "-c", CROWD, str(folder)])
    try:
        passed = []
        for _ in range(TRIES):
            wait_until(box, batches(box) + 2)
            before = batches(box)
            with box.db.transaction() as tx:
                passed.append(tx.conn.execute("SELECT count FROM downloads").fetchone()[0] - before)
    finally:
        (folder / "enough").touch()
        assert crowd.wait(60) == 0
    # the middle one: on a busy machine this process may sleep between looking and asking
    assert statistics.median(passed) <= 2, passed


def lines_of(path: Path) -> list[str]:
    """The kernel's list of who holds and who waits (->) for a lock file."""
    inode = path.stat().st_ino
    return [line for line in Path("/proc/locks").read_text().splitlines() if f":{inode} " in line]


def until(what: Callable[[], bool], why: str) -> None:
    deadline = time.monotonic() + 30
    while not what():
        assert time.monotonic() < deadline, why
        time.sleep(0.002)


def test_the_crowd_does_not_come_in_again_before_one_who_waits(box: Box, folder: Path) -> None:
    """However slowly the one who waits wakes up: here it is stopped while the door stands open."""
    lone = subprocess.Popen([sys.executable, "-c", LONE, str(folder)])
    try:
        with locks.door(folder):
            until(lambda: any("->" in line for line in lines_of(folder / locks.DOOR)), "it never came to the door")
            os.kill(lone.pid, signal.SIGSTOP)
            until(lambda: ") T " in Path(f"/proc/{lone.pid}/stat").read_text(), "it does not stop")
        again = threading.Thread(target=note, args=(box, "crowd"))
        again.start()
        until(
            lambda: not again.is_alive() or any("->" in line for line in lines_of(folder / locks.TURN)),
            "the crowd neither came in nor waits",
        )
        assert again.is_alive(), "the crowd came in again before the one who waited"
    finally:
        os.kill(lone.pid, signal.SIGCONT)
        assert lone.wait(60) == 0
    again.join(30)
    words = [event.decode(data).body.get("word") for _, data in journal.all_events(box.db.read(), 1)]
    assert words[-2:] == ["lone", "crowd"]


def note(box: Box, word: str) -> None:
    with box.db.transaction() as tx:
        tx.append("test", {"word": word})
