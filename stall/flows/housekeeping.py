"""What time does to rows: lapsed holds come free, requests nobody sent are closed, forgotten baskets and old presses go; the floor is kept."""

from __future__ import annotations

from stall.domain.payment import Reason
from stall.flows import card_attempt
from stall.flows.hold_numbers import release_lapsed
from stall.store import attempts, floor, presses, sales
from stall.store.db import Tx

#: A basket nobody paid leaves the till's list after this long (ms).
BASKET_LIFE_MS = 2 * 3600 * 1000


def sweep(tx: Tx) -> int:
    """Do all of it; return how many rows changed. Safe to run at any time and twice."""
    floor.save(tx.conn, tx.moment)
    stale = attempts.requested_before(tx.conn, tx.moment.boot_id, tx.moment.boottime_ms - card_attempt.FRESH_MS)
    for attempt in stale:  # the reader's process may be down; it would refuse them too
        card_attempt.not_sent(tx, attempt.no, Reason.STALE)
    freed = release_lapsed(tx)
    old = presses.forget_old(tx)
    baskets = sales.drop_baskets(tx, tx.now_ms - BASKET_LIFE_MS, tx.now_ms)
    return len(stale) + freed + old + baskets


def keep_time(tx: Tx) -> None:
    """Keep the floor at this moment: the least that can be written, one row that is there anyway."""
    floor.keep(tx.conn, tx.moment)
