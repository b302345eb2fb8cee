"""A machine of clocks that lie, restarts, documents and makers; its promises hold after every step."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from functools import cache

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlite_utils import Database as Tables

from stall.clock import BUILD_MS, JUMP_LIMIT_MS, Source
from stall.store import floor, migrations
from stall.store.floor import Doubt, Moment
from tests.fakes.clock import FakeClock

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
YEAR = 365 * DAY

#: What a saved floor may lag behind, twice: so long may time stand still until half speed has caught up with it.
STANDS_STILL_MS = floor.SAVE_MS + 2 * floor.STEP_MS

spans = st.one_of(st.integers(0, 2 * HOUR), st.integers(0, 30 * DAY))
jumps = st.one_of(
    st.integers(-5 * MINUTE, 5 * MINUTE), st.integers(-3 * DAY, 3 * DAY), st.integers(-30 * YEAR, 30 * YEAR)
)
times = st.integers(BUILD_MS, BUILD_MS + 20 * YEAR)


@cache
def empty_database() -> bytes:
    """The tables of a box, made once."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as conn:
        migrations.steps.apply(Tables(conn))
        return conn.serialize()


class Times(RuleBasedStateMachine):
    """What the box does with time, on a real database: transactions, events, documents, the maker's word."""

    @initialize(wall=st.one_of(times, st.integers(0, BUILD_MS)), source=st.sampled_from([None, Source.NTP, Source.RTC]))
    def make_a_box(self, wall: int, source: Source | None) -> None:
        self.conn = sqlite3.connect(":memory:", isolation_level=None)
        self.conn.deserialize(empty_database())
        self.clock = FakeClock(wall=wall, source=source)
        at = floor.moment(self.conn, self.clock)
        columns = {row[1] for row in self.conn.execute("PRAGMA table_info(journal)")}
        row = {
            "id": 1, "epoch_no": 1, "size": 0, "frontier": b"", "last_at_ms": at.now_ms, "floor_ms": at.now_ms,
            "floor_boot": at.boot_id, "floor_boottime_ms": at.boottime_ms,
        }  # fmt: skip
        self.conn.execute("INSERT INTO epochs (no, epoch, opened_ms) VALUES (1, x'00', 0)")
        names = [name for name in row if name in columns]
        self.conn.execute(
            f"INSERT INTO journal ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})", [row[n] for n in names]
        )
        self.last_event = self.lowest = at.now_ms
        self.boots = 1

    def begin(self) -> Moment:
        """A transaction begins; its time is checked against every one before it."""
        kept, boot, boottime = self.conn.execute(
            "SELECT floor_ms, floor_boot, floor_boottime_ms FROM journal"
        ).fetchone()
        counted = self.clock.boottime - boottime if boot == self.clock.boot else 0
        at = floor.begin(self.conn, self.clock)
        assert at.now_ms >= max(BUILD_MS, self.lowest, self.last_event), "below the floor, or before the last event"
        assert at.now_ms <= max(BUILD_MS, kept) + counted + JUMP_LIMIT_MS, "jumped without the maker"
        assert (at.source is Source.FLOOR) == (at.doubt is not None)
        if at.source in {Source.NTP, Source.RTC}:
            assert abs(at.now_ms - self.clock.wall) <= floor.INEXACT_MS, "calls a time the source's that is not"
        return at

    @rule(ms=spans, frozen=st.booleans())
    def time_passes(self, ms: int, frozen: bool) -> None:
        """However the wall clock stands, the box's time goes on at half the counted speed or more."""
        before = self.begin()
        floor.save(self.conn, before)
        self.clock.boottime += ms
        self.clock.wall += 0 if frozen else ms
        assert self.begin().now_ms >= before.now_ms + (ms - STANDS_STILL_MS) // 2, "stood still"

    @rule(by=jumps)
    def the_wall_clock_is_set(self, by: int) -> None:
        self.clock.wall = max(0, self.clock.wall + by)

    @rule(source=st.sampled_from([None, Source.NTP, Source.RTC]))
    def the_source_comes_or_goes(self, source: Source | None) -> None:
        self.clock.source = source

    @rule(wall=st.none() | st.just(0) | times)
    def the_power_fails(self, wall: int | None) -> None:
        self.boots += 1
        self.clock.reboot(f"boot-{self.boots}", wall=wall)

    @rule()
    def something_is_sold(self) -> None:
        at = self.begin()
        self.conn.execute("UPDATE journal SET last_at_ms = ?", (at.now_ms,))
        floor.keep(self.conn, at)
        self.last_event = at.now_ms

    @rule()
    def the_sweep_saves(self) -> None:
        floor.save(self.conn, self.begin())

    @rule(issued=times)
    def a_document_is_accepted(self, issued: int) -> None:
        floor.raise_to(self.conn, self.begin(), issued)
        self.lowest = max(self.lowest, issued)

    @rule(said=times)
    def the_maker_says_what_time_it_is(self, said: int) -> None:
        """As flows.confirm_clock writes it; there is always this way out, and it holds for this boot."""
        at = self.begin()
        self.conn.execute(
            "UPDATE journal SET operator_boot = ?, operator_offset_ms = ?, last_at_ms = ?, floor_ms = ?, floor_boot = ?,"
            " floor_boottime_ms = ?",
            (at.boot_id, said - at.boottime_ms, said, said, at.boot_id, at.boottime_ms),
        )
        self.last_event = self.lowest = said
        assert (self.begin().now_ms, self.begin().source) == (said, Source.OPERATOR)

    @invariant()
    def looking_is_never_below_the_floor_and_changes_nothing(self) -> None:
        if hasattr(self, "conn"):
            before = tuple(self.conn.execute("SELECT * FROM journal").fetchone())
            at = floor.moment(self.conn, self.clock)
            assert at.now_ms >= max(BUILD_MS, self.lowest, self.last_event)
            assert at.doubt is not Doubt.NO_SOURCE or self.clock.source is None
            assert tuple(self.conn.execute("SELECT * FROM journal").fetchone()) == before

    def teardown(self) -> None:
        if hasattr(self, "conn"):
            self.conn.close()


TestTimes = Times.TestCase
TestTimes.settings = settings(max_examples=60, stateful_step_count=40)
