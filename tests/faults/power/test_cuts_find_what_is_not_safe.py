"""The harness can see: a program that forgets one sync is found out, and the same program with it is not."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from tests.faults.power import images
from tests.faults.power.disk import Disk
from tests.faults.power.images import Left
from tests.preload.records import Op, append_ack
from tests.preload.watched import Watched

pytestmark = pytest.mark.preload

#: Inserts a row per line, in one transaction each, and tells of it; crosses a checkpoint and ends with another.
ROWS = """
import pathlib, sqlite3, sys
sys.path.insert(0, {tests!r})
from tests.preload.records import append_ack
conn = sqlite3.connect("a.sqlite", isolation_level=None)
for pragma in ("journal_mode=WAL", "synchronous={synchronous}", "wal_autocheckpoint=0"):
    conn.execute(f"PRAGMA {{pragma}}")
conn.execute("CREATE TABLE t (n INTEGER PRIMARY KEY, filler BLOB)")
for n in range(16):
    {before}
    conn.execute("INSERT INTO t VALUES (?, randomblob(1500))", (n,))
    {after}
    if n == 7: conn.execute("PRAGMA wal_checkpoint(PASSIVE)")
    if n == 11: conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
"""
TELL = "append_ack(pathlib.Path({log!r}), str(n))"
#: Replaces a file over and over, telling of each version.
VERSIONS = """
import os, pathlib, sys
sys.path.insert(0, {tests!r})
from tests.preload.records import append_ack
for n in range(12):
    with open("fresh", "wb") as file:
        file.write(b"%05d" % n * 500)
        file.flush()
        {sync_file}
    os.replace("fresh", "settled")
    {sync_folder}
    append_ack(pathlib.Path({log!r}), str(n))
"""
SYNC_FILE = "os.fsync(file.fileno())"
SYNC_FOLDER = "d = os.open('.', os.O_RDONLY); os.fsync(d); os.close(d)"
TESTS = str(Path(__file__).parents[3])


def lost(watched: Watched, home: Path, newest: Callable[[Path], int]) -> int:
    """Cut the power after every record, in every way; count the images that are behind what was told."""
    disk, told, count = Disk(), -1, 0
    for at, record in enumerate(watched.records):
        disk.apply(record)
        if record.op is Op.ACK:
            told = int(record.text)
        for left in Left:
            folder = home / "image"
            images.lay_out(images.build(disk, left, Random(f"{at}/{left}")), folder)
            count += newest(folder) < told
            shutil.rmtree(folder)
    assert told > 0
    return count


def rows(folder: Path) -> int:
    """The newest row; below that of any that was told if one before it is missing or the file is damaged."""
    if not (folder / "a.sqlite").exists():
        return -1
    with contextlib.closing(sqlite3.connect(folder / "a.sqlite")) as conn:
        try:
            numbers = [n for (n,) in conn.execute("SELECT n FROM t ORDER BY n")]
            sound = conn.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        except sqlite3.Error:
            return -1
    return numbers[-1] if numbers and sound and numbers == list(range(len(numbers))) else -1


def version(folder: Path) -> int:
    """The version of the file that is there whole."""
    path = folder / "settled"
    data = path.read_bytes() if path.exists() else b""
    return int(data[:5]) if data[:5].isdigit() and data == data[:5] * 500 else -1


def test_rows_told_after_their_commit_are_never_lost(watched: Watched, tmp_path: Path) -> None:
    watched.run(ROWS.format(tests=TESTS, synchronous="FULL", before="", after=TELL.format(log=str(watched.log))))
    assert lost(watched, tmp_path, rows) == 0


def test_rows_committed_without_a_sync_are_found_lost(watched: Watched, tmp_path: Path) -> None:
    watched.run(ROWS.format(tests=TESTS, synchronous="NORMAL", before="", after=TELL.format(log=str(watched.log))))
    assert lost(watched, tmp_path, rows) > 10


def test_rows_told_before_their_commit_are_found_lost(watched: Watched, tmp_path: Path) -> None:
    watched.run(ROWS.format(tests=TESTS, synchronous="FULL", before=TELL.format(log=str(watched.log)), after=""))
    assert lost(watched, tmp_path, rows) > 10


@pytest.mark.parametrize(
    ("sync_file", "sync_folder", "safe"),
    [(SYNC_FILE, SYNC_FOLDER, True), ("", SYNC_FOLDER, False), (SYNC_FILE, "", False)],
    ids=["both", "file-not-synced", "folder-not-synced"],
)
def test_a_file_replaced_needs_two_syncs(
    watched: Watched, tmp_path: Path, sync_file: str, sync_folder: str, *, safe: bool
) -> None:
    code = VERSIONS.format(tests=TESTS, log=str(watched.log), sync_file=sync_file, sync_folder=sync_folder)
    watched.run(code)
    assert (lost(watched, tmp_path, version) == 0) is safe


def test_the_image_with_everything_left_is_what_the_program_left(watched: Watched, tmp_path: Path) -> None:
    watched.run(ROWS.format(tests=TESTS, synchronous="FULL", before="", after="") + "import os; os._exit(0)")
    disk = Disk()
    for record in watched.records:
        disk.apply(record)
    built = images.build(disk, Left.EVERYTHING, Random(1)).contents
    there = {path.name: path.read_bytes() for path in watched.folder.iterdir() if path.suffix != ".sqlite-shm"}
    assert built == {name: data for name, data in there.items() if not name.endswith("-shm")}


def test_what_was_told_is_in_the_log_in_its_place(watched: Watched) -> None:
    append_ack(watched.log, "zero")
    watched.run("import os; f = os.open('a', os.O_CREAT | os.O_WRONLY)")
    append_ack(watched.log, "one")
    assert [(record.op, record.text) for record in watched.records if record.op is Op.ACK] == [
        (Op.ACK, "zero"),
        (Op.ACK, "one"),
    ]
    assert watched.records[1].op is Op.OPEN
