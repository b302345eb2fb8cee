"""Signed documents this box has accepted: the token as it came, and whose word counts for what."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from functools import lru_cache

from stall.store.db import Tx
from stall.wire import delegation, jws, keys, manifest, pack
from stall.wire.delegation import Delegation
from stall.wire.manifest import Manifest, Revoked


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


def creator_of(conn: sqlite3.Connection, drop: str) -> int:
    """The number of the creator of a drop; 0, which no creator has, for one that is not here. Looks at no pack."""
    row = conn.execute("SELECT creator FROM drops WHERE drop_id = ?", (drop,)).fetchone()
    return 0 if row is None else int(row[0])


def creator_did(conn: sqlite3.Connection, drop: str) -> str:
    """The did of the creator of a drop that is here."""
    return str(
        conn.execute(
            "SELECT c.did FROM drops d JOIN creators c ON c.no = d.creator WHERE d.drop_id = ?", (drop,)
        ).fetchone()[0]
    )


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


def delegations(conn: sqlite3.Connection) -> list[Delegation]:
    """Every delegation this box ever accepted, those that were replaced too."""
    creators = {keys.thumbprint(public): bytes(public) for (public,) in conn.execute("SELECT public FROM creators")}
    rows = conn.execute("SELECT token FROM documents WHERE typ = ? ORDER BY no", (delegation.TYP,)).fetchall()
    signed = [(token, creators.get(jws.unverified_kid(token))) for (token,) in rows]
    return [_verified(token, public) for token, public in signed if public is not None]


def delegations_to(conn: sqlite3.Connection, subject: str, creators: Collection[str]) -> list[str]:
    """The token of every delegation these creators (dids) ever gave to a key, by its thumbprint; the newest first."""
    rows = conn.execute(
        "SELECT d.token, c.public FROM documents d, creators c WHERE d.typ = ? ORDER BY d.no", (delegation.TYP,)
    )
    signed = [
        (str(token), bytes(public)) for token, public in rows if jws.unverified_kid(token) == keys.thumbprint(public)
    ]
    found = [(_verified(token, public), token) for token, public in signed]
    given = [
        ((one.iat, one.seq), token)
        for one, token in found
        if one.iss in creators and keys.thumbprint_of_did(one.sub) == subject
    ]
    return [token for _, token in sorted(given, reverse=True)]


def signers(conn: sqlite3.Connection, role: str) -> dict[str, bytes]:
    """The keys of the creators, and of those a creator delegated in this `role`, by thumbprint."""
    known = {keys.thumbprint(public): bytes(public) for (public,) in conn.execute("SELECT public FROM creators")}
    named = [keys.public_from_did(one.sub) for one in delegations(conn) if one.role == role]
    return known | {keys.thumbprint(public): public for public in named}


def manifest_of(conn: sqlite3.Connection, token: str) -> Manifest:
    """Verify a manifest by its creator, or by the delegation of its signer that held when it was issued. Raises WireError."""
    _, creator = pack.claimed_creator(token)
    known = {kid: public for kid, public in creator.items() if kid in signers(conn, "signer")}
    return pack.verified(token, known, delegations(conn))


def accepted(token: str) -> Manifest:
    """Type a manifest whose signature was checked, or is about to be."""
    return manifest.parse(jws.unverified_claims(token))


def revoked(conn: sqlite3.Connection, creator: int) -> frozenset[tuple[str, str]]:
    """What a creator's manifests, of any drop and version, revoke: pairs of kind and reference (docs/protocol.md 6.5)."""
    return frozenset((one.kind, one.ref) for one in revocations(conn, creator))


def revocations(conn: sqlite3.Connection, creator: int) -> tuple[Revoked, ...]:
    """The same, with since when."""
    rows = conn.execute(
        "SELECT t.token FROM packs p JOIN drops d ON d.no = p.drop_no JOIN documents t ON t.no = p.document WHERE d.creator = ?",
        (creator,),
    )
    return tuple(one for (token,) in rows.fetchall() for one in _revoked(token))


def leases(conn: sqlite3.Connection, drop_id: str) -> dict[str, str]:
    """The leases of a drop: the `jti` of each by the hash of its token."""
    rows = conn.execute(
        "SELECT t.hash, l.jti FROM leases l JOIN documents t ON t.no = l.document JOIN drops d ON d.no = l.drop_no WHERE d.drop_id = ?",
        (drop_id,),
    )
    return dict(rows.fetchall())


@lru_cache(maxsize=64)
def _revoked(token: str) -> tuple[Revoked, ...]:
    return tuple(accepted(token).revoked)


@lru_cache(maxsize=64)
def _verified(token: str, creator: bytes) -> Delegation:
    """Every sale asks for its delegation; the same token is parsed and verified once a process."""
    return delegation.verify(token, {jws.unverified_kid(token): creator})
