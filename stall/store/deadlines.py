"""What runs out on the box by its own count: holds, baskets, presses, the PIN's lock, who is signed in, claim codes and their grants.

When the clock is set, these go on counting what they had left. Terms that signed documents set (windows, leases,
delegations) are times of day and stay where they are.
"""

from __future__ import annotations

import sqlite3


def keep_time_left(conn: sqlite3.Connection, now_ms: int, step_ms: int) -> None:
    """The clock was put forward by `step_ms` to `now_ms`: whatever still ran before that keeps the time it had left."""
    before = now_ms - step_ms
    conn.execute("UPDATE sales SET created_ms = created_ms + ? WHERE state = 'basket'", (step_ms,))
    conn.execute(
        "UPDATE sales SET hold_until_ms = hold_until_ms + ? WHERE state = 'basket' AND hold_until_ms > ?",
        (step_ms, before),
    )
    conn.execute("UPDATE presses SET at_ms = at_ms + ?", (step_ms,))
    conn.execute("UPDATE staff SET locked_until_ms = locked_until_ms + ? WHERE locked_until_ms > ?", (step_ms, before))
    conn.execute("UPDATE tries SET locked_until_ms = locked_until_ms + ? WHERE locked_until_ms > ?", (step_ms, before))
    conn.execute("UPDATE sessions SET begun_ms = begun_ms + ?, seen_ms = seen_ms + ?", (step_ms, step_ms))
    conn.execute("UPDATE enrolments SET until_ms = until_ms + ? WHERE until_ms > ?", (step_ms, before))
    conn.execute("UPDATE claims SET expires_ms = expires_ms + ? WHERE expires_ms > ?", (step_ms, before))
    conn.execute("UPDATE grants SET expires_ms = expires_ms + ? WHERE expires_ms > ?", (step_ms, before))


def shorten(conn: sqlite3.Connection, now_ms: int, *, hold_ms: int, lock_ms: int) -> None:
    """The clock was set back to `now_ms`: nothing lasts longer than if it had begun now.

    A hold lives `hold_ms`, the PIN's lock `lock_ms`, a claim code as long as the packs of its sale say.
    """
    conn.execute("UPDATE sales SET created_ms = ? WHERE state = 'basket' AND created_ms > ?", (now_ms, now_ms))
    conn.execute(
        "UPDATE sales SET hold_until_ms = ? WHERE state = 'basket' AND hold_until_ms > ?", (now_ms + hold_ms,) * 2
    )
    conn.execute("UPDATE presses SET at_ms = ? WHERE at_ms > ?", (now_ms, now_ms))
    conn.execute("UPDATE staff SET locked_until_ms = ? WHERE locked_until_ms > ?", (now_ms + lock_ms,) * 2)
    conn.execute("UPDATE tries SET locked_until_ms = ? WHERE locked_until_ms > ?", (now_ms + lock_ms,) * 2)
    conn.execute("UPDATE sessions SET begun_ms = min(begun_ms, ?), seen_ms = min(seen_ms, ?)", (now_ms, now_ms))
    conn.execute("UPDATE enrolments SET until_ms = ? WHERE until_ms > ?", (now_ms + lock_ms,) * 2)
    conn.execute(
        "UPDATE claims SET expires_ms = min(expires_ms, ? + 1000 * coalesce((SELECT min(p.code_ttl_s) FROM lines l"
        " JOIN packs p ON p.no = l.pack WHERE l.id >= claims.id & ~255 AND l.id < (claims.id & ~255) + 256), 0))"
        " WHERE expires_ms > ? + 1000 * (SELECT min(code_ttl_s) FROM packs)",
        (now_ms, now_ms),
    )
    conn.execute(
        "UPDATE grants SET expires_ms = (SELECT c.expires_ms FROM claims c WHERE c.id = grants.claim)"
        " WHERE expires_ms > (SELECT c.expires_ms FROM claims c WHERE c.id = grants.claim)"
    )
