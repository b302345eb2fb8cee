"""The lives of one box's database: which epoch goes on from which, and what the box may be shown of them again.

Each function takes an open connection; none starts or ends a transaction. A box that was put back to an earlier
state, or copied, learns it from its own signatures kept here (design 5).
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from sqlalchemy import Connection, func, insert, select, update

from stall.cloud import ledger
from stall.cloud.ledger import JournalKey
from stall.cloud.schema import box_notes, fork_notes, journals, lives
from stall.errors import StallError
from stall.wire import b64, event, merkle, note

MAX_CHILDREN = 4
MAX_EPOCHS = 200


@dataclass(frozen=True, slots=True)
class Child:
    """Shows that an epoch goes on from another: the box's note over it, its first event, and the proof between them."""

    note: str
    opening: bytes
    proof: list[str]


def keep_newest(conn: Connection, key: JournalKey, signed: note.Checkpoint, text: str, now_ms: int) -> str:
    """Keep the note with the most events the box ever signed for this journal, and return it."""
    kept = conn.execute(select(box_notes.c.size, box_notes.c.note).where(key.rows_of(box_notes))).first()
    if kept is not None and kept.size >= signed.size:
        return str(kept.note)
    row = {"size": signed.size, "note": text, "received_ms": now_ms}
    if kept is None:
        conn.execute(insert(box_notes).values(**key.values(), **row))
    else:
        conn.execute(update(box_notes).where(key.rows_of(box_notes)).values(**row))
    return text


def record(conn: Connection, key: JournalKey, opening: bytes, now_ms: int) -> None:
    """Write down what the first event of a journal says it goes on from."""
    if conn.execute(select(lives.c.epoch).where(key.rows_of(lives))).first() is not None:
        return
    parent, reason = _told(opening)
    conn.execute(
        insert(lives).values(
            **key.values(),
            parent=parent.get("epoch"),
            parent_size=parent.get("size"),
            parent_root=parent.get("root"),
            reason=reason,
            received_ms=now_ms,
        )
    )


def _told(opening: bytes) -> tuple[dict[str, object], str | None]:
    """The parent and the reason an opening event names; nothing where it names none in the form we know."""
    try:
        body = event.decode(opening).body
    except StallError:
        return {}, None
    parent, reason = body.get("parent"), body.get("reason")
    wanted = {"epoch": str, "size": int, "root": str}
    named = isinstance(parent, dict) and all(isinstance(parent.get(name), kind) for name, kind in wanted.items())
    return (parent if named and isinstance(parent, dict) else {}), (reason if isinstance(reason, str) else None)


def children(conn: Connection, key: JournalKey) -> list[Child]:
    """The newest epochs that go on from this one, as far as a cosigned note lets us show them."""
    rows = conn.execute(
        select(lives.c.epoch, lives.c.shown_note, lives.c.shown_proof)
        .where(lives.c.owner_id == key.owner_id, lives.c.box == key.box, lives.c.parent == key.epoch)
        .order_by(lives.c.received_ms.desc())
        .limit(MAX_CHILDREN)
    ).all()
    found = [
        _child(conn, JournalKey(key.owner_id, key.box, row.epoch), row.shown_note, row.shown_proof) for row in rows
    ]
    return [child for child in found if child is not None]


def _child(conn: Connection, key: JournalKey, text: str | None, proof: str | None) -> Child | None:
    opening = next(iter(ledger.read_held(conn, key, 0, 1)), None)
    if opening is None:
        return None
    if text is None or proof is None:
        shown = _shown(conn, key)
        if shown is None:
            return None
        text, proof = shown
        conn.execute(update(lives).where(key.rows_of(lives)).values(shown_note=text, shown_proof=proof))
    return Child(text, opening.data, json.loads(proof))


def _shown(conn: Connection, key: JournalKey) -> tuple[str, str] | None:
    """A note over a journal and the proof of its first event, computed once from every byte the note covers."""
    head = ledger.read_head(conn, key)
    if head is None or head.cosigned is None or head.cosigned_size is None:
        return None
    leaves = [merkle.leaf_hash(data) for data in ledger.iterate_bytes(conn, key, head.cosigned_size)]
    return head.cosigned, json.dumps([b64.encode(each) for each in merkle.inclusion_proof(0, leaves)])


def of_box(conn: Connection, owner_id: str, box: str) -> list[dict[str, object]]:
    """Every epoch of a box that came here, oldest first: how far it is held, what it goes on from, whether it forked."""
    forks = (
        select(func.count())
        .select_from(fork_notes)
        .where(
            fork_notes.c.owner_id == journals.c.owner_id,
            fork_notes.c.box == journals.c.box,
            fork_notes.c.epoch == journals.c.epoch,
        )
        .scalar_subquery()
    )
    same = (
        (lives.c.owner_id == journals.c.owner_id)
        & (lives.c.box == journals.c.box)
        & (lives.c.epoch == journals.c.epoch)
    )
    rows = conn.execute(
        select(
            journals.c.epoch, journals.c.next, lives.c.parent, lives.c.parent_size, lives.c.reason, forks.label("forks")
        )
        .select_from(journals.outerjoin(lives, same))
        .where(journals.c.owner_id == owner_id, journals.c.box == box)
        .order_by(lives.c.received_ms, journals.c.epoch)
        .limit(MAX_EPOCHS)
    )
    return [
        {
            "epoch": row.epoch,
            "size": row.next,
            "parent": row.parent,
            "parent_size": row.parent_size,
            "reason": row.reason,
            "forked": bool(row.forks),
        }
        for row in rows
    ]
