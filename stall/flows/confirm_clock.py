"""The maker says what time it is. The only way to set time back, and to pass a jump of 48 hours."""

from __future__ import annotations

import dataclasses
import re
from datetime import datetime

from stall.clock import BUILD_MS, Source
from stall.errors import Refused
from stall.flows.hold_numbers import HOLD_MS
from stall.flows.staff_pin import LOCK_MS
from stall.store import deadlines
from stall.store.db import Tx

#: Documents allow times before 2100 (docs/protocol.md); so do we.
LATEST_MS = 4_102_444_800_000

_TIME = re.compile(r"(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2})(:\d{2})?(?:\.\d{1,6})?Z?", re.ASCII)


def confirm_clock(tx: Tx, now_ms: int) -> None:
    """Take the maker's time (ms UTC) for this boot, journal it, and start a new floor there.

    Set forward, everything that runs out by the box's own count keeps the time it had left; set back, nothing lasts
    longer than if it had begun now. The caller has checked the maker's PIN. Raises Refused `clock-impossible`.
    """
    if not BUILD_MS <= now_ms < LATEST_MS:
        raise Refused(
            "clock-impossible", "That date cannot be right. Set the clock of this phone or tablet, then confirm again."
        )
    before = tx.now_ms
    tx.moment = dataclasses.replace(tx.moment, now_ms=now_ms, source=Source.OPERATOR, doubt=None)
    boot_id, boottime = tx.moment.boot_id, tx.moment.boottime_ms
    tx.conn.execute(
        "UPDATE journal SET operator_boot = ?, operator_offset_ms = ?, last_at_ms = ?,"
        " floor_ms = ?, floor_boot = ?, floor_boottime_ms = ?",
        (boot_id, now_ms - boottime, now_ms, now_ms, boot_id, boottime),
    )
    tx.append("clock", {"before": before, "set": now_ms})
    if now_ms > before:
        deadlines.keep_time_left(tx.conn, now_ms, now_ms - before)
    deadlines.shorten(tx.conn, now_ms, hold_ms=HOLD_MS, lock_ms=LOCK_MS)


def read_time(text: str) -> int:
    """Read a time in UTC as typed or as the till's script writes it (ms). Raises Refused `time-malformed`."""
    match = _TIME.fullmatch(text.strip())
    try:
        if match is not None:
            at = datetime.fromisoformat(f"{match[1]}T{match[2]}{match[3] or ':00'}+00:00")
            return int(at.timestamp()) * 1000
    except ValueError:
        pass  # 30 February, or 25 o'clock: told as every other time that is none
    raise Refused("time-malformed", "That is not a time. Write date and time in UTC, like 2026-11-21 14:05.")
