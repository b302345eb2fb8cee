"""The free-space guard: what it looks at, when it warns, what it stops and what it lets through."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from stall.errors import Refused
from stall.settings import Disk
from stall.store.box import Box
from stall.store.room import MB, Room, free_bytes

LIMITS = Disk(warn_mb=1000, stop_mb=200)


class Gauge:
    """A disk whose free space the test sets, counting looks."""

    def __init__(self, free_mb: int | None) -> None:
        self.free_mb, self.looks, self.now = free_mb, 0, 100.0

    def measure(self, _: Path) -> int | None:
        self.looks += 1
        return None if self.free_mb is None else self.free_mb * MB

    def monotonic(self) -> float:
        return self.now

    def room(self, limits: Disk = LIMITS) -> Room:
        return Room(Path("/nowhere"), limits, self.measure, self.monotonic)


@pytest.mark.parametrize(
    ("free_mb", "low", "full"), [(1000, False, False), (999, True, False), (200, True, False), (199, True, True)]
)
def test_it_warns_first_and_then_stops(free_mb: int, low: bool, full: bool) -> None:
    room = Gauge(free_mb).room()
    assert (room.low(), room.full()) == (low, full)


def test_a_crowd_costs_one_look_a_second() -> None:
    gauge = Gauge(500)
    room = gauge.room()
    for _ in range(1000):
        room.check()
    assert gauge.looks == 1
    gauge.free_mb, gauge.now = 100, gauge.now + 1.0
    with pytest.raises(Refused):
        room.check()
    assert gauge.looks == 2
    gauge.free_mb, gauge.now = 500, gauge.now + 1.0
    room.check()  # somebody made room


def test_both_sentences_bear_one_code() -> None:
    room = Gauge(12).room()
    with pytest.raises(Refused, match="12 MB") as maker:
        room.check()
    with pytest.raises(Refused) as buyer:
        room.check_for_buyer()
    assert maker.value.code == buyer.value.code == "disk-nearly-full"
    assert "MB" not in buyer.value.sentence


def test_a_disk_that_does_not_say_stops_nothing(tmp_path: Path) -> None:
    room = Gauge(None).room()
    room.check()
    assert not room.low()
    assert free_bytes(tmp_path / "gone") is None
    assert (free_bytes(tmp_path) or 0) > 0


def test_limits_of_zero_switch_the_guard_off() -> None:
    Gauge(0).room(Disk(warn_mb=0, stop_mb=0)).check()


def test_the_warning_may_not_come_after_the_stop() -> None:
    with pytest.raises(msgspec.ValidationError, match="warn_mb"):
        msgspec.convert({"warn_mb": 100, "stop_mb": 200}, Disk)


def test_what_begins_is_refused_before_the_door_and_what_is_begun_is_not(box: Box) -> None:
    box.room = Gauge(1).room()
    begun: list[str] = []
    with pytest.raises(Refused):
        box.begin("payment", lambda _tx: begun.append("sale"))
    box.write("payment", lambda _tx: begun.append("receipt"))
    assert begun == ["receipt"]
