"""What a person decided of a payment the terminal could not tell, and why in their words.

The words may name somebody, so the journal has only their salted hash; they stand sealed in a row that can be erased.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from stall.errors import StallError
from stall.store import journal
from stall.store.db import Tx
from stall.wire import b64, erasable, event
from stall.wire.erasable import Sealed


@dataclass(frozen=True, slots=True)
class Decision:
    """One decided payment; `words` is None once they were erased. Money in minor units."""

    attempt: int
    sale: int
    outcome: str
    minor: int
    cur: str
    decided_by: str
    words: str | None


def keep_words(tx: Tx, attempt: int, words: str) -> str:
    """Seal the words of a decision for the event that is appended next; return the hash it bears."""
    sealed = erasable.seal(tx.secrets.claim_key, words.encode())
    tx.conn.execute(
        "INSERT INTO decisions (attempt, event, salt, sealed) VALUES (?, ?, ?, ?)",
        (attempt, tx.next_event, sealed.salt, sealed.ciphertext),
    )
    return b64.encode(sealed.digest)


def read(conn: sqlite3.Connection, claim_key: bytes) -> list[Decision]:
    """Every payment a person decided, oldest first."""
    rows = conn.execute(
        "SELECT a.no, a.sale, a.state, a.amount_minor, a.cur, a.decided_by, d.event, d.salt, d.sealed FROM attempts a"
        " LEFT JOIN decisions d ON d.attempt = a.no WHERE a.reason = 'operator' ORDER BY a.no"
    ).fetchall()
    return [
        Decision(
            row["no"],
            row["sale"],
            row["state"],
            row["amount_minor"],
            row["cur"],
            row["decided_by"],
            _words(conn, claim_key, row),
        )
        for row in rows
    ]


def _words(conn: sqlite3.Connection, claim_key: bytes, row: sqlite3.Row) -> str | None:
    """The words as the journal vouches for them; None when erased, or when the row is not the one that was journaled."""
    data = None if row["event"] is None else journal.event_bytes(conn, row["event"])
    if data is None:
        return None
    try:
        digest = b64.decode(str(event.decode(data).body.get("words")))
        return erasable.unseal(claim_key, Sealed(row["salt"], digest, row["sealed"])).decode()
    except StallError:
        return None
