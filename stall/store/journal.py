"""The append-only journal: events, the Merkle frontier, the clock floor. All inside one transaction.

Each event is the leaf of one RFC 9162 tree per epoch. The frontier and the floor are read from
their row at each use and never cached: another process may have appended in between.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count

from stall.errors import Broken
from stall.store.floor import Moment
from stall.store.schema import event_id, event_seq
from stall.wire import b64, merkle
from stall.wire.event import Event, encode_all


@dataclass(frozen=True, slots=True)
class Head:
    """Where the journal of this database stands."""

    epoch_no: int
    epoch: bytes
    size: int
    frontier: merkle.Frontier
    last_at_ms: int

    @property
    def epoch_text(self) -> str:
        """The epoch as documents write it (base64url of 16 bytes)."""
        return b64.encode(self.epoch)


@dataclass(frozen=True, slots=True)
class Opening:
    """What an epoch begins with: its number, its 16 random bytes, why, and the body of its first event.

    Sales, attempts and grants made in it are numbered from `first_no` on, at least.
    """

    no: int
    epoch: bytes
    reason: str | None
    first_no: int
    body: dict[str, object]


def read_head(conn: sqlite3.Connection) -> Head:
    """Read the head row. Raises Broken `journal-missing`."""
    row = conn.execute(
        "SELECT j.epoch_no, e.epoch, j.size, j.frontier, j.last_at_ms FROM journal j JOIN epochs e ON e.no = j.epoch_no"
    ).fetchone()
    if row is None:
        raise _missing()
    return Head(row[0], row[1], row[2], merkle.Frontier.from_bytes(row[2], row[3]), row[4])


def read_epoch(conn: sqlite3.Connection, epoch_no: int) -> Head:
    """Where one epoch stands: the running one now, a closed one at its end. Raises Broken `journal-missing`."""
    head = read_head(conn)
    if epoch_no == head.epoch_no:
        return head
    row = conn.execute(
        "SELECT epoch, size, frontier FROM epochs WHERE no = ? AND size IS NOT NULL", (epoch_no,)
    ).fetchone()
    if row is None:
        raise _missing()
    return Head(epoch_no, row[0], row[1], merkle.Frontier.from_bytes(row[1], row[2]), head.last_at_ms)


def epoch_numbers(conn: sqlite3.Connection) -> list[int]:
    """The numbers of this database's epochs, oldest first; the last one is running."""
    return [no for (no,) in conn.execute("SELECT no FROM epochs ORDER BY no").fetchall()]


def _missing() -> Broken:
    return Broken(
        "journal-missing",
        "The database has no journal. Keep a copy of the data folder and put your newest backup in its place; limited drops"
        " then need a new lease.",
    )


def append(conn: sqlite3.Connection, at: Moment, kind: str, body: dict[str, object], after: Head | None = None) -> int:
    """Append one event and return its number; rows, frontier and floor change together.

    `after` spares reading the head again where nothing was appended since it was read.
    """
    head = after or read_head(conn)
    append_all(conn, at, kind, (body,), head)
    return head.size


def append_all(
    conn: sqlite3.Connection, at: Moment, kind: str, bodies: Sequence[dict[str, object]], after: Head
) -> None:
    """Append events of one kind, one after the other; `after` is the head, read in this transaction."""
    if not bodies:
        return
    now, first = at.now_ms, after.size
    data = encode_all(
        Event(epoch=after.epoch_text, seq=first, kind=kind, at=now, clk=at.source.value, body=bodies[0]), bodies
    )
    conn.executemany(
        "INSERT INTO events (id, bytes) VALUES (?, ?)", zip(count(event_id(after.epoch_no, first)), data, strict=False)
    )
    frontier = after.frontier.append_all(map(merkle.leaf_hash, data))
    conn.execute(
        "UPDATE journal SET size = ?, frontier = ?, last_at_ms = ?, floor_boot = iif(floor_ms > ?, floor_boot, ?),"
        " floor_boottime_ms = iif(floor_ms > ?, floor_boottime_ms, ?), floor_ms = max(floor_ms, ?)",
        (frontier.size, frontier.to_bytes(), now, now, at.boot_id, now, at.boottime_ms, now),
    )  # a floor above this moment is a document's, accepted in this very transaction: it stays


def open_epoch(conn: sqlite3.Connection, at: Moment, opening: Opening) -> int:
    """Begin an epoch, closing the one before; its first event names what it goes on from. Return its number.

    The closed one keeps its size and frontier.
    """
    before = conn.execute("SELECT epoch_no, size, frontier FROM journal").fetchone()
    if before is not None:
        conn.execute("UPDATE epochs SET size = ?, frontier = ? WHERE no = ?", (before[1], before[2], before[0]))
    conn.execute(
        "INSERT INTO epochs (no, epoch, opened_ms, parent, reason, first_no) VALUES (?, ?, ?, ?, ?, ?)",
        (opening.no, opening.epoch, at.now_ms, None if before is None else before[0], opening.reason, opening.first_no),
    )
    conn.execute(
        "INSERT INTO journal (id, epoch_no, size, frontier, last_at_ms, floor_ms, floor_boot, floor_boottime_ms)"
        " VALUES (1, ?, 0, x'', ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET epoch_no = excluded.epoch_no, size = 0, frontier = x''",
        (opening.no, at.now_ms, at.now_ms, at.boot_id, at.boottime_ms),
    )
    append(conn, at, "epoch", opening.body)
    return opening.no


def read_events(conn: sqlite3.Connection, epoch_no: int, first: int, limit_bytes: int) -> list[bytes]:
    """Read a run of events from `first` on, at least one if there is one, up to `limit_bytes`."""
    run: list[bytes] = []
    taken = 0
    rows = conn.execute(
        "SELECT bytes FROM events WHERE id >= ? AND id < ? ORDER BY id",
        (event_id(epoch_no, first), event_id(epoch_no + 1, 0)),
    )
    for (data,) in rows:
        if run and taken + len(data) > limit_bytes:
            break
        run.append(data)
        taken += len(data)
    rows.close()
    return run


def all_events(conn: sqlite3.Connection, epoch_no: int) -> Iterator[tuple[int, bytes]]:
    """Walk through an epoch's events in order, as (number, canonical bytes)."""
    rows = conn.execute(
        "SELECT id, bytes FROM events WHERE id >= ? AND id < ? ORDER BY id",
        (event_id(epoch_no, 0), event_id(epoch_no + 1, 0)),
    )
    for number, data in rows:
        yield event_seq(number), data


def newest(conn: sqlite3.Connection, before: int, most: int) -> list[tuple[int, bytes]]:
    """The newest events of all epochs before a key (schema.event_id), newest first, as (key, canonical bytes)."""
    rows = conn.execute("SELECT id, bytes FROM events WHERE id < ? ORDER BY id DESC LIMIT ?", (before, most))
    return [(row[0], bytes(row[1])) for row in rows.fetchall()]


def event_bytes(conn: sqlite3.Connection, event: int) -> bytes | None:
    """Read one event by its key, or None."""
    row = conn.execute("SELECT bytes FROM events WHERE id = ?", (event,)).fetchone()
    return None if row is None else bytes(row[0])
