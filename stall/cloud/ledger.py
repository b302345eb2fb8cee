"""The cloud's statements on journals and what is found in them.

Each function takes an open connection; none starts or ends a transaction, none judges.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, and_, insert, or_, select, update

from stall.cloud.database import LostRaceError
from stall.cloud.judge import Judged
from stall.cloud.schema import branches, editions, events, fork_notes, journals, owners, receipts, returned, tenders
from stall.errors import Broken
from stall.wire import b64, merkle, note, receipt, takeback

READ_AT_ONCE = 500  # events fetched together when a whole journal is read


@dataclass(frozen=True, slots=True)
class JournalKey:
    """Names one journal: whose it is, of which box, of which life of its database."""

    owner_id: str
    box: str
    epoch: str

    def values(self) -> dict[str, str]:
        """The three columns every row of this journal bears."""
        return {"owner_id": self.owner_id, "box": self.box, "epoch": self.epoch}

    def rows_of(self, table: Table) -> ColumnElement[bool]:
        """The condition that picks this journal's rows."""
        return and_(
            table.c.owner_id == self.owner_id,
            table.c.box == self.box,
            table.c.epoch == self.epoch,
        )


@dataclass(frozen=True, slots=True)
class JournalHead:
    """How far a journal is held here, and the newest checkpoint we cosigned for it."""

    frontier: merkle.Frontier
    cosigned: str | None
    cosigned_size: int | None

    @property
    def next(self) -> int:
        """The seq of the event that is awaited."""
        return self.frontier.size


@dataclass(frozen=True, slots=True)
class Held:
    """One stored event and what was said of it."""

    seq: int
    data: bytes
    verdict: str
    reason: str | None


def know_owner(conn: Connection, owner_id: str, creator: str, now_ms: int) -> None:
    """Write down whom this cloud serves, once."""
    if conn.execute(select(owners.c.owner_id).where(owners.c.owner_id == owner_id)).first() is None:
        conn.execute(insert(owners).values(owner_id=owner_id, creator=creator, created_ms=now_ms))


def read_head(conn: Connection, key: JournalKey) -> JournalHead | None:
    """How far the journal is held, or None if no event of it ever came."""
    row = conn.execute(
        select(journals.c.next, journals.c.frontier, journals.c.cosigned, journals.c.cosigned_size).where(
            key.rows_of(journals)
        )
    ).first()
    if row is None:
        return None
    return JournalHead(merkle.Frontier.from_bytes(row.next, row.frontier), row.cosigned, row.cosigned_size)


def start_journal(conn: Connection, key: JournalKey, delegation: str, now_ms: int) -> JournalHead:
    """Open the row of a journal nobody has sent from before."""
    empty = merkle.Frontier.empty()
    conn.execute(
        insert(journals).values(
            **key.values(),
            next=0,
            frontier=empty.to_bytes(),
            delegation=delegation,
            updated_ms=now_ms,
        )
    )
    return JournalHead(empty, None, None)


def advance(
    conn: Connection,
    key: JournalKey,
    before: JournalHead,
    after: merkle.Frontier,
    delegation: str,
    now_ms: int,
) -> None:
    """Move the cursor, if it still stands where it was read; else the transaction lost the race."""
    moved = conn.execute(
        update(journals)
        .where(key.rows_of(journals), journals.c.next == before.next)
        .values(next=after.size, frontier=after.to_bytes(), delegation=delegation, updated_ms=now_ms)
    )
    if moved.rowcount != 1:
        raise LostRaceError


def keep_cosigned(conn: Connection, key: JournalKey, text: str, size: int) -> None:
    """Remember the newest checkpoint this cloud cosigned; an older one never replaces it."""
    newer = or_(journals.c.cosigned_size.is_(None), journals.c.cosigned_size <= size)
    conn.execute(update(journals).where(key.rows_of(journals), newer).values(cosigned=text, cosigned_size=size))


