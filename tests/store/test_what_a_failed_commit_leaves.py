"""An error of COMMIT stops the process; what became of the write is found at the next start, either way."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from stall import app
from stall.store import audit, journal
from stall.store.box import Box
from stall.store.damage import OutcomeUnknown

#: A process that runs all day, whose disk answers its COMMIT with an error, after keeping the write or without it.
FAILING = """
import sqlite3, sys
from pathlib import Path
from stall import app

class Conn:
    def __init__(self, conn): self.conn = conn
    def execute(self, sql, *values):
        if sql == "COMMIT":
            if sys.argv[2] == "kept":
                self.conn.execute(sql)
            raise sqlite3.OperationalError("disk I/O error")
        return self.conn.execute(sql, *values)
    def __getattr__(self, name): return getattr(self.conn, name)

box = app.open_box(Path(sys.argv[1]), crowd=sys.argv[3] == "crowd", all_day=True)
conn = Conn(box.db._writing_connection())
box.db._writing_connection = lambda: conn
print("before", flush=True)
box.write("payment", lambda tx: tx.append("test", {"word": "whole"}))
print("after", flush=True)
"""

#: A process that ends in the middle of its day, without closing anything.
CUT_OFF = """
import os, sys
from pathlib import Path
from stall import app

box = app.open_box(Path(sys.argv[1]))
box.write("payment", lambda tx: tx.append("test", {"word": "whole"}))
os._exit(9)
"""


@pytest.mark.parametrize("crowd", ["crowd", "alone"])
@pytest.mark.parametrize(("outcome", "more"), [("kept", 1), ("lost", 0)])
def test_the_process_stops_with_75_and_the_next_start_finds_what_happened(
    box: Box, folder: Path, outcome: str, more: int, crowd: str
) -> None:
    size = journal.read_head(box.db.read()).size
    box.close()
    ended = subprocess.run(
        [sys.executable, "-c", FAILING, str(folder), outcome, crowd],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 75
    assert ended.stdout == "before\n"  # nobody was answered
    assert "[commit-unknown]" in ended.stderr
    again = app.open_box(folder)
    assert journal.read_head(again.db.read()).size == size + more
    assert audit.audit(again.db.read(), again.secrets.signing.public).findings == []
    with again.db.transaction() as tx:
        assert tx.append("test", {}) == size + more
    again.close()


def test_after_an_unknown_outcome_nobody_in_the_process_writes_again(box: Box) -> None:
    error = OutcomeUnknown("commit-unknown", "The disk did not confirm a write.")
    box.db.stop_writing(error)
    begun = []
    with pytest.raises(OutcomeUnknown), box.db.transaction() as tx:
        begun.append(tx)
    assert begun == []


def test_what_a_process_that_was_cut_off_left_in_the_log_is_on_the_disk_before_anybody_is_answered(
    box: Box, folder: Path
) -> None:
    """Its COMMIT may never have been synced, and a repeated press is answered by reading alone."""
    box.close()
    ended = subprocess.run([sys.executable, "-c", CUT_OFF, str(folder)], timeout=60, check=False)
    log = folder / "stall.sqlite-wal"
    assert (ended.returncode, log.stat().st_size > 0) == (9, True)
    again = app.open_box(folder, all_day=True)
    assert log.stat().st_size == 0
    again.close()
