"""Every write of a real box, seen from the file system, happens while its process holds the door."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from stall import app
from tests.faults.outside_the_door import outside_the_door
from tests.preload.library import environment
from tests.preload.records import Op, Record, read

#: Many small transactions, over the thousand pages after which the log is copied back.
WRITER = """
import sys
from pathlib import Path
from stall import app
box = app.open_box(Path(sys.argv[1]))
for n in range(400):
    with box.db.transaction() as tx:
        tx.append("test", {"n": n, "filling": "x" * 9000})
MORE
box.close()
"""
BESIDE = """
import sqlite3
other = sqlite3.connect(box.db.path)
other.execute("UPDATE drops SET switched_on = 0")
other.execute("INSERT INTO exceptions (kind, sentence, at_ms) VALUES ('test', 'beside the door', 0)")
other.commit()
other.close()
"""

pytestmark = pytest.mark.preload


def recorded(folder: Path, log: Path, more: str = "") -> list[Record]:
    """Two processes write at once."""
    codes = [WRITER.replace("MORE", ""), WRITER.replace("MORE", more)]
    started = [
        subprocess.Popen([sys.executable, "-c", code, str(folder)], env=environment(under=folder, log=log))
        for code in codes
    ]
    assert [each.wait(50) for each in started] == [0, 0]
    return read(log)


def test_two_processes_write_and_checkpoint_inside_only(tmp_path: Path) -> None:
    app.create_box(tmp_path / "box", "Test", pin="123456")
    records = recorded(tmp_path / "box", tmp_path / "log")
    assert any(record.path == "stall.sqlite" and record.op is Op.SYNC for record in records), "nothing was copied back"
    assert outside_the_door(records) == []


def test_a_connection_beside_the_door_is_named(tmp_path: Path) -> None:
    app.create_box(tmp_path / "box", "Test", pin="123456")
    found = outside_the_door(recorded(tmp_path / "box", tmp_path / "log", BESIDE))
    assert any("stall.sqlite-wal without holding the door" in each for each in found)
