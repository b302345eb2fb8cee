"""What time does to rows: lapsed holds come free, forgotten baskets and old presses go."""

from __future__ import annotations

from stall.flows.hold_numbers import release_lapsed
from stall.store import presses
from stall.store.db import Tx

#: A basket nobody paid leaves the till's list after this long (ms).
BASKET_LIFE_MS = 2 * 3600 * 1000


def sweep(tx: Tx) -> int:
    """Do all of it; return how many rows changed. Safe to run at any time and twice."""
    freed = release_lapsed(tx)
    old = presses.forget_old(tx)
    baskets = tx.conn.execute(
        "UPDATE sales SET state = 'dropped', basket_code = NULL WHERE state = 'basket' AND created_ms < ? AND NOT EXISTS"
        " (SELECT 1 FROM attempts a WHERE a.sale = sales.no AND a.state NOT IN ('declined', 'not_sent', 'reversed'))"
        " AND (hold_until_ms IS NULL OR hold_until_ms <= ?) AND basket_code IS NOT NULL",
        (tx.now_ms - BASKET_LIFE_MS, tx.now_ms),
    ).rowcount
    return freed + old + baskets
