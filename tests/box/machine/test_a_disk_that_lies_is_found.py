"""A disk that says it kept something and did not is found: by a rate that cannot be, and by what is left after the power was cut."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from stall.box.machine import power_cut, sync_test
from stall.box.machine.card import Kind
from stall.box.machine.sync_test import Rate
from stall.errors import Refused
from tests.faults.power import images
from tests.faults.power.disk import Disk
from tests.faults.power.images import Left
from tests.preload.records import Op, Record
from tests.preload.watched import Watched

ROOT = Path(__file__).parents[3]
COUNT = 12

MEASURE = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from pathlib import Path
from stall.box.machine import sync_test
print(sync_test.measure(Path.cwd()).count)
"""
ARM = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from pathlib import Path
from stall.box.machine import power_cut
from tests.preload.records import append_ack
power_cut.arm(Path.cwd(), "boot-1", lambda number: append_ack(Path.cwd().parent / "log", str(number)), most={COUNT}, tell_s=0)
"""


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    watched = Watched(tmp_path)
    yield watched
    watched.faults.close()


@pytest.mark.preload
def test_every_block_of_the_measurement_is_forced_to_the_disk_and_nothing_is_left(watched: Watched) -> None:
    assert watched.run(MEASURE).strip() == str(sync_test.COUNT)
    assert watched.tally.syncs == watched.tally.writes == sync_test.COUNT
    assert watched.tally.bytes == sync_test.COUNT * sync_test.BLOCK_BYTES
    assert list(watched.folder.iterdir()) == []


@pytest.mark.preload
def test_a_slow_disk_ends_the_measurement_in_time(watched: Watched) -> None:
    assert int(watched.run(MEASURE, delay_us=100_000)) < sync_test.COUNT


@pytest.mark.parametrize(
    ("kind", "per_s", "lies"),
    [
        (Kind.SD, 140, False),
        (Kind.SD, 1_500, False),
        (Kind.SD, 9_000, True),
        (Kind.ROTATING, 120, False),
        (Kind.ROTATING, 4_000, True),
        (Kind.NVME, 40_000, False),
        (Kind.OTHER, 40_000, False),
    ],
)
def test_a_rate_is_judged_by_what_a_disk_of_its_kind_can_do(kind: Kind, per_s: float, lies: bool) -> None:
    assert sync_test.cannot_be(kind, Rate(64, per_s, 1000 / per_s, 2000 / per_s)) is lies
    assert not sync_test.cannot_be(kind, Rate(3, per_s, 1000 / per_s, 2000 / per_s))


def cut(watched: Watched, home: Path, *, lies: bool, after: int) -> tuple[Path, int]:
    """What a disk holds when the power goes once `after` was told; one that lies did nothing when it was told to keep."""
    disk, told = Disk(), 0
    for record in watched.records:
        if record.op is not Op.SYNC or not _forgets(record, lies=lies):
            disk.apply(record)
        if record.op is Op.ACK:
            told = int(record.text)
            if told == after:
                break
    folder = home / f"after-{after}-{lies}"
    images.lay_out(images.build(disk, Left.NOTHING, Random(after)), folder)
    return folder, told


def _forgets(record: Record, *, lies: bool) -> bool:
    """A card that lies still keeps what it was given early on, the name of the file and the first records with it."""
    return lies and record.path == power_cut.FILE


@pytest.mark.preload
def test_a_power_cut_shows_what_a_lying_disk_lost(watched: Watched, tmp_path: Path) -> None:
    watched.run(ARM)
    for after in (1, COUNT // 2, COUNT):
        honest, told = cut(watched, tmp_path, lies=False, after=after)
        assert power_cut.check(honest, "boot-2", told) == power_cut.Found(after, after, 0)
        lying, told = cut(watched, tmp_path, lies=True, after=after)
        assert power_cut.check(lying, "boot-2", told).lost == after


def test_a_record_torn_by_the_cut_is_no_loss_and_a_gap_is_one(tmp_path: Path) -> None:
    power_cut.arm(tmp_path, "boot-1", lambda _number: None, most=8, tell_s=0)
    path = tmp_path / power_cut.FILE
    whole = path.read_bytes()
    path.write_bytes(whole + whole[-power_cut.RECORD_BYTES :][:20])
    assert power_cut.check(tmp_path, "boot-2", 8) == power_cut.Found(8, 8, 0)
    holed = bytearray(whole)
    holed[4 * power_cut.RECORD_BYTES : 5 * power_cut.RECORD_BYTES] = bytes(power_cut.RECORD_BYTES)
    path.write_bytes(bytes(holed))
    found = power_cut.check(tmp_path, "boot-2", 8)
    assert (found.kept, found.lost, found.damaged) == (3, 5, 4)


def test_without_a_test_or_without_a_cut_there_is_nothing_to_say(tmp_path: Path) -> None:
    with pytest.raises(Refused) as none:
        power_cut.check(tmp_path, "boot-2", 40)
    power_cut.arm(tmp_path, "boot-1", lambda _number: None, most=2)
    with pytest.raises(Refused) as uncut:
        power_cut.check(tmp_path, "boot-1", 2)
    assert (none.value.code, uncut.value.code) == ("power-cut-not-armed", "power-not-cut")
    assert power_cut.armed(tmp_path)
    power_cut.forget(tmp_path)
    assert not power_cut.armed(tmp_path)


def test_numbers_are_told_no_faster_than_somebody_far_away_can_read(tmp_path: Path) -> None:
    ticks = iter(range(10_000))
    told: list[int] = []
    power_cut.arm(tmp_path, "boot-1", told.append, most=50, tell_s=10, monotonic=lambda: float(next(ticks)))
    assert told == [1, 11, 21, 31, 41]
    ended: list[int] = []
    power_cut.arm(tmp_path, "boot-1", ended.append, most=50, tell_s=0, monotonic=lambda: next(ticks) * 100.0)
    assert ended == [1, 2, 3, 4, 5, 6]
