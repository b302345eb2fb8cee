"""Hold edition numbers for a checkout, and let go of holds that lapsed.

A hold does not lapse while an attempt is open and lives three minutes after the last one ended.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from stall.errors import Refused
from stall.flows.basket_lines import number_twice
from stall.store import journal, numbers, sales
from stall.store.db import Tx
from stall.store.goods import Good
from stall.store.sales import Sale
from stall.store.schema import HELD, line_id, number_id

HOLD_MS = 3 * 60 * 1000


def hold_numbers(tx: Tx, sale: Sale, sold: Sequence[Good]) -> None:
    """Hold a number for every limited line of a sale: the one it has, the one asked for, or the lowest free.

    Raises Refused `drop-sold-out`, `edition-number-taken`, `edition-number-elsewhere`; nothing is held then.
    """
    limited = [good for good in sold if good.edition is not None and not good.returned]
    asked = Counter((good.drop_no, good.line.ed) for good in limited if good.line.ed is not None)
    for good in limited:
        if good.line.ed is not None and asked[good.drop_no, good.line.ed] > 1:
            raise number_twice(good.line.ed, good.line.title)  # held once, it would be paid twice
    for good in sorted(limited, key=lambda good: good.line.ed is None):  # first those that ask for a number
        _hold_one(tx, sale.no, good)
    if sale.hold_until_ms is not None:
        tx.conn.execute("UPDATE sales SET hold_until_ms = NULL WHERE no = ?", (sale.no,))


def _hold_one(tx: Tx, sale: int, good: Good) -> None:
    drop_no, edition, ed, title = good.drop_no or 0, good.edition or 0, good.line.ed, good.line.title
    if ed is not None and _holds_already(tx, sale, drop_no, ed):
        return
    found = find_free(tx, drop_no, 1, edition) if ed is None else find_free(tx, drop_no, ed, ed)
    if not found and ed is not None:
        raise _not_to_be_had(tx, drop_no, ed, title)
    if not found:
        raise sold_out(title)
    number = found[0]
    numbers.hold(tx, number.key, sale)
    tx.conn.execute(
        "UPDATE lines SET ed = ?, lease = ? WHERE id = ?", (number.ed, number.lease, line_id(sale, good.line.n))
    )


def end_hold_later(tx: Tx, sale: int) -> None:
    """Start the three minutes: the last attempt of a sale ended without completing it.

    Not where a part is paid: that keeps the hold until the sale is completed or the part given back.
    """
    sales.hold_until(tx, sale, tx.now_ms + HOLD_MS)


def release_hold(tx: Tx, sale: int) -> None:
    """Let go of a sale's numbers at once (it was dropped)."""
    numbers.free_held(tx, sale)


def release_lapsed(tx: Tx) -> int:
    """Let go of every lapsed hold; return how many numbers came free. Idempotent.

    The lines forget their numbers too, except those somebody asked for: what is not held must not be shown.
    """
    return sum([forget_numbers(tx, sale) for sale in numbers.lapsed(tx.conn, tx.now_ms)])


def forget_numbers(tx: Tx, sale: int) -> int:
    """Let a sale stand as before its numbers were held; return how many came free."""
    tx.conn.execute(
        "UPDATE lines SET ed = asked, lease = NULL WHERE id >= ? AND id < ? AND of_line IS NULL",
        (line_id(sale, 0), line_id(sale + 1, 0)),
    )
    tx.conn.execute("UPDATE sales SET hold_until_ms = NULL WHERE no = ?", (sale,))
    return numbers.free_held(tx, sale)


def sold_out(title: str) -> Refused:
    """What to tell who comes too late."""
    return Refused("drop-sold-out", f"{title} is sold out. Choose another item.", title=title)


def _not_to_be_had(tx: Tx, drop_no: int, ed: int, title: str) -> Refused:
    leased = tx.conn.execute(
        "SELECT 1 FROM numbers n JOIN leases l ON l.no = n.lease WHERE n.id = ? AND l.epoch_no = ? AND l.expires_ms > ?",
        (number_id(drop_no, ed), journal.read_head(tx.conn).epoch_no, tx.now_ms),
    ).fetchone()
    if leased is None:
        return Refused(
            "edition-number-elsewhere",
            f"Number {ed} of {title} is not among those this stall may sell. Choose another number.",
            ed=ed,
            title=title,
        )
    return Refused(
        "edition-number-taken", f"Number {ed} of {title} is taken. Choose another number.", ed=ed, title=title
    )


def _holds_already(tx: Tx, sale: int, drop_no: int, ed: int) -> bool:
    row = tx.conn.execute("SELECT state, sale FROM numbers WHERE id = ?", (number_id(drop_no, ed),)).fetchone()
    return row is not None and row[0] == HELD and row[1] == sale


def find_free(tx: Tx, drop_no: int, low: int, high: int, most: int = 1) -> list[numbers.Free]:
    """The lowest numbers free now from `low` to `high`; only when there are not `most` are lapsed holds swept first."""
    free = numbers.lowest_free(tx.conn, drop_no, low, high, tx.now_ms, most)
    if len(free) < most and release_lapsed(tx):
        free = numbers.lowest_free(tx.conn, drop_no, low, high, tx.now_ms, most)
    return free
