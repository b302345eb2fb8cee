"""The double entry against the events: each event's rows are what it says it moved, and add up to nothing."""

from __future__ import annotations

import sqlite3

from stall.domain import ledger
from stall.domain.payment import State
from stall.store.audit.found import Audit
from stall.store.ledger import MOVING, postings_of
from stall.store.schema import event_id
from stall.wire.event import Event


class Entries:
    """The postings, event by event."""

    def __init__(self, conn: sqlite3.Connection, found: Audit) -> None:
        """Begin before the first event."""
        self._conn = conn
        self._found = found
        self._told = 0

    def tell(self, epoch_no: int, read: Event) -> None:
        """Compare the rows of one event with what it says."""
        if read.kind not in MOVING:
            return
        wanted = postings_of(read.kind, read.body)
        key = event_id(epoch_no, read.seq)
        rows = dict(self._conn.execute("SELECT account, minor FROM postings WHERE event = ?", (key,)).fetchall())
        self._told += len(rows)
        if (
            read.body.get("state") == State.PAID
            and read.body["minor"]
            and self._paid_event(int(read.body["attempt"])) != key
        ):
            self._found.add(
                f"Payment {read.body['attempt']} is paid by event {read.seq} and by another or none in the table."
            )
        if rows != wanted:
            self._found.add(f"Event {read.seq} ({read.kind}) moves other money than the double entry has of it.")
        elif not ledger.balanced(rows):
            self._found.add(f"The double entry of event {read.seq} does not add up to nothing.")

    def _paid_event(self, attempt: int) -> int | None:
        """The event the row of a payment says it was paid by."""
        row = self._conn.execute("SELECT paid_event FROM attempts WHERE no = ?", (attempt,)).fetchone()
        return None if row is None else row[0]

    def end(self) -> None:
        """After the last event: there is no row of anything else."""
        (count,) = self._conn.execute("SELECT count(*) FROM postings").fetchone()
        if count != self._told:
            self._found.add(f"The double entry has {count - self._told} rows that no event tells of.")
