"""Somebody looked at what does not tie, and says why: the note stays, its check ties again and says by whom."""

from __future__ import annotations

import hashlib
from typing import Literal

from stall.store import day_ends, notes, reasons
from stall.store.db import Tx
from stall.wire import b64

#: What can be marked, and the table it stands in.
_TABLES = {"exception": "exceptions", "day_end": "day_ends"}


def mark_seen(tx: Tx, what: Literal["exception", "day_end"], no: int, reason: str) -> None:
    """Mark a note or an end of day that does not tie as seen. Marking twice changes nothing.

    The caller checked the PIN. Raises Refused `note-unknown`, `reason-missing`.
    """
    body: dict[str, object] = {what: no, "decided_by": tx.decider}
    if what == "exception":
        body["hash"] = b64.encode(hashlib.sha256(notes.get(tx.conn, no).sentence.encode()).digest())
    else:
        day_ends.get(tx.conn, no)
    if notes.is_seen(tx.conn, _TABLES[what], no):
        return
    event = tx.next_event
    tx.append("seen", {**body, "words": reasons.keep(tx, reason)})
    notes.mark(tx, _TABLES[what], no, event, tx.decider)
