"""Takes in batches of one size, for counting what they write: `python -m tests.bench.batches FOLDER DROP SIZE TIMES COUNTS`.

Run behind the counting library. Every batch is one transaction, as the crowd's writer makes it.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path

from stall import app
from stall.flows.take_free import take_free_together
from stall.store import presses
from stall.store.box import Box
from stall.store.writer import TOGETHER
from tests.preload.counts import Counts, Tally

VAT_BP = 1900


def batch(box: Box, drop: str, size: int) -> None:
    """One transaction of so many takes, done together as the crowd's writer does them."""
    with box.db.transaction() as tx:
        for at in range(0, size, TOGETHER):
            with tx.savepoint():
                keys = [presses.new_key() for _ in range(min(TOGETHER, size - at))]
                take_free_together(tx, drop, keys, VAT_BP)


def written(box: Box, drop: str, size: int, times: int, counts: Counts) -> tuple[Tally, int]:
    """What so many batches wrote, and how often the log was copied back meanwhile."""
    batch(box, drop, size)  # what only the first one does
    copied: list[str] = []
    with box.db.transaction() as tx:
        tx.conn.set_trace_callback(lambda sql: copied.append(sql) if "wal_checkpoint" in sql else None)
    before = counts.read()
    for _ in range(times):
        batch(box, drop, size)
    return counts.read().since(before), len(copied)


def main(arguments: list[str]) -> int:
    """Write the batches and say what that cost."""
    folder, drop, size, times, counts = arguments
    box = app.open_box(Path(folder))
    try:
        tally, copied = written(box, drop, int(size), int(times), Counts(Path(counts)))
    finally:
        box.close()
    json.dump({**dataclasses.asdict(tally), "copied_back": copied}, sys.stdout)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
