"""Vouchers as rows, and what is left of each. The code is nowhere: rows keep its digest, it is derived to be shown."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from stall.domain.payment import State
from stall.store.attempts import SIGNED
from stall.store.db import Tx


@dataclass(frozen=True, slots=True)
class Voucher:
    """One voucher; `line` is the line of the sale it was sold in (schema.line_id). Money in minor units, time in ms UTC."""

    no: int
    line: int
    minor: int
    cur: str
    state: str
    expires_ms: int | None


_COLUMNS = "no, line, minor, cur, state, expires_ms"


def by_digest(conn: sqlite3.Connection, digest: bytes) -> Voucher | None:
    """The voucher a code's digest belongs to, or None."""
    row = conn.execute(f"SELECT {_COLUMNS} FROM vouchers WHERE digest = ?", (digest,)).fetchone()
    return None if row is None else Voucher(*row)


def of_sale(conn: sqlite3.Connection, sale: int) -> list[Voucher]:
    """The vouchers sold in a sale."""
    rows = conn.execute(f"SELECT {_COLUMNS} FROM vouchers WHERE line >= ? << 8 AND line < (? + 1) << 8", (sale, sale))
    return [Voucher(*row) for row in rows.fetchall()]


def left(conn: sqlite3.Connection, voucher: Voucher) -> int:
    """What is not spent of a voucher, in minor units: what was spent and given back counts as not spent."""
    (spent,) = conn.execute(
        f"SELECT coalesce(sum({SIGNED}), 0) FROM attempts a WHERE a.tender = 'voucher' AND a.state = ? AND a.reference = ?",
        (State.PAID, str(voucher.no)),
    ).fetchone()
    return voucher.minor - int(spent)


def next_no(conn: sqlite3.Connection) -> int:
    """The number the next voucher gets."""
    return int(conn.execute("SELECT coalesce(max(no), 0) + 1 FROM vouchers").fetchone()[0])


def add(tx: Tx, *, no: int, digest: bytes, line: int, minor: int, cur: str, expires_ms: int | None) -> None:
    """Write a voucher that was paid."""
    tx.conn.execute(
        "INSERT INTO vouchers (no, digest, line, minor, cur, state, expires_ms) VALUES (?, ?, ?, ?, ?, 'active', ?)",
        (no, digest, line, minor, cur, expires_ms),
    )


def of_line(conn: sqlite3.Connection, line: int) -> Voucher | None:
    """The voucher that a line sold (schema.line_id), or None."""
    row = conn.execute(f"SELECT {_COLUMNS} FROM vouchers WHERE line = ?", (line,)).fetchone()
    return None if row is None else Voucher(*row)


def revoke(tx: Tx, line: int) -> None:
    """Take back the voucher that a line sold."""
    tx.conn.execute("UPDATE vouchers SET state = 'revoked' WHERE line = ?", (line,))


def revoke_of_sale(tx: Tx, sale: int) -> None:
    """Take back the vouchers of a sale that was taken back."""
    tx.conn.execute("UPDATE vouchers SET state = 'revoked' WHERE line >= ? << 8 AND line < (? + 1) << 8", (sale, sale))
