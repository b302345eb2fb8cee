"""The maker says what time it is. The only way to set time back, and to pass a jump of 48 hours."""

from __future__ import annotations

import dataclasses

from stall.clock import BUILD_MS, Source
from stall.errors import Refused
from stall.flows.hold_numbers import shorten_holds
from stall.flows.staff_pin import shorten_lock
from stall.store.db import Tx

#: Documents allow times before 2100 (docs/protocol.md); so do we.
LATEST_MS = 4_102_444_800_000


def confirm_clock(tx: Tx, now_ms: int) -> None:
    """Take the maker's time (ms UTC) for this boot, journal it, and start a new floor there.

    Holds and the PIN's lock end no later than if they had begun now. The caller has checked the
    maker's PIN. Raises Refused `clock-impossible`.
    """
    if not BUILD_MS <= now_ms < LATEST_MS:
        raise Refused(
            "clock-impossible", "That date cannot be right. Set the clock of this phone or tablet, then confirm again."
        )
    before = tx.now_ms
    tx.moment = dataclasses.replace(tx.moment, now_ms=now_ms, source=Source.OPERATOR)
    tx.conn.execute(
        "UPDATE journal SET operator_boot = ?, operator_offset_ms = ?, last_at_ms = ?",
        (tx.moment.boot_id, now_ms - tx.moment.boottime_ms, now_ms),
    )
    tx.append("clock", {"before": before, "set": now_ms})
    shorten_holds(tx, now_ms)
    shorten_lock(tx, now_ms)