def read_held(conn: Connection, key: JournalKey, first: int, end: int) -> list[Held]:
    """The stored events with first <= seq < end, in order."""
    rows = conn.execute(
        select(events.c.seq, events.c.bytes, events.c.verdict, events.c.reason)
        .where(key.rows_of(events), events.c.seq >= first, events.c.seq < end)
        .order_by(events.c.seq)
    )
    return [Held(row.seq, row.bytes, row.verdict, row.reason) for row in rows]


def iterate_bytes(conn: Connection, key: JournalKey, end: int) -> Iterator[bytes]:
    """The stored bytes of events 0 to `end` - 1.

    Raises Broken `cloud-journal-damaged` if one of them is gone.
    """
    for first in range(0, end, READ_AT_ONCE):
        until = min(first + READ_AT_ONCE, end)
        held = read_held(conn, key, first, until)
        if len(held) != until - first:
            raise Broken(
                "cloud-journal-damaged",
                "Events are missing from the cloud's store. Restore it from a backup.",
            )
        yield from (each.data for each in held)


def store_events(conn: Connection, key: JournalKey, standing: Sequence[Judged], now_ms: int) -> None:
    """Append events in their places, and index what their receipts say."""
    rows: dict[Table, list[dict[str, Any]]] = {events: [], receipts: [], tenders: [], editions: [], returned: []}
    for judged in standing:
        place: dict[str, Any] = {**key.values(), "seq": judged.seq}
        told = {"kind": judged.kind, "verdict": judged.verdict.value, "reason": judged.reason}
        rows[events].append({**place, "bytes": judged.data, **told, "received_ms": now_ms})
        if judged.receipt is not None:
            _index_receipt(rows, place, judged.receipt, judged.receipt_typ)
    for table, each in rows.items():
        if each:
            conn.execute(insert(table), each)


def _index_receipt(
    rows: dict[Table, list[dict[str, Any]]], place: dict[str, Any], signed: receipt.Receipt, typ: str
) -> None:
    rows[receipts].append({**place, "jti": signed.jti, "typ": typ, "ref": signed.ref, "test": int(signed.test)})
    for n, pay in enumerate(signed.pay):
        rows[tenders].append({**place, "n": n, "m": pay.m, "st": pay.st, "cur": pay.cur, "minor": pay.minor})
    back = takeback.returned(typ, signed)
    for n, item in enumerate(signed.items):
        if item.ed is not None:
            table = returned if item in back else editions
            rows[table].append({**place, "n": n, "drop": item.drop, "ed": item.ed})


def store_branch(conn: Connection, key: JournalKey, judged: Judged, now_ms: int) -> None:
    """Keep bytes the journal cannot hold; the same bytes at the same place are kept once."""
    row = {
        **key.values(),
        "seq": judged.seq,
        "digest": b64.encode(hashlib.sha256(judged.data).digest()),
    }
    same = and_(*(branches.c[name] == value for name, value in row.items()))
    if conn.execute(select(branches.c.seq).where(same)).first() is None:
        conn.execute(
            insert(branches).values(
                **row,
                bytes=judged.data,
                verdict=judged.verdict.value,
                reason=judged.reason or "",
                received_ms=now_ms,
            )
        )


def store_fork_note(conn: Connection, key: JournalKey, signed: note.Checkpoint, text: str, now_ms: int) -> None:
    """Keep a checkpoint that the box signed over another tree than ours, once."""
    row = {**key.values(), "size": signed.size, "root": b64.encode(signed.root)}
    same = and_(*(fork_notes.c[name] == value for name, value in row.items()))
    if conn.execute(select(fork_notes.c.size).where(same)).first() is None:
        conn.execute(insert(fork_notes).values(**row, note=text, received_ms=now_ms))


def was_forked(conn: Connection, key: JournalKey) -> bool:
    """Whether the box ever signed a tree that is not ours."""
    return conn.execute(select(fork_notes.c.size).where(key.rows_of(fork_notes)).limit(1)).first() is not None
