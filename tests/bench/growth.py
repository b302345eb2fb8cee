"""Makes a stall old: a journal of so many events, with a paid sale for each, in the time of a few transactions."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from stall import app
from stall.store import journal
from stall.store.db import Tx
from stall.store.schema import claim_id, event_id, line_id
from stall.wire import merkle
from stall.wire.event import Event, encode

#: Events in one transaction.
RUN = 20_000


def grow(folder: Path, size: int) -> None:
    """Append events until the journal has `size` of them. The rows are those of sales; the events say less than real ones."""
    box = app.open_box(folder)
    try:
        while (head := journal.read_head(box.db.read())).size < size:
            with box.db.transaction() as tx:
                _append(tx, head, min(RUN, size - head.size))
        box.db.truncate_log()
    finally:
        box.close()


def _append(tx: Tx, head: journal.Head, count: int) -> None:
    (first_sale,) = tx.conn.execute("SELECT coalesce(max(no), 0) + 1 FROM sales").fetchone()
    frontier, rows = head.frontier, []
    for at in range(count):
        event = Event(head.epoch_text, head.size + at, "sale", tx.now_ms, tx.clk, {"sale": first_sale + at})
        data = encode(event)
        frontier = frontier.append(merkle.leaf_hash(data))
        rows.append((event_id(head.epoch_no, head.size + at), data))
    tx.conn.executemany("INSERT INTO events (id, bytes) VALUES (?, ?)", rows)
    tx.conn.execute("UPDATE journal SET size = ?, frontier = ?", (frontier.size, frontier.to_bytes()))
    _sales(tx, head, first_sale, [event for event, _ in rows])


def _sales(tx: Tx, head: journal.Head, first: int, events: list[int]) -> None:
    numbered = list(enumerate(events, first))
    tx.conn.executemany(
        "INSERT INTO sales (no, epoch_no, origin, created_ms, state, cur, total_minor, paid_ms, receipt_event, issue)"
        " VALUES (?, ?, 'cli', ?, 'paid', 'EUR', 0, ?, ?, 1)",
        ((sale, head.epoch_no, tx.now_ms, tx.now_ms, event) for sale, event in numbered),
    )
    tx.conn.executemany(
        "INSERT INTO lines (id, title, qty, minor, vat_bp) VALUES (?, 'Harbour at low sun', 1, 0, 1900)",
        ((line_id(sale, 0),) for sale, _ in numbered),
    )
    tx.conn.executemany(
        "INSERT INTO attempts (sale, ordinal, kind, tender, state, amount_minor, cur, boot_id, requested_boottime_ms, requested_ms)"
        " VALUES (?, 1, 'pay', 'comp', 'paid', 0, 'EUR', ?, 0, ?)",
        ((sale, tx.moment.boot_id, tx.now_ms) for sale, _ in numbered),
    )
    tx.conn.executemany(
        "INSERT INTO claims (id, digest, state, expires_ms) VALUES (?, ?, 'active', ?)",
        ((claim_id(sale, 1), digest, tx.now_ms) for (sale, _), digest in zip(numbered, _digests(), strict=False)),
    )
    tx.conn.executemany(
        "INSERT INTO presses (key, result, at_ms) VALUES (?, ?, ?)",
        ((os.urandom(16), sale, tx.now_ms) for sale, _ in numbered),
    )


def _digests() -> Iterator[bytes]:
    seed = os.urandom(16)
    number = 0
    while True:
        number += 1
        yield hashlib.sha256(seed + number.to_bytes(8)).digest()
