"""Finds, in a recorded run, every change of the database that was made without holding the door.

The one door is design 4's rule: turn, door, then BEGIN IMMEDIATE. SQLite keeps its own locks as well, so a write
beside the door loses nothing by itself; it makes everybody else wait at random, and checkpoints where none is expected.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterable

from stall.store import locks
from tests.preload.records import Op, Record

DATABASE = "stall.sqlite"
_CHANGES = {Op.WRITE, Op.SYNC, Op.TRUNCATE, Op.ALLOCATE}


def outside_the_door(records: Iterable[Record]) -> list[str]:
    """One sentence for each process and file that was changed outside the door.

    Who holds `stall.run` alone (making, migrating, restoring a box) needs no door: nobody else runs.
    """
    holder: int | None = None
    alone: set[int] = set()
    found: dict[tuple[int, str], int] = {}
    for number, record in enumerate(records):
        if record.op is Op.LOCK and record.path == locks.DOOR:
            holder = record.pid
        elif record.op is Op.UNLOCK and record.path == locks.DOOR:
            holder = None
        elif record.path == locks.RUN and record.op in {Op.LOCK, Op.UNLOCK}:
            exclusive = record.op is Op.LOCK and record.flags & fcntl.LOCK_EX
            (alone.add if exclusive else alone.discard)(record.pid)
        elif _changes(record) and record.pid != holder and record.pid not in alone:
            found.setdefault((record.pid, record.path), number)
    return [
        f"Process {pid} changed {path} without holding the door (record {number})."
        for (pid, path), number in found.items()
    ]


def _changes(record: Record) -> bool:
    return record.op in _CHANGES and record.path in {DATABASE, f"{DATABASE}-wal"}
