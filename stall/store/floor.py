"""What time it is inside the door, and the floor below which no time is believed: one row beside the journal's head.

Reads the box's clock and that row, nothing else; both are read at each use and never cached. Every process
that asks gets the same answer from the same clock.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from enum import StrEnum

from stall.clock import BUILD_MS, JUMP_LIMIT_MS, Clock, Source

#: A clock that differs by less than this is only inexact (ms): a creator's laptop may be some minutes ahead.
INEXACT_MS = 5 * 60_000

#: The clock was put forward when it gained more than this on the time counted since boot (ms).
STEP_MS = 60_000


#: How much a power cut may take of the time of a quiet day (ms); each save is a write to the card.
SAVE_MS = 10 * 60_000


class Doubt(StrEnum):
    """Why the machine's clock is not believed."""

    NO_SOURCE = "no_source"
    AHEAD = "ahead"
    BEHIND = "behind"


@dataclass(frozen=True, slots=True)
class Moment:
    """The one time of a transaction (ms UTC), and where it came from.

    `doubt` says why the machine's clock, which says `wall_ms`, is not what counts; None when it is, or the maker's
    word is. `stepped_ms` is how far the clock was put forward since the floor was last kept in this boot, 0 otherwise.
    """

    now_ms: int
    source: Source
    boot_id: str
    boottime_ms: int
    wall_ms: int = 0
    doubt: Doubt | None = None
    stepped_ms: int = 0
    kept_in_this_boot: bool = True


def moment(conn: sqlite3.Connection, clock: Clock) -> Moment:
    """Say what time it is (design 8).

    The floor is carried on by the time counted since boot, so that a box without a clock chip still counts forward.
    A clock with a source counts only within 48 h of that; the maker's word counts for this boot. No time is below
    the floor. A clock that fell behind it, or stands still, is waited for at half the counted speed: time that stood
    still would let no hold lapse and no checkpoint be signed.
    """
    boot_id, boottime = clock.boot_id(), clock.boottime_ms()
    wall, source = clock.wall_ms(), clock.system_source()
    row = conn.execute(
        "SELECT last_at_ms, floor_ms, floor_boot, floor_boottime_ms, operator_boot, operator_offset_ms FROM journal"
    ).fetchone()
    if row is None:  # a box being made: there is nothing to compare the clock with
        return Moment(max(BUILD_MS, wall), source or Source.FLOOR, boot_id, boottime, wall)
    last_at, kept, kept_boot, kept_boottime, operator_boot, operator_offset = row
    floor, same_boot = max(BUILD_MS, last_at, kept), kept_boot == boot_id
    counted = max(0, boottime - kept_boottime) if same_boot else 0
    if operator_boot == boot_id:
        said, source, doubt = boottime + operator_offset, Source.OPERATOR, None
    else:
        said, source, doubt = _believed(wall, source, floor + counted)
    now = max(said, floor + counted // 2)
    if doubt is None and now - said > INEXACT_MS:
        source, doubt = Source.FLOOR, Doubt.BEHIND
    stepped = now - floor - counted if same_boot else 0
    return Moment(now, source, boot_id, boottime, wall, doubt, stepped if stepped > STEP_MS else 0, same_boot)


def begin(conn: sqlite3.Connection, clock: Clock) -> Moment:
    """As `moment`, for a transaction that begins: the first of a boot, and of a step forward, keeps the floor there."""
    at = moment(conn, clock)
    if not at.kept_in_this_boot or at.stepped_ms:
        keep(conn, at)
    return at


def keep(conn: sqlite3.Connection, at: Moment) -> None:
    """Let the floor stand at this moment, so that a restart without a clock goes on from here."""
    conn.execute(
        "UPDATE journal SET floor_ms = ?, floor_boot = ?, floor_boottime_ms = ? WHERE floor_ms <= ?",
        (at.now_ms, at.boot_id, at.boottime_ms, at.now_ms),
    )


def save(conn: sqlite3.Connection, at: Moment) -> None:
    """Keep the floor now and then although nothing happens: a quiet day must not be lost with the power."""
    if at.now_ms - _kept(conn) >= SAVE_MS:
        keep(conn, at)


def _kept(conn: sqlite3.Connection) -> int:
    return int(conn.execute("SELECT floor_ms FROM journal").fetchone()[0])


def raise_to(conn: sqlite3.Connection, at: Moment, to_ms: int) -> None:
    """Believe nothing before `to_ms` from now on: a trusted document was issued then."""
    if to_ms > at.now_ms:
        conn.execute(
            "UPDATE journal SET floor_ms = ?, floor_boot = ?, floor_boottime_ms = ? WHERE floor_ms < ?",
            (to_ms, at.boot_id, at.boottime_ms, to_ms),
        )


def _believed(wall: int, source: Source | None, carried: int) -> tuple[int, Source, Doubt | None]:
    """What a clock without the maker's word comes to: its time, its source, and why it is doubted."""
    if source is None:
        plausible = carried <= wall <= carried + JUMP_LIMIT_MS
        return (wall if plausible else carried), Source.FLOOR, Doubt.NO_SOURCE
    if wall > carried + JUMP_LIMIT_MS:
        return carried, Source.FLOOR, Doubt.AHEAD
    if wall < carried - JUMP_LIMIT_MS:
        return carried, Source.FLOOR, Doubt.BEHIND
    return wall, source, None
