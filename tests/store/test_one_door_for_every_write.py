"""Each sentence of the write door, with real threads, real processes and the real SQLite."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from stall import app
from stall.errors import Broken
from stall.store import journal, locks, wal
from stall.store.box import Box
from stall.store.damage import OutcomeUnknown
from stall.store.db import CHECKPOINT_PAGES, connect_writing
from tests.fakes.clock import FakeClock

ADDER = """
import sys
from pathlib import Path
from stall import app
box = app.open_box(Path(sys.argv[1]))
for _ in range(int(sys.argv[2])):
    with box.db.transaction() as tx:
        (n,) = tx.conn.execute("SELECT count FROM downloads").fetchone()
        tx.conn.execute("UPDATE downloads SET count = ?", (n + 1,))
box.close()
"""


def start_counting(box: Box) -> None:
    with box.db.transaction() as tx:
        tx.conn.execute("INSERT INTO downloads (claim, file, count) VALUES (1, 1, 0)")


def counted(box: Box) -> int:
    return int(box.db.read().execute("SELECT count FROM downloads").fetchone()[0])


def add_one(box: Box) -> None:
    with box.db.transaction() as tx:
        (n,) = tx.conn.execute("SELECT count FROM downloads").fetchone()
        tx.conn.execute("UPDATE downloads SET count = ?", (n + 1,))


def add_many(box: Box, times: int) -> None:
    for _ in range(times):
        add_one(box)


def test_threads_and_processes_never_overlap(box: Box, folder: Path) -> None:
    start_counting(box)
    others = [subprocess.Popen([sys.executable, "-c", ADDER, str(folder), "60"]) for _ in range(2)]
    threads = [threading.Thread(target=add_many, args=(box, 40)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [other.wait(timeout=30) for other in others] == [0, 0]
    assert counted(box) == 2 * 60 + 3 * 40


def change_then_fail(box: Box) -> None:
    with box.db.transaction() as tx:
        tx.conn.execute("UPDATE downloads SET count = 99")
        tx.append("test", {})
        raise ZeroDivisionError


def test_an_error_inside_undoes_everything(box: Box) -> None:
    start_counting(box)
    size = journal.read_head(box.db.read()).size
    with pytest.raises(ZeroDivisionError):
        change_then_fail(box)
    assert counted(box) == 0
    assert journal.read_head(box.db.read()).size == size
    add_one(box)
    assert counted(box) == 1


def test_a_removed_lock_file_stops_writing(box: Box, folder: Path) -> None:
    (folder / locks.DOOR).unlink()
    with pytest.raises(Broken) as refusal, box.db.transaction():
        pass
    assert refusal.value.code == "door-missing"


def test_a_lock_file_replaced_while_somebody_waits_stops_that_one(box: Box, folder: Path) -> None:
    inside, leave = threading.Event(), threading.Event()
    caught: list[str] = []

    def hold() -> None:
        with locks.door(folder):
            inside.set()
            leave.wait(5)

    def wait_and_enter() -> None:
        try:
            with locks.door(folder):
                caught.append("entered")
        except Broken as refusal:
            caught.append(refusal.code)

    holder, waiter = threading.Thread(target=hold), threading.Thread(target=wait_and_enter)
    holder.start()
    inside.wait(5)
    waiter.start()
    while not _somebody_holds(folder / locks.TURN):
        pass  # until the waiter has opened the door's file and waits for its lock
    (folder / locks.DOOR).unlink()
    (folder / locks.DOOR).touch()
    leave.set()
    holder.join()
    waiter.join()
    assert caught == ["door-replaced"]


def _somebody_holds(path: Path) -> bool:
    import fcntl

    with path.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


def test_readers_cannot_write(box: Box) -> None:
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        box.db.read().execute("DELETE FROM staff")


def test_a_reader_that_closes_last_does_not_checkpoint(folder: Path, clock: FakeClock) -> None:
    # the log is made by a process that dies, so that no writer is left to tidy up
    code = ADDER.replace("box.close()", "import os; os._exit(0)")
    opened = app.open_box(folder, clock=clock)
    start_counting(opened)
    subprocess.run([sys.executable, "-c", code, str(folder), "3"], check=True)
    log = folder / "stall.sqlite-wal"
    before = log.stat().st_size
    assert before > 0
    reader = sqlite3.connect(f"file:{folder}/stall.sqlite?mode=ro", uri=True)
    reader.execute("SELECT count(*) FROM staff").fetchone()
    opened.db.close()
    size_between = log.stat().st_size if log.exists() else 0
    reader.close()
    assert (log.stat().st_size if log.exists() else 0) == size_between


def test_the_holder_copies_the_log_back_once_it_has_grown_so_long(box: Box) -> None:
    def checkpoints_while_writing(pages: int) -> int:
        seen: list[str] = []
        with box.db.transaction() as tx:
            tx.conn.set_trace_callback(lambda sql: seen.append(sql) if "wal_checkpoint" in sql else None)
            tx.conn.execute("INSERT INTO exceptions (kind, sentence, at_ms) VALUES ('x', ?, 0)", ("x" * pages * 4096,))
        return len(seen)

    assert checkpoints_while_writing(CHECKPOINT_PAGES - 100) == 0
    assert checkpoints_while_writing(200) == 1
    assert checkpoints_while_writing(1) == 0
    assert wal.grown(box.db.path, wal.EMPTY, 99) is None  # copied back whole, so the log began again


def test_the_log_is_measured_as_sqlite_counts_it(box: Box) -> None:
    for _ in range(5):
        with box.db.transaction() as tx:
            tx.append("test", {})
    beside = connect_writing(box.db.path)
    (_, frames, _) = beside.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
    beside.close()
    measured = wal.grown(box.db.path, wal.EMPTY, 0)
    assert measured is not None
    assert measured.frames == frames


def test_the_door_never_opens_the_files_sqlite_locks(box: Box, folder: Path) -> None:
    """Closing such a descriptor would drop SQLite's own locks for the whole process."""
    opened: list[str] = []

    def hear(event: str, details: tuple[object, ...]) -> None:
        if event == "open" and listening:
            opened.append(str(details[0]))

    listening = False
    sys.addaudithook(hear)
    box.db.read()
    add_nothing = box.db.transaction
    with add_nothing():
        pass
    listening = True
    with box.db.transaction() as tx:
        tx.append("test", {})
    listening = False
    assert {Path(name).name for name in opened} == {"stall.turn", "stall.door", "stall.sqlite-wal"}


