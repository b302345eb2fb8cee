"""Why a person did something, in words that may name somebody: sealed in a row that can be erased.

The journal has only their salted hash, in the event of what was done.
"""

from __future__ import annotations

import sqlite3

from stall.errors import Refused, StallError
from stall.store import journal
from stall.store.db import Tx
from stall.wire import b64, erasable, event
from stall.wire.erasable import Sealed

#: A reason without words helps nobody later; a longer one is cut.
FEWEST_LETTERS, MOST_LETTERS = 3, 200


def keep(tx: Tx, typed: str) -> str:
    """Seal the words of a reason for the event that is appended next; return the hash it bears.

    Raises Refused `reason-missing`.
    """
    words = " ".join(typed.split())[:MOST_LETTERS]
    if len(words) < FEWEST_LETTERS:
        raise Refused("reason-missing", "Write in a few words what you found, for example: slip 0042 at the terminal.")
    sealed = erasable.seal(tx.secrets.claim_key, words.encode())
    tx.conn.execute(
        "INSERT INTO reasons (event, salt, sealed) VALUES (?, ?, ?)", (tx.next_event, sealed.salt, sealed.ciphertext)
    )
    return b64.encode(sealed.digest)


def read(conn: sqlite3.Connection, claim_key: bytes, event_key: int) -> str | None:
    """The words behind an event as the journal vouches for them; None when erased, or not those that were journaled."""
    row = conn.execute("SELECT salt, sealed FROM reasons WHERE event = ?", (event_key,)).fetchone()
    data = None if row is None else journal.event_bytes(conn, event_key)
    if data is None:
        return None
    try:
        digest = b64.decode(str(event.decode(data).body.get("words")))
        return erasable.unseal(claim_key, Sealed(row[0], digest, row[1])).decode()
    except StallError:
        return None
