"""The frontier and the floor are read inside the door at each use: somebody else may have written in between."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from stall import app
from stall.store import audit, journal
from stall.store.box import Box
from tests.fakes.clock import START_MS, FakeClock

OTHER = """
import sys
from pathlib import Path
from stall import app
from tests.fakes.clock import START_MS, FakeClock
box = app.open_box(Path(sys.argv[1]), clock=FakeClock(wall=START_MS + 3_600_000))
for _ in range(3):
    with box.db.transaction() as tx:
        tx.append("test", {"word": "other"})
box.close()
"""


def append(box: Box) -> tuple[int, int]:
    with box.db.transaction() as tx:
        return tx.append("test", {"word": "own"}), tx.now_ms


def test_another_process_writes_in_between(box: Box, folder: Path) -> None:
    first, _ = append(box)
    subprocess.run([sys.executable, "-c", OTHER, str(folder)], check=True, timeout=60)
    second, at_ms = append(box)
    assert second == first + 4
    assert at_ms == START_MS + 3_600_000  # no earlier than the other's last event, though this clock says so
    assert journal.read_head(box.db.read()).size == second + 1
    assert audit.audit(box.db.read(), box.secrets.signing.public).findings == []


def test_two_openings_in_one_process_take_turns(box: Box, folder: Path, clock: FakeClock) -> None:
    other = app.open_box(folder, clock=clock)
    numbers = [append(each)[0] for _ in range(5) for each in (box, other)]
    other.close()
    assert numbers == list(range(numbers[0], numbers[0] + 10))
    assert audit.audit(box.db.read(), box.secrets.signing.public).findings == []
