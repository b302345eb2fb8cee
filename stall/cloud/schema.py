"""The tables of the cloud, in SQLAlchemy Core. No query, no clock, no connection is made here.

Rules that keep one owner on SQLite and many owners on PostgreSQL (and its distributed relatives)
the same program: every primary key, every unique constraint and every index starts with `owner_id`;
no serial columns, no triggers, no database clock. Times are milliseconds UTC given by the program,
money is in minor units. Bytes that came from a box are kept exactly as they came.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
)

metadata = MetaData()


def _key(name: str, kind: type[Any] = Text) -> Column[Any]:
    return Column(name, kind, primary_key=True, autoincrement=False, nullable=False)


def _journal_key() -> list[Column[Any]]:
    return [_key("owner_id"), _key("box"), _key("epoch")]


def _event_key() -> list[Column[Any]]:
    return [*_journal_key(), _key("seq", BigInteger)]


def _of_receipt() -> ForeignKeyConstraint:
    names = ["owner_id", "box", "epoch", "seq"]
    return ForeignKeyConstraint(names, [f"receipts.{name}" for name in names])


owners = Table(
    "owners",
    metadata,
    _key("owner_id"),  # thumbprint of the creator's key
    Column("creator", Text, nullable=False),  # the same key as a did
    Column("created_ms", BigInteger, nullable=False),
)

journals = Table(
    "journals",
    metadata,
    *_journal_key(),
    Column("next", BigInteger, nullable=False),  # how many events are held, gap-free
    Column("frontier", LargeBinary, nullable=False),  # of the Merkle tree over exactly these
    Column("delegation", Text, nullable=False),  # the one the last upload came with
    Column("cosigned", Text),  # newest checkpoint this cloud cosigned
    Column("cosigned_size", BigInteger),
    Column("updated_ms", BigInteger, nullable=False),
)

events = Table(
    "events",
    metadata,
    *_event_key(),
    Column("bytes", LargeBinary, nullable=False),
    Column("kind", Text, nullable=False),
    Column("verdict", Text, nullable=False),  # accepted | quarantined
    Column("reason", Text),
    Column("received_ms", BigInteger, nullable=False),
)

# What a box (or its clone) sent but the journal could not hold: evidence, one row per content.
branches = Table(
    "branches",
    metadata,
    *_event_key(),
    _key("digest"),  # SHA-256 of the bytes, base64url
    Column("bytes", LargeBinary, nullable=False),
    Column("verdict", Text, nullable=False),  # bad | fork
    Column("reason", Text, nullable=False),
    Column("received_ms", BigInteger, nullable=False),
)

# Checkpoints a box signed over another tree than ours: with the journal they prove the fork.
fork_notes = Table(
    "fork_notes",
    metadata,
    *_journal_key(),
    _key("size", BigInteger),
    _key("root"),
    Column("note", Text, nullable=False),
    Column("received_ms", BigInteger, nullable=False),
)

# The newest checkpoint each box signed for a journal, whichever branch it came from: shown to the box again, so
# that one that was put back to an earlier state sees it.
box_notes = Table(
    "box_notes",
    metadata,
    *_journal_key(),
    Column("size", BigInteger, nullable=False),
    Column("note", Text, nullable=False),
    Column("received_ms", BigInteger, nullable=False),
)

# What a journal says of where it comes from: its first event, read once it stands.
lives = Table(
    "lives",
    metadata,
    *_journal_key(),
    Column("parent", Text),  # the epoch it goes on from; none for the first of a box
    Column("parent_size", BigInteger),
    Column("parent_root", Text),
    Column("reason", Text),
    Column("shown_note", Text),  # a checkpoint of the box with the proof that the first event belongs to it
    Column("shown_proof", Text),
    Column("received_ms", BigInteger, nullable=False),
    Index("lives_by_parent", "owner_id", "box", "parent"),
)

receipts = Table(
    "receipts",
    metadata,
    *_event_key(),
    Column("jti", Text, nullable=False),
    Column("typ", Text, nullable=False),
    Column("ref", Text),  # the receipt that a refund or a void is about
    Column("test", Integer, nullable=False),
    Index("receipts_by_jti", "owner_id", "jti"),
    Index("receipts_by_ref", "owner_id", "ref"),
)

tenders = Table(
    "tenders",
    metadata,
    *_event_key(),
    _key("n", Integer),
    Column("m", Text, nullable=False),
    Column("st", Text, nullable=False),
    Column("cur", Text, nullable=False),
    Column("minor", BigInteger, nullable=False),
    _of_receipt(),
)

editions = Table(
    "editions",
    metadata,
    *_event_key(),
    _key("n", Integer),
    Column("drop", Text, nullable=False),
    Column("ed", Integer, nullable=False),
    _of_receipt(),
    Index("editions_by_number", "owner_id", "drop", "ed"),
)

# The numbers that refunds, voids and exchanges give back; which receipt, their `ref` says.
returned = Table(
    "returned",
    metadata,
    *_event_key(),
    _key("n", Integer),
    Column("drop", Text, nullable=False),
    Column("ed", Integer, nullable=False),
    _of_receipt(),
    Index("returned_by_number", "owner_id", "drop", "ed"),
)
