"""The lives of this database as rows: which there were, and where the numbers of the running one begin. Reads only."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from stall.store.schema import FROZEN
from stall.wire import b64


def next_no(table: str) -> str:
    """SQL for the number of the next row of `sales`, `attempts` or `grants`: none is below the `first_no` of its epoch."""
    return (
        f"(SELECT max(e.first_no, (SELECT coalesce(max(no), 0) + 1 FROM {table}))"
        " FROM journal j JOIN epochs e ON e.no = j.epoch_no)"
    )


def next_grant(conn: sqlite3.Connection) -> int:
    """The number of the next grant; asked inside the door."""
    return int(conn.execute(f"SELECT {next_no('grants')}").fetchone()[0])


@dataclass(frozen=True, slots=True)
class Epoch:
    """One life of the database. `size` counts the events of a closed one, None while it runs; times in ms UTC."""

    no: int
    epoch: str
    opened_ms: int
    reason: str | None
    size: int | None


@dataclass(frozen=True, slots=True)
class FrozenDrop:
    """A limited drop with numbers an earlier epoch left unsold; as ranges of (first, last) number."""

    drop_id: str
    title: str
    ranges: tuple[tuple[int, int], ...]

    @property
    def text(self) -> str:
        """The ranges as `stall lease issue` takes them, like 2-7,9."""
        return ",".join(str(low) if low == high else f"{low}-{high}" for low, high in self.ranges)


def running(conn: sqlite3.Connection) -> Epoch:
    """The epoch that runs."""
    row = conn.execute(
        "SELECT e.no, e.epoch, e.opened_ms, e.reason, e.size FROM journal j JOIN epochs e ON e.no = j.epoch_no"
    ).fetchone()
    return Epoch(row[0], b64.encode(row[1]), row[2], row[3], row[4])


def running_no(conn: sqlite3.Connection) -> int:
    """The number of the epoch that runs."""
    return int(conn.execute("SELECT epoch_no FROM journal").fetchone()[0])


#: A limited drop no lease of the running epoch speaks of.
_NOT_LEASED = (
    "d.edition IS NOT NULL AND NOT EXISTS"
    " (SELECT 1 FROM leases l WHERE l.drop_no = d.no AND l.epoch_no = (SELECT epoch_no FROM journal))"
)


def frozen_drops(conn: sqlite3.Connection) -> frozenset[str]:
    """The drop ids of those that wait for a new lease, as `frozen` lists them; asked at every look at the till."""
    rows = conn.execute(
        f"SELECT d.drop_id FROM drops d WHERE {_NOT_LEASED} AND EXISTS"
        " (SELECT 1 FROM numbers n WHERE n.id >= d.no << 20 AND n.id < (d.no + 1) << 20 AND n.state = ?)",
        (FROZEN,),
    )
    return frozenset(drop_id for (drop_id,) in rows.fetchall())


def frozen(conn: sqlite3.Connection) -> list[FrozenDrop]:
    """The drops that wait for a new lease, with their frozen numbers in order.

    A drop waits no longer once any lease of it names the running epoch.
    """
    rows = conn.execute(
        "SELECT d.drop_id, p.title, n.id & 1048575 FROM drops d JOIN packs p ON p.no = d.pack"
        f" JOIN numbers n ON n.id >= d.no << 20 AND n.id < (d.no + 1) << 20 WHERE n.state = ? AND {_NOT_LEASED} ORDER BY n.id",
        (FROZEN,),
    )
    found: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for drop_id, title, number in rows.fetchall():
        ranges = found.setdefault((drop_id, title), [])
        if ranges and ranges[-1][1] == number - 1:
            ranges[-1] = (ranges[-1][0], number)
        else:
            ranges.append((number, number))
    return [FrozenDrop(drop_id, title, tuple(ranges)) for (drop_id, title), ranges in found.items()]
