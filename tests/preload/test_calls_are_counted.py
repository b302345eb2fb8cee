"""Counters and delays: what the benchmarks stand on."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from tests.preload.watched import ENOUGH_S, Watched

pytestmark = pytest.mark.preload

SQLITE = """
import sqlite3
conn = sqlite3.connect("a.sqlite", isolation_level=None)
for pragma in ("journal_mode=WAL", "synchronous=FULL", "wal_autocheckpoint=0"):
    conn.execute(f"PRAGMA {pragma}")
conn.execute("CREATE TABLE t (n)")
"""


def test_a_commit_in_wal_mode_is_one_sync(watched: Watched) -> None:
    watched.run(SQLITE)
    before = watched.tally
    watched.run(SQLITE.replace("CREATE TABLE t (n)", "SELECT 1") + "conn.close()")
    opening = watched.tally.since(before)
    before = watched.tally
    insert = 'for n in range(7): conn.execute("INSERT INTO t VALUES (?)", (n,))\n'
    watched.run(SQLITE.replace("CREATE TABLE t (n)", "SELECT 1") + "import os\n" + insert + "os._exit(0)")
    # The log is begun anew by the first of the seven: its header is one sync, its name in the folder another.
    assert watched.tally.since(before).syncs == opening.syncs + 7 + 2


def test_writes_are_counted_with_their_bytes_and_shared_memory_is_not(watched: Watched) -> None:
    watched.run("open('a', 'wb', buffering=0).write(b'x' * 5000); open('a.sqlite-shm', 'wb').write(b'x' * 100)")
    assert (watched.tally.writes, watched.tally.bytes) == (1, 5000)


def test_files_elsewhere_are_not_counted(watched: Watched) -> None:
    watched.run(
        "import os; f = open('../beside', 'wb'); f.write(b'x'); f.flush(); os.fsync(f.fileno()); os.truncate('../beside', 0); os.rename('../beside', '../there'); os.unlink('../there')"
    )
    assert set(vars_of(watched)) == {0}


def test_truncates_renames_and_unlinks_are_counted(watched: Watched) -> None:
    watched.run("import os; open('a', 'wb').truncate(9); os.truncate('a', 3); os.replace('a', 'b'); os.unlink('b')")
    tally = watched.tally
    assert (tally.truncates, tally.renames, tally.unlinks) == (2, 1, 1)


def test_processes_add_to_the_same_counters(watched: Watched) -> None:
    code = (
        "import os\nf = os.open('a%d' % os.getpid(), os.O_CREAT | os.O_WRONLY)\nfor n in range(500): os.write(f, b'x')"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", code], cwd=watched.folder, env=watched.environment()) for _ in range(3)
    ]
    for process in started:
        assert process.wait(ENOUGH_S) == 0
    assert watched.tally.writes == 1500


def test_every_sync_takes_at_least_the_delay(watched: Watched) -> None:
    syncs = "import os\nf = os.open('a', os.O_CREAT | os.O_WRONLY)\nfor n in range(10): os.fsync(f); os.fdatasync(f)"
    began = time.monotonic()
    watched.run(syncs, delay_us=20_000)
    assert time.monotonic() - began >= 20 * 0.020
    assert watched.tally.syncs == 20


def test_a_file_that_cannot_be_used_ends_the_process(watched: Watched) -> None:
    environment = {**watched.environment(), "STALL_DISK_COUNTS": str(watched.folder / "nowhere")}
    done = subprocess.run(
        [sys.executable, "-c", ""], env=environment, capture_output=True, timeout=ENOUGH_S, check=False
    )
    assert done.returncode == 70
    assert b"disk preload" in done.stderr


def vars_of(watched: Watched) -> list[int]:
    tally = watched.tally
    return [tally.writes, tally.bytes, tally.syncs, tally.truncates, tally.renames, tally.unlinks]
