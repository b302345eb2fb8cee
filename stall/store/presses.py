"""Presses of a form's button: the same press finds what its first arrival made. Rows live a day.

A press is bound to what it was for, so that the key of one form finds nothing made by another.
"""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
import time
from collections.abc import Mapping, Sequence

from stall.errors import Refused
from stall.store.db import Tx

#: How long a repeated press finds the first one's result (ms).
LIFE_MS = 24 * 3600 * 1000
KEY_BYTES = 16
_MOMENT_BYTES = 4
#: Parts of a second that keys are told apart by; four bytes of them come round after half a year, which harms nothing.
_MOMENTS_A_SECOND = 256


def new_key() -> bytes:
    """Draw the key of one form: the moment it was drawn, counted from boot in 1/256 s, then 96 random bits.

    Forms drawn together so lie together in the table, and a batch of presses writes few pages of it.
    """
    return begun_key() + secrets.token_bytes(KEY_BYTES - _MOMENT_BYTES)


def begun_key(later: int = 0) -> bytes:
    """The moment a key begins with; `later` keys of one page begin with moments of their own, where others draw the rest."""
    moment = int(time.monotonic() * _MOMENTS_A_SECOND) + later
    return (moment % (1 << 8 * _MOMENT_BYTES)).to_bytes(_MOMENT_BYTES)


def bind(purpose: str, subject: object, key: bytes) -> bytes:
    """Bind a form's 16-byte key to its purpose and subject, keeping its place. Raises Refused `press-malformed`."""
    if len(key) != KEY_BYTES:
        raise Refused("press-malformed", "This form is too old or was changed. Open the page again.")
    digest = hashlib.sha256(f"{purpose} {subject} ".encode() + key).digest()
    return key[:_MOMENT_BYTES] + digest[: KEY_BYTES - _MOMENT_BYTES]


def first(tx: Tx, press: bytes) -> int | None:
    """What the first arrival of this press made, or None."""
    return seen(tx.conn, press)


def seen(conn: sqlite3.Connection, press: bytes) -> int | None:
    """What a press made, looked up without the door; None when it has not arrived, or is just arriving."""
    row = conn.execute("SELECT result FROM presses WHERE key = ?", (press,)).fetchone()
    return None if row is None else int(row[0])


def pressed_ms(conn: sqlite3.Connection, press: bytes) -> int | None:
    """When a press first arrived (ms UTC), or None."""
    row = conn.execute("SELECT at_ms FROM presses WHERE key = ?", (press,)).fetchone()
    return None if row is None else int(row[0])


def seen_of(conn: sqlite3.Connection, pressed: Sequence[bytes]) -> dict[bytes, int]:
    """What each of several presses made, where it has arrived before."""
    marks = ", ".join("?" * len(pressed))
    rows = conn.execute(f"SELECT key, result FROM presses WHERE key IN ({marks})", pressed)
    return {bytes(key): int(result) for key, result in rows.fetchall()}


def remember_all(tx: Tx, made: Mapping[bytes, int]) -> None:
    """Record what each of several presses made."""
    now = tx.now_ms
    tx.conn.executemany(
        "INSERT INTO presses (key, result, at_ms) VALUES (?, ?, ?)",
        [(press, result, now) for press, result in made.items()],
    )


def remember(tx: Tx, press: bytes, result: int) -> None:
    """Record what this press made."""
    remember_all(tx, {press: result})


def forget_old(tx: Tx) -> int:
    """Delete presses older than their life; return how many."""
    return tx.conn.execute("DELETE FROM presses WHERE at_ms < ?", (tx.now_ms - LIFE_MS,)).rowcount
