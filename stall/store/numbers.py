"""Edition numbers as rows: free, held by a sale, sold. Every question asked while selling is answered by an index.

The words `state = 0` (free) and `state = 1` (held) stand here as in the partial indexes of the schema: SQLite uses
those only where the text says the same, not where a value is bound.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Sequence
from typing import NamedTuple

from stall.store.db import Tx
from stall.store.schema import FREE, FROZEN, HELD, SOLD, VOID, claim_id, edition_number, line_id, number_id

#: The free numbers this box may sell now; `:now_ms` is bound.
FREE_NOW = (
    "FROM numbers n INDEXED BY numbers_free CROSS JOIN leases l ON l.no = n.lease"
    " WHERE n.state = 0 AND l.epoch_no = (SELECT epoch_no FROM journal) AND l.expires_ms > :now_ms"
)
_LOWEST = f"SELECT n.id, n.lease, l.jti {FREE_NOW} AND n.id BETWEEN :low AND :high ORDER BY n.id LIMIT :most"
_FREE_AGAIN = (
    "sale = NULL, state ="
    f" CASE WHEN (SELECT epoch_no FROM leases WHERE no = lease) = (SELECT epoch_no FROM journal) THEN {FREE} ELSE {FROZEN} END"
)
_HELD_BY = "numbers INDEXED BY numbers_held"


class Free(NamedTuple):
    """A number that can be sold now: its key, and the lease it comes from as row and as id."""

    key: int
    lease: int
    jti: str

    @property
    def ed(self) -> int:
        """The edition number itself."""
        return edition_number(self.key)


def lowest_free(conn: sqlite3.Connection, drop_no: int, low: int, high: int, now_ms: int, most: int = 1) -> list[Free]:
    """The lowest numbers from `low` to `high` that can be sold now, in order, `most` of them at most.

    Costs the same however many are sold: the index of free numbers begins with them.
    """
    between = {"low": number_id(drop_no, low), "high": number_id(drop_no, high), "now_ms": now_ms, "most": most}
    return [Free(*row) for row in conn.execute(_LOWEST, between).fetchall()]


def sell(tx: Tx, sold: Sequence[tuple[Free, int]]) -> int:
    """Make free numbers sold, each to its sale, without holding them first: what is taken for nothing is paid at once.

    Return how many were free indeed.
    """
    return tx.conn.executemany(
        f"UPDATE numbers SET state = {SOLD}, sale = ? WHERE id = ? AND state = 0",
        [(sale, number.key) for number, sale in sold],
    ).rowcount


def hold(tx: Tx, number: int, sale: int) -> None:
    """Give a free number to a sale that is being paid."""
    tx.conn.execute("UPDATE numbers SET state = ?, sale = ? WHERE id = ? AND state = 0", (HELD, sale, number))


def sell_held(tx: Tx, sale: int) -> int:
    """Make the numbers a sale holds sold; return how many."""
    return tx.conn.execute(f"UPDATE {_HELD_BY} SET state = ? WHERE sale = ? AND state = 1", (SOLD, sale)).rowcount


def free_held(tx: Tx, sale: int) -> int:
    """Make the numbers a sale holds free again; return how many."""
    return tx.conn.execute(
        f"UPDATE {_HELD_BY} SET state = ?, sale = NULL WHERE sale = ? AND state = 1", (FREE, sale)
    ).rowcount


def take_back(tx: Tx, sale: int, lines: Collection[int] | None = None) -> None:
    """Let go of the numbers of these lines of a sale, of all without any named: free again where no paper names them and nobody
    opened the code, else void.

    Whoever opened it may be downloading now: bytes on their way are written down only when they are out. A free one of an
    earlier epoch's lease is frozen, as all of them are.
    """
    (opened,) = tx.conn.execute(
        "SELECT EXISTS (SELECT 1 FROM grants WHERE claim >= ? AND claim < ?)",
        (claim_id(sale, 0), claim_id(sale + 1, 0)),
    ).fetchone()
    sold = tx.conn.execute(
        "SELECT p.drop_no, l.ed, l.id & 255, EXISTS (SELECT 1 FROM certificates c WHERE c.line = l.id) FROM lines l"
        " JOIN packs p ON p.no = l.pack WHERE l.id >= ? AND l.id < ? AND l.ed IS NOT NULL AND l.of_line IS NULL",
        (line_id(sale, 0), line_id(sale + 1, 0)),
    )
    for drop_no, ed, n, certified in sold.fetchall():
        if lines is not None and n not in lines:
            continue
        change = f"state = {VOID}" if certified or opened else _FREE_AGAIN
        tx.conn.execute(
            f"UPDATE numbers SET {change} WHERE id = ? AND state = {SOLD} AND sale = ?", (number_id(drop_no, ed), sale)
        )


def freeze_unsold(tx: Tx) -> int:
    """Freeze every number that is free or held: a new epoch sells none of them. Return how many."""
    return tx.conn.execute("UPDATE numbers SET state = ?, sale = NULL WHERE state IN (0, 1)", (FROZEN,)).rowcount


def end_lease(tx: Tx, creator: int, lease: str) -> None:
    """Let a creator's lease, named by its hash, be over now: its free numbers stay frozen, held ones may still be paid."""
    tx.conn.execute(
        "UPDATE leases SET expires_ms = ? WHERE expires_ms > ? AND document = (SELECT no FROM documents WHERE hash = ?)"
        " AND drop_no IN (SELECT no FROM drops WHERE creator = ?)",
        (tx.now_ms, tx.now_ms, lease, creator),
    )


def count_held(conn: sqlite3.Connection, sale: int) -> int:
    """How many numbers a sale holds."""
    return int(conn.execute(f"SELECT count(*) FROM {_HELD_BY} WHERE sale = ? AND state = 1", (sale,)).fetchone()[0])


def lapsed(conn: sqlite3.Connection, now_ms: int) -> list[int]:
    """The unpaid sales whose hold is over but whose numbers are still held."""
    rows = conn.execute(
        "SELECT DISTINCT n.sale FROM numbers n INDEXED BY numbers_held CROSS JOIN sales s ON s.no = n.sale"
        " WHERE n.state = 1 AND s.state = 'basket' AND s.hold_until_ms IS NOT NULL AND s.hold_until_ms <= ?",
        (now_ms,),
    )
    return [row[0] for row in rows.fetchall()]
