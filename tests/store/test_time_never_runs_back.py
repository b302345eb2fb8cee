"""The floor, the sources, the jump of 48 hours and the maker's word (design 8)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from stall import app
from stall.clock import BUILD_MS, JUMP_LIMIT_MS, Source
from stall.errors import Refused
from stall.flows.confirm_clock import confirm_clock
from stall.store import floor
from stall.store.box import Box
from tests.fakes.clock import START_MS, FakeClock

HOUR = 3_600_000


def now(box: Box) -> tuple[int, str]:
    with box.db.transaction() as tx:
        tx.append("test", {})
        return tx.now_ms, tx.clk


@contextmanager
def restarted(box: Box, clock: FakeClock, wall: int = 0, source: Source | None = None) -> Iterator[Box]:
    """The box after the machine started again, with what its clock says then and on whose word."""
    folder = box.folder
    box.db.close()
    clock.reboot(wall=wall)
    clock.source = source
    again = app.open_box(folder, clock=clock)
    try:
        yield again
    finally:
        again.close()


def test_a_trusted_clock_is_followed(box: Box, clock: FakeClock) -> None:
    clock.advance(HOUR)
    assert now(box) == (START_MS + HOUR, "ntp")


def test_time_never_runs_back_whatever_the_clock_says(box: Box, clock: FakeClock) -> None:
    clock.advance(HOUR)
    now(box)
    clock.wall -= 2 * HOUR
    assert now(box) == (START_MS + HOUR, "floor")


def test_a_clock_a_little_behind_the_floor_still_counts_as_its_source(box: Box, clock: FakeClock) -> None:
    now(box)
    clock.wall -= 4 * 60_000
    assert now(box) == (START_MS, "ntp")


@pytest.mark.parametrize("back", [HOUR, 0], ids=["set back", "frozen"])
def test_a_clock_behind_is_waited_for_at_half_speed_so_that_time_never_stands_still(
    box: Box, clock: FakeClock, back: int
) -> None:
    now(box)
    clock.wall -= back
    clock.boottime += HOUR
    assert now(box)[0] == START_MS + HOUR // 2
    clock.boottime += HOUR
    assert box.now_ms() == START_MS + HOUR
    clock.wall = START_MS + 2 * HOUR  # it has caught up
    assert now(box) == (START_MS + 2 * HOUR, "ntp")


def test_the_first_write_after_a_restart_lets_time_go_on_though_nothing_is_journaled(
    box: Box, clock: FakeClock
) -> None:
    now(box)
    with restarted(box, clock) as again:
        with again.db.transaction():
            pass
        clock.boottime += HOUR
        assert again.now_ms() == START_MS + HOUR


@pytest.mark.parametrize("dead", [0, 946_684_800_000], ids=["1970", "2000"])
def test_a_clock_chip_with_an_empty_battery_is_not_believed(box: Box, clock: FakeClock, dead: int) -> None:
    now(box)
    with restarted(box, clock, dead, Source.RTC) as again:
        at = floor.moment(again.db.read(), clock)
        assert (at.now_ms, at.source, at.doubt) == (START_MS, Source.FLOOR, floor.Doubt.BEHIND)
        now(again)
        clock.boottime += HOUR
        assert again.now_ms() == START_MS + HOUR  # it tells nothing, so the counted time goes on in full


def test_a_trusted_documents_time_is_a_floor_though_its_event_is_older(box: Box) -> None:
    issued = START_MS + HOUR
    with box.db.transaction() as tx:
        floor.raise_to(tx.conn, tx.moment, issued)
        tx.append("test", {})
    assert now(box) == (issued, "floor")


def test_an_older_documents_time_lowers_nothing(box: Box, clock: FakeClock) -> None:
    clock.advance(HOUR)
    with box.db.transaction() as tx:
        floor.raise_to(tx.conn, tx.moment, START_MS)
    assert now(box) == (START_MS + HOUR, "ntp")


def test_the_network_setting_the_clock_in_the_middle_of_the_day_is_followed(box: Box, clock: FakeClock) -> None:
    clock.source, clock.wall = None, 0
    now(box)
    clock.boottime += HOUR
    clock.source, clock.wall = Source.NTP, START_MS + 18 * HOUR
    assert now(box) == (START_MS + 18 * HOUR, "ntp")


def test_without_a_source_the_floor_is_carried_on_by_time_since_boot(box: Box, clock: FakeClock) -> None:
    now(box)
    clock.source, clock.wall = None, BUILD_MS - 10**9
    clock.boottime += 5 * HOUR
    assert now(box) == (START_MS + 5 * HOUR, "floor")


def test_after_a_restart_without_a_source_time_goes_on_from_the_last_event(box: Box, clock: FakeClock) -> None:
    now(box)
    with restarted(box, clock) as again:
        assert now(again) == (START_MS, "floor")
        clock.boottime += HOUR
        assert now(again) == (START_MS + HOUR, "floor")


def test_a_jump_of_more_than_48_hours_needs_the_maker(box: Box, clock: FakeClock) -> None:
    now(box)
    clock.wall += JUMP_LIMIT_MS + 1
    assert now(box) == (START_MS, "floor")
    with box.db.transaction() as tx:
        confirm_clock(tx, clock.wall)
    assert now(box) == (clock.wall, "operator")


def test_a_jump_of_exactly_48_hours_passes(box: Box, clock: FakeClock) -> None:
    now(box)
    clock.wall += JUMP_LIMIT_MS
    assert now(box) == (START_MS + JUMP_LIMIT_MS, "ntp")


def test_the_maker_can_set_time_back_and_it_stays_back(box: Box, clock: FakeClock) -> None:
    for _ in range(20):  # a poisoned clock creeps forward below the limit
        clock.advance(JUMP_LIMIT_MS)
        now(box)
    poisoned = clock.wall
    with box.db.transaction() as tx:
        confirm_clock(tx, START_MS + HOUR)
    assert now(box) == (START_MS + HOUR, "operator")
    assert poisoned > START_MS + HOUR
    with restarted(box, clock, START_MS + 2 * HOUR, Source.NTP) as again:
        assert now(again) == (START_MS + 2 * HOUR, "ntp")


def test_the_makers_word_counts_for_this_boot_only(box: Box, clock: FakeClock) -> None:
    clock.source = None
    with box.db.transaction() as tx:
        confirm_clock(tx, START_MS + HOUR)
    clock.boottime += HOUR
    assert now(box) == (START_MS + 2 * HOUR, "operator")
    with restarted(box, clock) as again:
        assert now(again) == (START_MS + 2 * HOUR, "floor")


@pytest.mark.parametrize("impossible", [0, BUILD_MS - 1, 4_102_444_800_000])
def test_an_impossible_date_is_refused(box: Box, impossible: int) -> None:
    with pytest.raises(Refused) as refusal, box.db.transaction() as tx:
        confirm_clock(tx, impossible)
    assert refusal.value.code == "clock-impossible"


def test_looking_at_the_time_records_nothing(box: Box, clock: FakeClock) -> None:
    clock.advance(HOUR)
    assert box.now_ms() == START_MS + HOUR
    clock.advance(-HOUR)
    assert box.now_ms() == START_MS
