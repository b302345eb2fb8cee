"""After a run: was anything oversold, sold twice, acknowledged and not kept, or kept and not acknowledged?"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path

from stall import app
from stall.store import journal
from stall.store.schema import SOLD, event_id
from stall.web import ids
from stall.wire import merkle


def check(folder: Path, orders: Iterable[str], *, whole_tree: bool) -> list[str]:
    """What is wrong with a stall whose server has stopped; `orders` are those the crowd was given.

    With `whole_tree` the root over all events is computed anew, which takes a second for 200,000 of them.
    """
    box = app.open_box(folder)
    try:
        conn = box.db.read()
        acknowledged = [ids.order_sale(box.secrets, order) for order in orders]
        return [*_sales(conn, acknowledged), *_numbers(conn), *(_tree(conn) if whole_tree else ())]
    finally:
        box.close()


def _sales(conn: sqlite3.Connection, acknowledged: list[int]) -> Iterable[str]:
    rows = conn.execute("SELECT no, receipt_event FROM sales WHERE origin = 'take' AND state = 'paid'").fetchall()
    kept = {row[0] for row in rows}
    if len(set(acknowledged)) != len(acknowledged):
        yield "an order was given twice"
    if kept != set(acknowledged):
        yield f"{len(set(acknowledged) - kept)} acknowledged are not kept, {len(kept - set(acknowledged))} kept unasked"
    missing = conn.execute(
        "SELECT count(*) FROM sales s LEFT JOIN events e ON e.id = s.receipt_event WHERE s.state = 'paid' AND e.id IS NULL"
    ).fetchone()[0]
    without = conn.execute(
        "SELECT count(*) FROM sales s LEFT JOIN claims c ON c.id = (s.no << 8) + 1 WHERE s.state = 'paid' AND c.id IS NULL"
    ).fetchone()[0]
    if missing or without:
        yield f"{missing} paid sales have no receipt, {without} no claim code"


def _numbers(conn: sqlite3.Connection) -> Iterable[str]:
    of_lines = conn.execute(
        "SELECT p.drop_no << 20 | l.ed FROM lines l JOIN packs p ON p.no = l.pack JOIN sales s ON s.no = l.id >> 8"
        " WHERE l.ed IS NOT NULL AND s.state = 'paid'"
    ).fetchall()
    sold = {row[0] for row in conn.execute("SELECT id FROM numbers WHERE state = ?", (SOLD,)).fetchall()}
    if len({row[0] for row in of_lines}) != len(of_lines):
        yield "an edition number was sold twice"
    if {row[0] for row in of_lines} != sold:
        yield "the numbers on sales are not the numbers sold"


def _tree(conn: sqlite3.Connection) -> Iterable[str]:
    head = journal.read_head(conn)
    leaves = [merkle.leaf_hash(data) for _, data in journal.all_events(conn, head.epoch_no)]
    last = conn.execute("SELECT max(id) FROM events").fetchone()[0]
    if len(leaves) != head.size or last != event_id(head.epoch_no, head.size - 1):
        yield "the journal has a gap"
    elif merkle.root_of(leaves) != head.frontier.root():
        yield "the journal's root is not that of its events"
