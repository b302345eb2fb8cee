"""Hold edition numbers for a checkout, and let go of holds that lapsed.

A hold does not lapse while an attempt is open and lives three minutes after the last one ended.
"""

from __future__ import annotations

from stall.errors import Refused
from stall.store import journal, numbers
from stall.store.db import Tx
from stall.store.schema import HELD, line_id, number_id

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
        numbers.hold(tx, number[0], sale)
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


def release_hold(tx: Tx, sale: int) -> None:
    """Let go of a sale's numbers at once (it was dropped)."""
    numbers.free_held(tx, sale)


def release_lapsed(tx: Tx) -> int:
    """Let go of every lapsed hold; return how many numbers came free. Idempotent.

    The lines forget their numbers too, except those somebody asked for: what is not held must not be shown.
    """
    freed = 0
    for sale in numbers.lapsed(tx.conn, tx.now_ms):
        freed += numbers.free_held(tx, sale)
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
    return numbers.lowest_free(tx.conn, drop_no, 1, edition, tx.now_ms) or (
        numbers.lowest_free(tx.conn, drop_no, 1, edition, tx.now_ms) if release_lapsed(tx) else None
    )


def _this_one(tx: Tx, drop_no: int, ed: int) -> tuple[int, int] | None:
    return numbers.lowest_free(tx.conn, drop_no, ed, ed, tx.now_ms) or (
        numbers.lowest_free(tx.conn, drop_no, ed, ed, tx.now_ms) if release_lapsed(tx) else None
    )
