"""Wrong tries by where they were made: counted before the check, shut for a while when there were too many, across restarts."""

from __future__ import annotations

import sqlite3

from stall.store.db import Tx


def count(tx: Tx, who: str, most: int, lock_ms: int) -> bool:
    """Count one try of `who`; the `most`-th shuts it for `lock_ms`. False where it was shut before: then nothing is counted."""
    row = tx.conn.execute("SELECT tries, locked_until_ms FROM tries WHERE who = ?", (who,)).fetchone()
    before, locked_until = (0, 0) if row is None else (row[0], row[1])
    if locked_until > tx.now_ms:
        return False
    made = before + 1
    told = (0, tx.now_ms + lock_ms) if made >= most else (made, 0)
    tx.conn.execute(
        "INSERT INTO tries (who, tries, locked_until_ms) VALUES (?, ?, ?)"
        " ON CONFLICT (who) DO UPDATE SET tries = excluded.tries, locked_until_ms = excluded.locked_until_ms",
        (who, *told),
    )
    return True


def is_shut(conn: sqlite3.Connection, who: str, now_ms: int) -> bool:
    """Whether `who` must wait."""
    row = conn.execute("SELECT locked_until_ms FROM tries WHERE who = ?", (who,)).fetchone()
    return row is not None and row[0] > now_ms


def forgive(tx: Tx, who: str) -> None:
    """A try was right: forget the wrong ones."""
    tx.conn.execute("DELETE FROM tries WHERE who = ?", (who,))
