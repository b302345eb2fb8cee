"""The maker's PIN: counted, locked after five wrong tries. The slow hash is computed outside the door."""

from __future__ import annotations

import sqlite3

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from stall.errors import Broken, Refused
from stall.store.db import Tx

TRIES = 5
LOCK_MS = 15 * 60 * 1000

#: RFC 9106's second choice scaled to a 512 MB board: 19 MiB, two passes, one lane (OWASP minimum);
#: the lock above is what a short PIN rests on.
HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


def set_pin(tx: Tx, pin_hash: str) -> None:
    """Set the maker's PIN from its argon2 hash."""
    tx.conn.execute(
        "INSERT INTO staff (no, role, name, pin_hash) VALUES (1, 'maker', 'maker', ?)"
        " ON CONFLICT (no) DO UPDATE SET pin_hash = excluded.pin_hash, tries = 0, locked_until_ms = 0",
        (pin_hash,),
    )


def begin_try(tx: Tx) -> str:
    """Count a try before it is checked, so that tries at the same moment cannot slip through; return the hash.

    Raises Refused `pin-locked`, Broken `pin-missing`.
    """
    row = tx.conn.execute("SELECT pin_hash, tries, locked_until_ms FROM staff WHERE no = 1").fetchone()
    if row is None:
        raise Broken("pin-missing", "This stall has no PIN. Make one with: stall keys pin --data FOLDER")
    if row["locked_until_ms"] > tx.now_ms:
        minutes = -(-(row["locked_until_ms"] - tx.now_ms) // 60_000)
        raise Refused("pin-locked", f"Too many wrong PINs. Try again in {minutes} minutes.")
    tries = row["tries"] + 1
    locked_until, left = (tx.now_ms + LOCK_MS, 0) if tries >= TRIES else (0, tries)
    tx.conn.execute("UPDATE staff SET tries = ?, locked_until_ms = ? WHERE no = 1", (left, locked_until))
    return str(row["pin_hash"])


def tries_left(conn: sqlite3.Connection, now_ms: int) -> int:
    """How many wrong PINs may still be typed before the lock; 0 while it is locked."""
    row = conn.execute("SELECT tries, locked_until_ms FROM staff WHERE no = 1").fetchone()
    return 0 if row is None or row[1] > now_ms else TRIES - int(row[0])


def end_try(tx: Tx) -> None:
    """The PIN was right: forget the wrong tries."""
    tx.conn.execute("UPDATE staff SET tries = 0, locked_until_ms = 0 WHERE no = 1")


def matches(pin_hash: str, pin: str) -> bool:
    """Compare a PIN with its hash; takes tens of milliseconds, so never inside the door."""
    try:
        return HASHER.verify(pin_hash, pin)
    except (VerifyMismatchError, InvalidHashError):
        return False
