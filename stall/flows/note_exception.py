"""Something a person must look at: on the report and in the journal, once."""

from __future__ import annotations

from stall.store.db import Tx


def note_exception(tx: Tx, kind: str, sentence: str, attempt: int | None = None) -> None:
    """Record what cannot be mended here and now; the same sentence about the same attempt is kept once.

    Two kinds are told in their own way (store.reconciliation): `epoch`, which contradicts nothing, and `unfinished`, which
    is to be looked at as long as the sale of its attempt is unfinished.
    """
    known = tx.conn.execute(
        "SELECT 1 FROM exceptions WHERE attempt IS ? AND sentence = ? LIMIT 1", (attempt, sentence)
    ).fetchone()
    if known is not None:
        return
    tx.conn.execute(
        "INSERT INTO exceptions (kind, attempt, sentence, at_ms) VALUES (?, ?, ?, ?)",
        (kind, attempt, sentence, tx.now_ms),
    )
    tx.append("exception", {"sentence": sentence} if attempt is None else {"attempt": attempt, "sentence": sentence})
