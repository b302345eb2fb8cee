"""Compare the people and devices of the tables with what the journal said of them last: role, whether they work here, whether it ended."""

from __future__ import annotations

import sqlite3

from stall.store.audit.found import Audit
from stall.wire.event import Event

#: The maker whom every box has from its beginning, before its first event.
_FIRST = 1


class People:
    """What the events of kind `staff` say of people and devices together."""

    def __init__(self, conn: sqlite3.Connection, found: Audit) -> None:
        """Begin before the first event."""
        self._conn, self._found = conn, found
        self._told: dict[int, tuple[str, bool]] = {}
        self._devices: dict[int, bool] = {}

    def tell(self, read: Event) -> None:
        """Take one event into account."""
        if read.kind != "staff":
            return
        body = read.body
        if body["what"] in {"added", "changed"}:
            self._told[int(body["person"])] = (str(body["role"]), bool(body["active"]))
        elif body["what"] in {"enrolled", "device_ended"}:
            self._devices[int(body["enrolled"])] = body["what"] == "device_ended"

    def end(self) -> None:
        """After the last event: compare."""
        for no, role, active in self._conn.execute("SELECT no, role, active FROM staff").fetchall():
            told = self._told.pop(no, ("maker", True) if no == _FIRST else None)
            if told != (role, bool(active)):
                self._found.add(f"Person {no} is {_words(role, active)} in the table and {_told(told)} in the journal.")
        for no, ended in self._conn.execute("SELECT no, ended_ms IS NOT NULL FROM devices").fetchall():
            if self._devices.pop(no, None) is not bool(ended):
                self._found.add(
                    f"Device {no} is {'ended' if ended else 'enrolled'} in the table, which the journal does not say."
                )


def _words(role: str, active: object) -> str:
    return f"{role}{'' if active else ', left'}"


def _told(told: tuple[str, bool] | None) -> str:
    return "nobody" if told is None else _words(*told)
