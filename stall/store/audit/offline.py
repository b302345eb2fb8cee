"""Card payments approved offline: each is what the last event of it says, settled or refused, and nothing else changed that."""

from __future__ import annotations

import sqlite3

from stall.domain.payment import Settlement
from stall.store import attempts
from stall.store.audit.found import Audit
from stall.wire.event import Event

_LATER = frozenset({Settlement.SETTLED, Settlement.DECLINED_LATE})


def as_read(settlement: str | None) -> str | None:
    """What an attempt's own event says of its settlement: how the card was read, whatever became of the money since."""
    return Settlement.STORED if settlement in _LATER else settlement


class Offline:
    """What became of the payments approved offline. They are counted, not remembered."""

    def __init__(self, conn: sqlite3.Connection, found: Audit) -> None:
        """Begin before the first one."""
        self._conn = conn
        self._found = found
        self._settled = self._lost = 0

    def settled(self, _: int, read: Event) -> None:
        """Payments that were sent in: still so, or refused since; and their sum."""
        minor = 0
        for no in read.body["attempts"]:
            row = self._row(int(no))
            if row is None or row[0] not in _LATER:
                self._found.add(f"Payment {no} was settled in event {read.seq} and is not in the table of payments.")
                continue
            minor += row[1]
            self._settled += 1
        if minor != int(read.body["minor"]):
            self._found.add(f"Event {read.seq} settles another sum than its payments add up to.")

    def declined_late(self, _: int, read: Event) -> None:
        """A payment the bank refused later is so in the table, with its amount."""
        body = read.body
        row = self._row(int(body["attempt"]))
        if row != (Settlement.DECLINED_LATE, int(body["minor"]), int(body["sale"])):
            self._found.add(
                f"Payment {body['attempt']} was refused later in event {read.seq} and not in the table of payments."
            )
        self._lost += 1
        self._settled -= body["was"] == Settlement.SETTLED

    def end(self) -> None:
        """After the last event: no other payment was settled or refused later."""
        counted = dict(
            self._conn.execute(
                "SELECT settlement, count(*) FROM attempts WHERE settlement IN ('settled', 'declined_late') GROUP BY settlement"
            ).fetchall()
        )
        told = {Settlement.SETTLED: self._settled, Settlement.DECLINED_LATE: self._lost}
        for settlement, count in told.items():
            if counted.get(settlement, 0) != count:
                self._found.add(
                    f"The journal tells of {count} payments that are {settlement}, the tables have {counted.get(settlement, 0)}."
                )

    def _row(self, attempt: int) -> tuple[str, int, int] | None:
        row = self._conn.execute(
            f"SELECT settlement, {attempts.SIGNED}, sale FROM attempts a WHERE no = ?", (attempt,)
        ).fetchone()
        return None if row is None else (row[0], row[1], row[2])
