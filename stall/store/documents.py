"""Signed documents this box has accepted: the token as it came, and whose word counts for what."""

from __future__ import annotations

import sqlite3
from functools import lru_cache

from stall.store.db import Tx
from stall.wire import delegation, jws
from stall.wire.delegation import Delegation


def keep(tx: Tx, typ: str, token: str) -> int:
    """Keep a token, once; return its number."""
    tx.conn.execute(
        "INSERT INTO documents (typ, hash, token, accepted_ms) VALUES (?, ?, ?, ?) ON CONFLICT (hash) DO NOTHING",
        (typ, jws.token_hash(token), token, tx.now_ms),
    )
    row = tx.conn.execute("SELECT no FROM documents WHERE hash = ?", (jws.token_hash(token),)).fetchone()
    return int(row[0])


def token(conn: sqlite3.Connection, no: int) -> str:
    """The compact token of a kept document."""
    return str(conn.execute("SELECT token FROM documents WHERE no = ?", (no,)).fetchone()[0])


def creator_no(conn: sqlite3.Connection, did: str) -> int | None:
    """The number of a trusted creator, or None."""
    row = conn.execute("SELECT no FROM creators WHERE did = ?", (did,)).fetchone()
    return None if row is None else int(row[0])


def delegation_of(conn: sqlite3.Connection, creator: int, subject: str) -> tuple[str, Delegation] | None:
    """The newest delegation a creator gave to a key, as (token, claims), or None."""
    row = conn.execute(
        "SELECT t.token, c.public, c.did FROM delegations d JOIN documents t ON t.no = d.document JOIN creators c ON c.no = d.creator"
        " WHERE d.creator = ? AND d.subject = ?",
        (creator, subject),
    ).fetchone()
    if row is None:
        return None
    return str(row[0]), _verified(str(row[0]), bytes(row[1]))


@lru_cache(maxsize=64)
def _verified(token: str, creator: bytes) -> Delegation:
    """Every sale asks for its delegation; the same token is parsed and verified once a process."""
    return delegation.verify(token, {jws.unverified_kid(token): creator})