class BrokenCommit:
    """A connection whose disk fails at COMMIT."""

    def __init__(self, conn: sqlite3.Connection) -> None:
        self._conn = conn

    def execute(self, sql: str, *values: Any) -> object:
        if sql == "COMMIT":
            raise sqlite3.OperationalError("disk I/O error")
        return self._conn.execute(sql, *values)

    def __getattr__(self, name: str) -> object:
        return getattr(self._conn, name)


def test_an_error_at_commit_stops_the_process(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    box.db._on_unknown = lambda error: told.append(error.code)
    broken = BrokenCommit(box.db._writing_connection())
    monkeypatch.setattr(box.db, "_writing_connection", lambda: broken)
    with pytest.raises(OutcomeUnknown), box.db.transaction() as tx:
        tx.append("test", {})
    assert told == ["commit-unknown"]


def write_much(box: Box) -> None:
    with box.db.transaction() as tx:
        tx.append("test", {})
        tx.conn.execute("INSERT INTO exceptions (kind, sentence, at_ms) VALUES ('x', ?, 0)", ("x" * 100_000,))


def test_a_full_disk_is_said_in_a_sentence_and_nothing_is_written(box: Box) -> None:
    size = journal.read_head(box.db.read()).size
    with box.db.transaction() as tx:
        (pages,) = tx.conn.execute("PRAGMA page_count").fetchone()
    box.db._writing_connection().execute(f"PRAGMA max_page_count={pages + 2}")
    with pytest.raises(Broken) as refusal:
        write_much(box)
    assert refusal.value.code == "disk-full"
    assert journal.read_head(box.db.read()).size == size


def test_every_write_is_synced_before_it_returns(box: Box) -> None:
    with box.db.transaction() as tx:
        assert tx.conn.execute("PRAGMA synchronous").fetchone()[0] == 2  # FULL
        assert tx.conn.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
        assert tx.conn.execute("PRAGMA wal_autocheckpoint").fetchone()[0] == 0


def test_an_older_or_newer_schema_is_refused(folder: Path) -> None:
    for version, code in ((0, "schema-old"), (99, "schema-new")):
        conn = sqlite3.connect(folder / "stall.sqlite")
        conn.execute(f"PRAGMA user_version={version}")
        conn.close()
        with pytest.raises(Broken) as refusal:
            app.open_box(folder)
        assert refusal.value.code == code
