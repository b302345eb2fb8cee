"""The double entry as rows: what each event moved, so that a day's sums need no reading of the journal.

A projection: `postings_of` says from an event alone what its rows must be, and the audit compares.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stall.domain import ledger, product
from stall.domain.payment import Kind, State
from stall.store.schema import event_id
from stall.wire import event, jws

#: Kinds of event that move money or goods.
MOVING = frozenset({"sale", "attempt", "finish", "drawer", "shift_close", "settled", "declined_late"})


def post(conn: sqlite3.Connection, event_key: int, kind: str, body: Mapping[str, Any]) -> None:
    """Write what an event moved, in the transaction that appended it; nothing where it moved nothing.

    An attempt it made paid is told which event that was, but where nothing was paid.
    """
    if kind not in MOVING:
        return
    if body.get("state") == State.PAID and body["minor"]:
        conn.execute("UPDATE attempts SET paid_event = ? WHERE no = ?", (event_key, body["attempt"]))
    rows = [(event_key, account, minor) for account, minor in sorted(postings_of(kind, body).items())]
    conn.executemany("INSERT INTO postings (event, account, minor) VALUES (?, ?, ?)", rows)


def sums(conn: sqlite3.Connection, first_event: int, last_event: int) -> dict[str, tuple[int, int]]:
    """For each account what the events from one to another moved in it (minor units), and how many of them did."""
    rows = conn.execute(
        "SELECT account, sum(minor), count(*) FROM postings WHERE event BETWEEN ? AND ? GROUP BY account",
        (first_event, last_event),
    )
    return {account: (minor, count) for account, minor, count in rows.fetchall()}


@dataclass(frozen=True, slots=True)
class Moved:
    """What one account took in (minor units, above zero) and gave out (below), and how many events did each."""

    up: int
    down: int
    ups: int
    downs: int

    @property
    def sum(self) -> int:
        """Both together."""
        return self.up + self.down


NOTHING = Moved(0, 0, 0, 0)


def moved(conn: sqlite3.Connection, first_event: int, last_event: int) -> dict[str, Moved]:
    """As `sums`, with debits and credits apart."""
    rows = conn.execute(
        "SELECT account, sum(max(minor, 0)), sum(min(minor, 0)), sum(minor > 0), sum(minor < 0) FROM postings"
        " WHERE event BETWEEN ? AND ? GROUP BY account",
        (first_event, last_event),
    )
    return {row[0]: Moved(*row[1:]) for row in rows.fetchall()}


def owed(conn: sqlite3.Connection, last_event: int) -> tuple[int, int]:
    """What is owed to customers and on vouchers after an event, in minor units, of all that ever was.

    Few events touch these accounts, and they have an index of their own: SQLite uses it where the words are its own.
    """
    rows = conn.execute(
        "SELECT account, sum(minor) FROM postings WHERE account IN ('customer', 'vouchers', 'vouchers:spent')"
        " AND event <= ? GROUP BY account",
        (last_event,),
    )
    sums: dict[str, int] = dict(rows.fetchall())
    vouchers = sums.get(ledger.VOUCHERS, 0) + sums.get(ledger.VOUCHERS_SPENT, 0)
    return -sums.get(ledger.CUSTOMER, 0), -vouchers


def postings_of(kind: str, body: Mapping[str, Any]) -> ledger.Postings:
    """What an event moves, from its body alone: the money of a payment, the goods of a receipt, cash without a sale, offline money."""
    if kind == "drawer":
        return ledger.drawer_moved(int(body["minor"])) if body["way"] != "count" else {}
    if kind == "shift_close":
        drawer = body["drawer"]
        return ledger.drawer_closed(int(drawer.get("over", 0)), int(drawer["left"]))
    if kind == "settled":
        return ledger.settled(int(body["minor"]))
    if kind == "declined_late":
        return ledger.written_off(str(body["was"]), int(body["minor"]))
    moved = [_money(body)] if body.get("state") == State.PAID else []
    if "receipt" in body:
        moved.append(_goods(jws.known_claims(str(body["receipt"]))))
    return ledger.together(*moved)


def post_all(conn: sqlite3.Connection) -> None:
    """Write the rows of every event of a database that has none yet."""
    epochs = [(no,) for (no,) in conn.execute("SELECT no FROM epochs ORDER BY no").fetchall()]
    for (epoch_no,) in epochs:
        between = (event_id(epoch_no, 0), event_id(epoch_no + 1, 0))
        for key, data in conn.execute("SELECT id, bytes FROM events WHERE id >= ? AND id < ?", between).fetchall():
            told = event.decode(data)
            post(conn, key, told.kind, told.body)


def _money(body: Mapping[str, Any]) -> ledger.Postings:
    sign = 1 if body["kind"] == Kind.PAY else -1
    return ledger.money_moved(str(body["tender"]), body.get("settlement"), sign * int(body["minor"]))


def _goods(claims: Mapping[str, Any]) -> ledger.Postings:
    return ledger.goods_sold(
        [(row["rate"], row["net"], row["vat"]) for row in claims["tax"]],
        vouchers=sum(item["minor"] for item in claims["items"] if product.is_voucher(item.get("sku"))),
        tip=claims.get("tip", 0),
        rounding=claims.get("round", 0),
    )
