"""What is asked on every payment and every press must not read whole tables."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

import pytest

from stall.store import attempts, catalogue, claims, for_sale, numbers, readers, sales
from stall.store.box import Box

READS: dict[str, Callable[[sqlite3.Connection], object]] = {
    "open attempts of a reader": lambda conn: attempts.open_on_reader(conn, 1),
    "requests nobody sent": lambda conn: attempts.requested_before(conn, "b", 1),
    "attempts of a sale": lambda conn: attempts.of_sale(conn, 1),
    "remaining numbers": lambda conn: catalogue.remaining(conn, 1, 5, 0),
    "an item for sale": lambda conn: for_sale.find(conn, "harbour-prints", 0),
    "the lowest free number": lambda conn: numbers.lowest_free(conn, 1, 1, 5, 0),
    "numbers held by a sale": lambda conn: numbers.count_held(conn, 1),
    "holds that are over": lambda conn: numbers.lapsed(conn, 0),
    "lines of a sale": lambda conn: sales.lines(conn, 1),
    "a basket by its code": lambda conn: sales.by_basket_code(conn, "K7QM"),
    "a claim by its digest": lambda conn: claims.by_digest(conn, b"x"),
    "what a sale gives": lambda conn: claims.bought(conn, 1),
    "the reader": lambda conn: readers.find(conn, 1),
}


@pytest.mark.parametrize("what", READS)
def test_no_table_that_grows_is_scanned(box: Box, what: str) -> None:
    asked: list[str] = []
    conn = box.db.read()
    conn.set_trace_callback(asked.append)
    READS[what](conn)
    conn.set_trace_callback(None)
    assert asked
    for sql in asked:
        plan = [str(row[3]) for row in conn.execute(f"EXPLAIN QUERY PLAN {sql}")]
        scans = [step for step in plan if step.startswith("SCAN") and "USING" not in step and "journal" not in step]
        assert not scans, (sql, plan)
