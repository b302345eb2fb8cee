"""Hold edition numbers for a checkout, and let go of holds that lapsed.

A hold does not lapse while an attempt is open and lives three minutes after the last one ended.
"""

from __future__ import annotations

from stall.errors import Refused
from stall.store import journal
from stall.store.db import Tx
from stall.store.schema import FREE, HELD, line_id, number_id

HOLD_MS = 3 * 60 * 1000


def hold_numbers(tx: Tx, sale: int) -> None:
    """Hold a number for every limited line of a sale: the one it has, the one asked for, or the lowest free.

    Raises Refused `drop-sold-out`, `edition-number-taken`, `edition-number-elsewhere`; nothing is held then.
    """
    rows = tx.conn.execute(
        "SELECT l.id, l.ed, l.title, p.drop_no, d.edition FROM lines l JOIN packs p ON p.no = l.pack JOIN drops d ON d.no = p.drop_no"
        " WHERE l.id >= ? AND l.id < ? AND d.edition IS NOT NULL ORDER BY l.ed IS NULL, l.id",
        (line_id(sale, 0), line_id(sale + 1, 0)),
    ).fetchall()
    for line, ed, title, drop_no, edition in rows:
        if ed is not None and _holds_already(tx, sale, drop_no, ed):
            continue
        number = _lowest_free(tx, drop_no, edition) if ed is None else _this_one(tx, drop_no, ed)
        if number is None and ed is not None:
            raise _not_to_be_had(tx, drop_no, ed, title)
        if number is None:
            raise Refused("drop-sold-out", f"{title} is sold out. Choose another item.")
        tx.conn.execute(
            "UPDATE numbers SET state = ?, sale = ? WHERE id = ? AND state = ?", (HELD, sale, number[0], FREE)
        )
        tx.conn.execute("UPDATE lines SET ed = ?, lease = ? WHERE id = ?", (number[0] & 0xFFFFF, number[1], line))
    tx.conn.execute("UPDATE sales SET hold_until_ms = NULL WHERE no = ?", (sale,))


def end_hold_later(tx: Tx, sale: int) -> None:
    """Start the three minutes: the last attempt of a sale ended without completing it.

    Not where a part is paid: that keeps the hold until the sale is completed or the part given back.
    """
    tx.conn.execute(
        "UPDATE sales SET hold_until_ms = ? WHERE no = ? AND NOT EXISTS"
        " (SELECT 1 FROM attempts WHERE sale = sales.no AND kind = 'pay' AND state = 'paid')",
        (tx.now_ms + HOLD_MS, sale),
    )


def shorten_holds(tx: Tx, now_ms: int) -> None:
    """No hold lives longer than three minutes from `now_ms`: the clock was set back to that."""
    tx.conn.execute(
        "UPDATE sales SET hold_until_ms = ? WHERE state = 'basket' AND hold_until_ms > ?", (now_ms + HOLD_MS,) * 2
    )


def release_hold(tx: Tx, sale: int) -> None:
    """Let go of a sale's numbers at once (it was dropped)."""
    tx.conn.execute("UPDATE numbers SET state = ?, sale = NULL WHERE sale = ? AND state = ?", (FREE, sale, HELD))


def release_lapsed(tx: Tx) -> int:
    """Let go of every lapsed hold; return how many numbers came free. Idempotent.

    The lines forget their numbers too, except those somebody asked for: what is not held must not be shown.
    """
    lapsed = tx.conn.execute(
        "SELECT DISTINCT n.sale FROM numbers n JOIN sales s ON s.no = n.sale"
        " WHERE n.state = ? AND s.state = 'basket' AND s.hold_until_ms IS NOT NULL AND s.hold_until_ms <= ?",
        (HELD, tx.now_ms),
    ).fetchall()
    freed = 0
    for (sale,) in lapsed:
        freed += tx.conn.execute(
            "UPDATE numbers SET state = ?, sale = NULL WHERE sale = ? AND state = ?", (FREE, sale, HELD)
        ).rowcount
        tx.conn.execute(
            "UPDATE lines SET ed = asked, lease = NULL WHERE id >= ? AND id < ?",
            (line_id(sale, 0), line_id(sale + 1, 0)),
        )
        tx.conn.execute("UPDATE sales SET hold_until_ms = NULL WHERE no = ?", (sale,))
    return freed


def _not_to_be_had(tx: Tx, drop_no: int, ed: int, title: str) -> Refused:
    leased = tx.conn.execute(
        "SELECT 1 FROM numbers n JOIN leases l ON l.no = n.lease WHERE n.id = ? AND l.epoch_no = ? AND l.expires_ms > ?",
        (number_id(drop_no, ed), journal.read_head(tx.conn).epoch_no, tx.now_ms),
    ).fetchone()
    if leased is None:
        return Refused(
            "edition-number-elsewhere",
            f"Number {ed} of {title} is not among those this stall may sell. Choose another number.",
        )
    return Refused("edition-number-taken", f"Number {ed} of {title} is taken. Choose another number.")


def _holds_already(tx: Tx, sale: int, drop_no: int, ed: int) -> bool:
    row = tx.conn.execute("SELECT state, sale FROM numbers WHERE id = ?", (number_id(drop_no, ed),)).fetchone()
    return row is not None and row[0] == HELD and row[1] == sale


def _lowest_free(tx: Tx, drop_no: int, edition: int) -> tuple[int, int] | None:
    """The lowest number free now; only when there is none are lapsed holds swept first."""
    return _free_between(tx, drop_no, 1, edition) or (
        _free_between(tx, drop_no, 1, edition) if release_lapsed(tx) else None
    )


def _this_one(tx: Tx, drop_no: int, ed: int) -> tuple[int, int] | None:
    return _free_between(tx, drop_no, ed, ed) or (_free_between(tx, drop_no, ed, ed) if release_lapsed(tx) else None)


def _free_between(tx: Tx, drop_no: int, low: int, high: int) -> tuple[int, int] | None:
    row = tx.conn.execute(
        "SELECT n.id, n.lease FROM numbers n JOIN leases l ON l.no = n.lease"
        " WHERE n.id BETWEEN ? AND ? AND n.state = ? AND l.epoch_no = ? AND l.expires_ms > ? ORDER BY n.id LIMIT 1",
        (number_id(drop_no, low), number_id(drop_no, high), FREE, journal.read_head(tx.conn).epoch_no, tx.now_ms),
    ).fetchone()
    return None if row is None else (row[0], row[1])
