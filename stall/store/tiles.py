"""Hashes of the journal kept 256 to a row, so that proofs need not read every event. A cache, nothing more.

Row (epoch, level, index) holds the roots of 256 neighbouring runs of 256^level events each: level 0
the leaf hashes themselves. The last row of each level above 0 grows with the journal; level 0 has whole
rows only, and the events after the last one are hashed when they are needed. Rows are made outside
the sale path, trusted only as far as they lead to the root the journal keeps, and may be deleted
at any time.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from stall.store.db import Tx
from stall.store.schema import event_id, event_seq, tile_id
from stall.wire import merkle
from stall.wire.merkle import HASH_BYTES

WIDTH = 256
LEVELS = 5

#: Events hashed at a time: some megabytes to read, and 16 rows to write.
RUN = 16 * WIDTH


@dataclass(frozen=True, slots=True)
class Run:
    """Leaf hashes of whole rows, computed and not yet kept: those of events `first` and following."""

    epoch_no: int
    first: int
    leaves: list[bytes]


def tiled(conn: sqlite3.Connection, epoch_no: int) -> int:
    """How many events of an epoch, from its first on, have their hashes kept; always whole rows."""
    row = conn.execute(
        "SELECT max(id) FROM tiles WHERE id >= ? AND id < ?", (tile_id(epoch_no, 0, 0), tile_id(epoch_no, 1, 0))
    ).fetchone()
    return 0 if row[0] is None else (row[0] - tile_id(epoch_no, 0, 0) + 1) * WIDTH


def row_of(conn: sqlite3.Connection, epoch_no: int, level: int, index: int) -> list[bytes]:
    """The hashes of one row as they are kept; empty when there is none."""
    row = conn.execute("SELECT hashes FROM tiles WHERE id = ?", (tile_id(epoch_no, level, index),)).fetchone()
    data = b"" if row is None else bytes(row[0])
    return [data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)]


def leaves(conn: sqlite3.Connection, epoch_no: int, first: int, end: int) -> list[bytes]:
    """Hash the events `first` to before `end`; stops short where one is missing."""
    found: list[bytes] = []
    rows = conn.execute(
        "SELECT id, bytes FROM events WHERE id >= ? AND id < ? ORDER BY id",
        (event_id(epoch_no, first), event_id(epoch_no, end)),
    )
    for number, data in rows:
        if event_seq(number) != first + len(found):
            break
        found.append(merkle.leaf_hash(data))
    rows.close()
    return found


def next_run(conn: sqlite3.Connection, epoch_no: int, most: int = RUN) -> Run | None:
    """Hash the next events that fill whole rows, at most `most`; None when there are too few.

    Call it outside the door: events never change, so nothing can come in between.
    """
    first = tiled(conn, epoch_no)
    found = leaves(conn, epoch_no, first, first + most)
    whole = len(found) // WIDTH * WIDTH
    return Run(epoch_no, first, found[:whole]) if whole else None


def keep(tx: Tx, run: Run) -> bool:
    """Keep the hashes of a run; False, and nothing kept, when another process was here first."""
    if tiled(tx.conn, run.epoch_no) != run.first:
        return False
    for at in range(0, len(run.leaves), WIDTH):
        _keep_row(tx, run.epoch_no, (run.first + at) // WIDTH, run.leaves[at : at + WIDTH])
    return True


def _keep_row(tx: Tx, epoch_no: int, index: int, hashes: Sequence[bytes]) -> None:
    """Write one whole row of level 0; its root goes to the row above, and so on where that is whole then."""
    for level in range(LEVELS):
        tx.conn.execute(
            "INSERT OR REPLACE INTO tiles (id, hashes) VALUES (?, ?)",
            (tile_id(epoch_no, level, index), b"".join(hashes)),
        )
        if len(hashes) < WIDTH:
            return
        root, (index, place) = merkle.root_of(hashes), divmod(index, WIDTH)
        hashes = [*row_of(tx.conn, epoch_no, level + 1, index)[:place], root]


def forget(tx: Tx, epoch_no: int) -> None:
    """Delete the hashes of an epoch; they are made again when somebody needs them."""
    tx.conn.execute(
        "DELETE FROM tiles WHERE id >= ? AND id < ?", (tile_id(epoch_no, 0, 0), tile_id(epoch_no + 1, 0, 0))
    )
