"""A clock chip is a source of time only while it says a time that can be, and the system's clock goes by it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from stall import clock, clock_chip
from stall.clock import BUILD_MS, Source, SystemClock
from stall.clock_chip import Doubt
from tests.box.machine.boards import Board

NOT_BEFORE_S = BUILD_MS // 1000
NOW_S = NOT_BEFORE_S + 30 * 86_400
FIRST_OF_2000_S = 946_684_800


def doubts(root: Path, wall_s: int = NOW_S) -> list[Doubt | None]:
    return [chip.doubt(wall_s, NOT_BEFORE_S) for chip in clock_chip.read(root)]


def test_a_chip_that_says_the_time_of_the_system_is_believed(tmp_path: Path) -> None:
    Board(tmp_path).chip("rtc-ds1307", NOW_S + 2, set_the_system=True)
    assert doubts(tmp_path) == [None]
    assert clock_chip.believed(NOW_S, NOT_BEFORE_S, tmp_path)


def test_a_pi_5_without_a_battery_begins_at_1970_and_is_not(tmp_path: Path) -> None:
    Board(tmp_path).chip("rpi_rtc", 37, battery_uv=4_000)
    assert doubts(tmp_path) == [Doubt.FORGOT]
    assert clock_chip.read(tmp_path)[0].battery_mv == 4


def test_a_ds3231_whose_battery_died_begins_at_2000_and_is_not(tmp_path: Path) -> None:
    Board(tmp_path).chip("rtc-ds1307", FIRST_OF_2000_S + 61, set_the_system=True)
    assert doubts(tmp_path, FIRST_OF_2000_S + 61) == [Doubt.FORGOT]


def test_a_chip_whose_driver_knows_that_it_stood_still_says_nothing(tmp_path: Path) -> None:
    Board(tmp_path).chip("rtc-pcf85063", None)
    assert doubts(tmp_path) == [Doubt.SILENT]


def test_a_right_chip_is_no_source_of_a_clock_that_was_set_otherwise(tmp_path: Path) -> None:
    Board(tmp_path).chip("rtc-ds1307", NOW_S)
    assert doubts(tmp_path, NOW_S - 3600) == [Doubt.DIFFERS]


def test_the_second_chip_counts_where_the_boards_own_has_no_battery(tmp_path: Path) -> None:
    board = Board(tmp_path)
    board.chip("rpi_rtc", 37)
    board.chip("rtc-ds1307", NOW_S, at=1)
    assert clock_chip.believed(NOW_S, NOT_BEFORE_S, tmp_path)


@pytest.fixture
def unsynchronised(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kernel that says nothing of NTP, as under `ProtectClock=` or at a market."""
    monkeypatch.setattr(clock, "_kernel_synchronised", lambda: False)


@pytest.mark.usefixtures("unsynchronised")
def test_a_clock_chip_that_is_only_fitted_is_no_source(tmp_path: Path) -> None:
    own = Board(tmp_path)
    own.say("dev/rtc0", "")
    own.chip("rpi_rtc", 37)
    assert SystemClock(tmp_path).system_source() is None
    own.chip("rpi_rtc", int(time.time()))
    assert SystemClock(tmp_path).system_source() is Source.RTC


@pytest.mark.usefixtures("unsynchronised")
def test_a_clock_set_by_the_network_in_this_boot_is_one_also_without_the_network(tmp_path: Path) -> None:
    own = SystemClock(tmp_path)
    assert own.system_source() is None
    Board(tmp_path).say("run/systemd/timesync/synchronized", "")
    assert own.system_source() is Source.NTP


def test_the_boots_name_is_known_where_only_the_unit_tells_it(monkeypatch: pytest.MonkeyPatch) -> None:
    kernels = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    monkeypatch.setattr(Path, "read_text", _nothing)
    monkeypatch.setenv(clock.BOOT_VARIABLE, kernels.replace("-", ""))
    clock._kernel_boot_id.cache_clear()
    try:
        assert SystemClock().boot_id() == kernels
    finally:
        clock._kernel_boot_id.cache_clear()


def _nothing(_path: Path, encoding: str = "") -> str:
    raise FileNotFoundError(encoding)
