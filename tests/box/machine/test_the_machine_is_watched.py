"""What the machine says of power and disk is told to the other processes when it changes, and remembered while the power is on."""

from __future__ import annotations

from pathlib import Path

import pytest

from stall import runtime
from stall.box.machine.sync_test import Rate
from stall.box.machine.watch import DISK_EVERY, Watch
from tests.box.machine import boards
from tests.box.machine.boards import Board
from tests.fakes.clock import FakeClock


class Counted:
    """A stand-in for the measurement, which is tested with a real disk of its own."""

    def __init__(self, per_s: float) -> None:
        self.per_s, self.count = per_s, 0

    def __call__(self, _folder: Path) -> Rate:
        self.count += 1
        return Rate(64, self.per_s, 1000 / self.per_s, 1000 / self.per_s)


@pytest.fixture
def board(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Board:
    (tmp_path / "run").mkdir()
    (tmp_path / "data").mkdir()
    monkeypatch.setenv("STALL_RUNTIME", str(tmp_path / "run"))
    made = boards.pi_4(tmp_path / "root")
    made.card(tmp_path / "data", "mmcblk0", "SD", name="SC64G")
    return made


def watch(tmp_path: Path, clock: FakeClock, measured: Counted) -> Watch:
    return Watch(tmp_path / "data", clock, tmp_path / "root", measured)


def told_at(tmp_path: Path, name: str) -> int:
    return (tmp_path / "run" / f"{name}.json").stat().st_mtime_ns  # every notice is a new file


def test_a_dip_of_the_voltage_is_told_and_remembered_by_the_next_process(tmp_path: Path, board: Board) -> None:
    clock, measured = FakeClock(), Counted(140)
    first = watch(tmp_path, clock, measured)
    first.look()
    assert runtime.told("power")["low"] is False
    clock.advance(60_000)
    board.firmware(0x50005)
    first.look()
    first.look()
    dipped_ms = clock.boottime
    board.firmware(0)  # the kernel clears what it told once
    clock.advance(10_000)
    second = watch(tmp_path, clock, measured)
    second.look()
    now = runtime.told("power")
    assert (now["low"], now["was_low"], now["dips"], now["dip_boottime_ms"]) == (False, True, 1, dipped_ms)
    assert now["was_slowed"] is True


def test_nothing_is_written_while_nothing_changes(tmp_path: Path, board: Board) -> None:
    watching = watch(tmp_path, FakeClock(), Counted(140))
    for _ in range(DISK_EVERY + 1):
        watching.look()
    power, disk = told_at(tmp_path, "power"), told_at(tmp_path, "disk")
    board.warm(54.9)  # less than a step from 52.6
    for _ in range(3 * DISK_EVERY):
        watching.look()
    assert (told_at(tmp_path, "power"), told_at(tmp_path, "disk")) == (power, disk)
    board.warm(81.0)
    watching.look()
    assert (runtime.told("power")["celsius"], runtime.told("power")["hot"]) == (81, True)


def test_the_disk_measures_itself_once_in_a_boot(tmp_path: Path, board: Board) -> None:
    measured = Counted(9_000)
    watching = watch(tmp_path, FakeClock(), measured)
    watching.look()
    assert measured.count == 0  # the start is a bad moment
    for _ in range(4 * DISK_EVERY):
        watching.look()
    assert (runtime.told("disk")["per_s"], runtime.told("disk")["cannot_be"]) == (9_000, True)
    again = watch(tmp_path, FakeClock(), measured)
    for _ in range(2 * DISK_EVERY):
        again.look()
    assert measured.count == 1
    board.card(tmp_path / "data", "mmcblk1", "MMC")
    for _ in range(DISK_EVERY):
        again.look()
    assert measured.count == 2  # another disk


def test_errors_of_the_disk_are_told(tmp_path: Path, board: Board) -> None:
    board.card(tmp_path / "data", "mmcblk0", "SD", errors=2)
    watch(tmp_path, FakeClock(), Counted(140)).look()
    assert runtime.told("disk")["errors"] == 2


def test_without_a_runtime_folder_it_looks_and_says_nothing(
    tmp_path: Path, board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("STALL_RUNTIME")
    watch(tmp_path, FakeClock(), Counted(140)).look()
    assert list((tmp_path / "run").iterdir()) == []


def test_it_runs_on_a_thread_and_ends(tmp_path: Path, board: Board) -> None:
    watching = watch(tmp_path, FakeClock(), Counted(140))
    watching.start()
    assert watching.stop(10)
