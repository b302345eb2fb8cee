"""Makes a stall old: a journal of so many events, with a paid sale for each, in the time of a few transactions."""

from __future__ import annotations

import os
from pathlib import Path

from stall import app
from stall.store import journal
from stall.store.db import Tx
from stall.store.schema import claim_id, event_id, line_id
from stall.wire import merkle

#: Events in one transaction.
RUN = 50_000


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
    tx.conn.execute("PRAGMA cache_size=-200000")  # this process only: keys at random would be read again and again
    frontier, rows = head.frontier, []
    for at in range(count):
        data = _event(tx, head, head.size + at, first_sale + at)
        frontier = frontier.append(merkle.leaf_hash(data))
        rows.append((event_id(head.epoch_no, head.size + at), data))
    tx.conn.executemany("INSERT INTO events (id, bytes) VALUES (?, ?)", rows)
    tx.conn.execute("UPDATE journal SET size = ?, frontier = ?", (frontier.size, frontier.to_bytes()))
    _sales(tx, head, first_sale, [event for event, _ in rows])


def _event(tx: Tx, head: journal.Head, seq: int, sale: int) -> bytes:
    """What `wire.event.encode` writes for it, a tenth as slow; a test compares the two."""
    return (
        f'{{"at":{tx.now_ms},"body":{{"sale":{sale}}},"clk":"{tx.clk}","epoch":"{head.epoch_text}","kind":"sale",'
        f'"seq":{seq},"v":1}}'
    ).encode()


def _sales(tx: Tx, head: journal.Head, first: int, events: list[int]) -> None:
    numbered, at_ms = list(enumerate(events, first)), tx.now_ms
    tx.conn.executemany(
        "INSERT INTO sales (no, epoch_no, origin, created_ms, state, cur, total_minor, paid_ms, receipt_event, issue)"
        " VALUES (?, ?, 'cli', ?, 'paid', 'EUR', 0, ?, ?, 1)",
        [(sale, head.epoch_no, at_ms, at_ms, event) for sale, event in numbered],
    )
    tx.conn.executemany(
        "INSERT INTO lines (id, title, qty, minor, vat_bp) VALUES (?, 'Harbour at low sun', 1, 0, 1900)",
        [(line_id(sale, 0),) for sale, _ in numbered],
    )
    tx.conn.executemany(
        "INSERT INTO attempts (sale, ordinal, kind, tender, state, amount_minor, cur, boot_id, requested_boottime_ms, requested_ms)"
        " VALUES (?, 1, 'pay', 'comp', 'paid', 0, 'EUR', ?, 0, ?)",
        [(sale, tx.moment.boot_id, at_ms) for sale, _ in numbered],
    )
    _random_keys(tx, [sale for sale, _ in numbered])


def _random_keys(tx: Tx, numbers: list[int]) -> None:
    """The two tables found by a random key, filled in the keys' order: in that of the sales it would take minutes."""
    random = os.urandom(48 * len(numbers))
    keys = sorted(random[at : at + 48] for at in range(0, len(random), 48))
    tx.conn.executemany(
        "INSERT INTO claims (id, digest, state, expires_ms) VALUES (?, ?, 'active', ?)",
        [(claim_id(sale, 1), key[:32], tx.now_ms) for sale, key in zip(numbers, keys, strict=True)],
    )
    tx.conn.executemany(
        "INSERT INTO presses (key, result, at_ms) VALUES (?, ?, ?)",
        [(key[:16], sale, tx.now_ms) for sale, key in zip(numbers, keys, strict=True)],
    )
