"""What creators signed when a drop was over, in the journal and in the tables: closing statements, certificates signed anew."""

from __future__ import annotations

import json
import sqlite3

from stall.errors import StallError
from stall.store.audit.found import Audit
from stall.store.schema import event_id, line_id
from stall.wire import certificate
from stall.wire.event import Event


class Closings:
    """The drops that were closed and the certificates that were signed anew."""

    def __init__(self, conn: sqlite3.Connection, found: Audit) -> None:
        """Begin before the first event."""
        self._conn, self._found = conn, found
        self._closed = self._signed = 0

    def closed(self, epoch_no: int, read: Event) -> None:
        """The statement that is kept must be the one whose hash was journaled."""
        self._closed += 1
        row = self._conn.execute(
            "SELECT t.hash, d.closing FROM drops d LEFT JOIN documents t ON t.no = d.closing_document WHERE d.drop_id = ?",
            (read.body["drop"],),
        ).fetchone()
        if row is None or tuple(row) != (read.body["hash"], event_id(epoch_no, read.seq)):
            self._found.add(f"The closing statement of event {read.seq} is not the one the box keeps of that drop.")

    def countersigned(self, _: int, read: Event) -> None:
        """So must the certificate."""
        self._signed += 1
        row = self._conn.execute(
            "SELECT uuid, countersigned FROM certificates WHERE line = ?",
            (line_id(read.body["sale"], read.body["line"]),),
        ).fetchone()
        try:
            digest = None if row is None or row[1] is None else certificate.digest(json.loads(row[1]))
        except (ValueError, TypeError, StallError):
            digest = None
        if row is None or digest != read.body["hash"] or row[0].hex() != str(read.body["uuid"]).replace("-", ""):
            self._found.add(f"The certificate a creator signed, of event {read.seq}, is not the one the box keeps.")

    def end(self) -> None:
        """No drop is closed, and no certificate signed anew, that no event tells of."""
        (closed,) = self._conn.execute("SELECT count(*) FROM drops WHERE closing IS NOT NULL").fetchone()
        if closed != self._closed:
            self._found.add(f"The journal tells of {self._closed} drops closed for good, the tables have {closed}.")
        (signed,) = self._conn.execute("SELECT count(*) FROM certificates WHERE countersigned IS NOT NULL").fetchone()
        if signed != self._signed:
            self._found.add(
                f"The journal tells of {self._signed} certificates that creators signed, the tables have {signed}."
            )
