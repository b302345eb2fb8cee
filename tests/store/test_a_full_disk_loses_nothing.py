"""A disk that is full in spite of the guard: a small real file system, in a mount namespace of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.sources import ROOT

pytestmark = pytest.mark.root

#: Runs inside the namespace: a box on a disk of 6 MB, and a file that takes all the rest of it.
PROLOGUE = """
import sys
from pathlib import Path
from stall import app
from stall.errors import Broken, Refused, Retry
from stall.flows import card_attempt
from stall.settings import Disk
from stall.store import attempts, audit, journal, readers, sales
from stall.store.room import Room
from tests.fakes import stock
from tests.fakes.clock import FakeClock
from tests.fakes.stock import PRINTS, ZINE, Stocked
from tests.flows import selling

folder, filler = Path(sys.argv[1]) / "box", Path(sys.argv[1]) / "filler"
stock.stock(folder, FakeClock())
box = app.open_box(folder, clock=FakeClock(), crowd=True, all_day=True)
stall = Stocked(box, box.clock, folder)
with box.db.transaction() as tx:
    readers.report(tx, 1, "Reader", "ready", "Ready")

def fill():
    with filler.open("ab", buffering=0) as file:
        for size in (65536, 4096, 512, 1):
            try:
                while file.write(bytes(size)) == size:
                    pass
            except OSError:
                pass

def size():
    return journal.read_head(box.db.read()).size

def sound():
    assert audit.audit(box.db.read(), box.secrets.signing.public).findings == []

def refused(work):
    before = size()
    try:
        work()
    except Broken as error:
        assert error.code == "disk-full", error
    else:
        raise AssertionError("a full disk took a write")
    assert size() == before
"""


def on_a_small_disk(tmp_path: Path, script: str) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "script.py").write_text(PROLOGUE + script)
    shell = 'mount -t tmpfs -o size=6m none "$1" && exec "$2" "$3" "$1"'
    command = ["unshare", "-m", "sh", "-c", shell, "sh"]
    where = [tmp_path / "disk", sys.executable, tmp_path / "script.py"]
    ended = subprocess.run(
        [*command, *map(str, where)],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin:/usr/sbin:/sbin"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if "Operation not permitted" in ended.stderr and "unshare" in ended.stderr:
        pytest.skip("may not make a mount namespace here")
    assert (ended.returncode, ended.stdout.splitlines()[-1:]) == (0, ["done"]), ended.stderr


def test_nothing_is_written_or_lost_and_selling_goes_on_once_there_is_room(tmp_path: Path) -> None:
    on_a_small_disk(
        tmp_path,
        """
paid = selling.basket(stall, ZINE)
selling.cash(stall, paid)
waiting = selling.basket(stall, PRINTS)
fill()
for _ in range(3):  # the process lives on: downloads are served, and each try is answered
    refused(lambda: box.write("payment", lambda tx: tx.append("test", {"words": "x" * 50_000})))
    refused(lambda: selling.cash(stall, waiting))
sound()
assert sales.get(box.db.read(), paid).state == "paid"
filler.unlink()
selling.cash(stall, waiting)
assert sales.get(box.db.read(), waiting).state == "paid"
sound()
box.close()
again = app.open_box(folder, clock=FakeClock())
assert [sales.get(again.db.read(), sale).state for sale in (paid, waiting)] == ["paid", "paid"]
again.close()
print("done")
""",
    )


def test_a_card_in_the_terminal_is_neither_booked_nor_forgotten(tmp_path: Path) -> None:
    on_a_small_disk(
        tmp_path,
        """
sale = selling.basket(stall, PRINTS)
attempt = selling.ask(stall, sale)
selling.send(stall, attempt)
fill()
refused(lambda: box.write("payment", lambda tx: tx.append("test", {"words": "x" * 50_000})))
refused(lambda: selling.approve(stall, attempt))  # so the terminal is told to take it back
assert selling.now(stall, attempt).state == "sent"
assert selling.numbers(stall, sale) == [1]
filler.unlink()
box.write("payment", lambda tx: card_attempt.doubt(tx, attempt, "reader_lost"))  # what the reader's next start does
assert sales.get(box.db.read(), sale).state == "basket"
sound()
box.close()
print("done")
""",
    )


def test_the_guard_stops_selling_while_there_is_room_for_what_is_begun(tmp_path: Path) -> None:
    on_a_small_disk(
        tmp_path,
        """
box.room = Room(folder, Disk(warn_mb=2, stop_mb=1), monotonic=iter(range(10**6)).__next__)
sold = 0
while True:  # each sale, and a file somebody else leaves beside the stall
    try:
        box.room.check()
    except Refused as error:
        assert error.code == "disk-nearly-full"
        break
    selling.cash(stall, selling.basket(stall, ZINE))
    with filler.open("ab") as file:
        file.write(bytes(100_000))
    sold += 1
    assert sold < 1000
assert sold > 3
assert box.room.low()
box.write("payment", lambda tx: tx.append("test", {"words": "x" * 50_000}))
sound()
box.close()
print("done")
""",
    )
