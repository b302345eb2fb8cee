"""Read every epoch's events in order: are they all there, are they what was signed, does each epoch go on from one before?

Says nothing about what the events mean.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field

from stall.domain.epoch import EPOCH_NO_LIMIT
from stall.errors import StallError
from stall.store import journal, proofs
from stall.store.audit.found import Audit
from stall.store.schema import event_id
from stall.wire import b64, event, keys, merkle, note
from stall.wire.event import Event
from stall.wire.merkle import Frontier


@dataclass(slots=True)
class _Reading:
    """One epoch while it is read: what was signed of it at which size, and how far the reading has come."""

    head: journal.Head
    signed: dict[int, set[bytes]]
    frontier: Frontier = field(default_factory=Frontier.empty)
    next_seq: int = 0


def walk(conn: sqlite3.Connection, found: Audit, public: bytes) -> Iterator[tuple[int, Event]]:
    """Give every event that can be read, as (number of its epoch, event), and check them on the way.

    Raises StallError when the head of the journal itself cannot be read.
    """
    running = journal.read_head(conn)
    found.epoch = running.epoch_text
    ended: dict[str, tuple[int, bytes]] = {}
    last_at = 0
    for epoch_no in journal.epoch_numbers(conn):
        found.epochs += 1
        head = journal.read_epoch(conn, epoch_no)
        reading = _Reading(head, _signed(conn, found, head, public))
        for read in _events(conn, found, reading):
            last_at = _check_time(found, read, last_at)
            if read.seq == 0:
                _check_beginning(found, read, ended)
            yield epoch_no, read
        _check_end(conn, found, reading)
        ended[head.epoch_text] = (reading.next_seq, reading.frontier.root())
        found.root = reading.frontier.root()
    if not found.findings and last_at != running.last_at_ms:
        found.add("The box keeps another time for its last event than the event itself.")
    _check_strays(conn, found)


def _signed(conn: sqlite3.Connection, found: Audit, head: journal.Head, public: bytes) -> dict[int, set[bytes]]:
    """The roots this box signed of an epoch, by size: the newest checkpoint, and the newest that came back from the cloud."""
    origin = note.origin(keys.thumbprint(public), head.epoch)
    rows = [
        conn.execute("SELECT note, size, root FROM checkpoint WHERE epoch_no = ?", (head.epoch_no,)).fetchone(),
        conn.execute(
            "SELECT cosigned, cosigned_size, NULL FROM uploads WHERE epoch_no = ?", (head.epoch_no,)
        ).fetchone(),
    ]
    signed: dict[int, set[bytes]] = {}
    for text, size, root in (row for row in rows if row is not None and row[0] is not None):
        try:
            read = note.Checkpoint.parse(note.open(text, [note.Verifier(origin, public)]).body)
        except StallError as error:
            found.add(f"A checkpoint of epoch {head.epoch_text} does not hold: {error.sentence}")
            continue
        if (read.origin, read.size) != (origin, size) or root not in (None, read.root):
            found.add(f"A checkpoint of epoch {head.epoch_text} is not of the size or root the box keeps beside it.")
        signed.setdefault(read.size, set()).add(read.root)
    return signed


def _events(conn: sqlite3.Connection, found: Audit, reading: _Reading) -> Iterator[Event]:
    """The readable events of one epoch in order; gaps and misplaced ones become findings."""
    for seq, data in journal.all_events(conn, reading.head.epoch_no):
        if seq != reading.next_seq:
            found.add(f"Event {reading.next_seq} is missing; {seq} comes next.")
        _check_root(found, reading)
        reading.next_seq = seq + 1
        reading.frontier = reading.frontier.append(merkle.leaf_hash(data))
        found.events += 1
        try:
            read = event.decode(data)
        except StallError as error:
            found.add(f"Event {seq} cannot be read: {error.sentence}")
            continue
        if (read.epoch, read.seq) != (reading.head.epoch_text, seq):
            found.add(f"Event {seq} says it is event {read.seq} of epoch {read.epoch}.")
        if (read.kind == "epoch") != (seq == 0):
            found.add(
                f"Event {seq} of epoch {reading.head.epoch_text} is not the one an epoch begins with, or begins one again."
            )
        yield read
    _check_root(found, reading)


def _check_root(found: Audit, reading: _Reading) -> None:
    """Compare with what was signed of the journal when it had this size."""
    roots = reading.signed.pop(reading.frontier.size, set())
    if roots and roots != {reading.frontier.root()}:
        found.add(f"The journal is not the one this box signed a checkpoint of ({reading.frontier.size} events).")


def _check_time(found: Audit, read: Event, last_at: int) -> int:
    if read.at < last_at and read.kind != "clock":
        found.add(f"Event {read.seq} is earlier than the one before it.")
    return read.at


def _check_beginning(found: Audit, read: Event, ended: dict[str, tuple[int, bytes]]) -> None:
    """The first epoch has no parent; a later one names where the one before it ended."""
    parent = read.body.get("parent")
    if parent is None and not ended:
        return
    named = parent if isinstance(parent, dict) else {}
    before = next(reversed(ended), None)
    where = None if before is None else (before, ended[before][0], b64.encode(ended[before][1]))
    if (named.get("epoch"), named.get("size"), named.get("root")) != where:
        found.add(f"Epoch {read.epoch} does not go on from where the epoch before it ended.")


def _check_end(conn: sqlite3.Connection, found: Audit, reading: _Reading) -> None:
    """The events of an epoch make the root that is kept of it, and so do the hashes kept for proofs."""
    head = reading.head
    for size in reading.signed:
        found.add(f"The journal is not the one this box signed a checkpoint of ({size} events).")
    if (reading.next_seq, reading.frontier.root()) != (head.size, head.frontier.root()):
        found.add(f"The journal's {reading.frontier.size} events do not make the root the box keeps for {head.size}.")
    elif not proofs.open_tree(conn, head.epoch_no).check_all():
        found.add(
            "The hashes kept for proofs are wrong; the journal itself is right. They are made again by: stall journal export"
        )


def _check_strays(conn: sqlite3.Connection, found: Audit) -> None:
    """Events filed under an epoch this database never had."""
    before = 0
    for epoch_no in [*journal.epoch_numbers(conn), EPOCH_NO_LIMIT]:
        stray = conn.execute(
            "SELECT 1 FROM events WHERE id >= ? AND id < ? LIMIT 1", (event_id(before, 0), event_id(epoch_no, 0))
        ).fetchone()
        if stray is not None:
            found.add("There are events of an epoch the box does not know.")
        before = epoch_no + 1
