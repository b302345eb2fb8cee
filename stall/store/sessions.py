"""Who is signed in where. A row keeps the SHA-256 of the token in the browser's cookie, never the token.

A session ends 16 hours after it began, at sign-out, when the person gets a new PIN or leaves, with its device,
and where this database turns out to be a copy.
"""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
from dataclasses import dataclass

from stall.domain.rights import Role
from stall.store.db import Tx
from stall.store.people import Person

TOKEN_BYTES = 16
LIFE_MS = 16 * 3600 * 1000
#: Being there is written down at most this often: a look at a page is no reason to wait for the disk.
SEEN_EVERY_MS = 30_000


@dataclass(frozen=True, slots=True)
class Session:
    """One signed-in browser: who, on which enrolled device (None: on the box itself), since when, seen when (ms UTC)."""

    digest: bytes
    person: Person
    device: int | None
    begun_ms: int
    seen_ms: int
    locked: bool

    def idle(self, now_ms: int, after_minutes: int) -> bool:
        """Whether nobody has touched it for so long; 0 minutes is never."""
        return after_minutes > 0 and now_ms - self.seen_ms >= after_minutes * 60_000


def digest_of(token: bytes) -> bytes:
    """What is kept of a token."""
    return hashlib.sha256(token).digest()


def begin(tx: Tx, person: int, device: int | None = None) -> bytes:
    """Begin a session and return its token; what is over is cleared away."""
    token = secrets.token_bytes(TOKEN_BYTES)
    now = tx.now_ms
    tx.conn.execute("DELETE FROM sessions WHERE begun_ms <= ?", (now - LIFE_MS,))
    tx.conn.execute(
        "INSERT INTO sessions (digest, staff, device, begun_ms, seen_ms) VALUES (?, ?, ?, ?, ?)",
        (digest_of(token), person, device, now, now),
    )
    return token


def find(conn: sqlite3.Connection, token: bytes, device: int | None, now_ms: int) -> Session | None:
    """The running session of a token on its device; None when it is over, the person left, or it is another device's."""
    digest = digest_of(token)
    row = conn.execute(
        "SELECT s.device, s.begun_ms, s.seen_ms, s.locked, p.no, p.role, p.name FROM sessions s JOIN staff p ON p.no = s.staff"
        " WHERE s.digest = ? AND p.active AND s.device IS ? AND s.begun_ms > ?",
        (digest, device, now_ms - LIFE_MS),
    ).fetchone()
    if row is None:
        return None
    person = Person(row["no"], Role(row["role"]), row["name"], active=True)
    return Session(digest, person, row["device"], row["begun_ms"], row["seen_ms"], bool(row["locked"]))


def see(tx: Tx, digest: bytes) -> None:
    """Note that somebody was there just now."""
    tx.conn.execute("UPDATE sessions SET seen_ms = ? WHERE digest = ?", (tx.now_ms, digest))


def lock(tx: Tx, digest: bytes) -> bool:
    """Lock the screen; False if it was."""
    return tx.conn.execute("UPDATE sessions SET locked = 1 WHERE digest = ? AND NOT locked", (digest,)).rowcount > 0


def unlock(tx: Tx, digest: bytes) -> None:
    """Open the screen again."""
    tx.conn.execute("UPDATE sessions SET locked = 0, seen_ms = ? WHERE digest = ?", (tx.now_ms, digest))


def end(tx: Tx, digest: bytes) -> None:
    """End one session."""
    tx.conn.execute("DELETE FROM sessions WHERE digest = ?", (digest,))


def end_of_person(tx: Tx, person: int, but: bytes | None = None) -> None:
    """End every session of a person, `but` one."""
    tx.conn.execute("DELETE FROM sessions WHERE staff = ? AND digest IS NOT ?", (person, but))


def end_all(tx: Tx, but: bytes | None = None) -> None:
    """End every session, `but` one."""
    tx.conn.execute("DELETE FROM sessions WHERE digest IS NOT ?", (but,))


def end_of_device(tx: Tx, device: int) -> None:
    """End every session on a device."""
    tx.conn.execute("DELETE FROM sessions WHERE device = ?", (device,))
