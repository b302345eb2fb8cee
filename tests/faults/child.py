"""Run one stall command in a process whose time and instant of death a test chooses: `python -P -m tests.faults.child …`.

The product knows nothing of it: what happens is decided at the edges, in the connections SQLite hands out and in the
system's clock. Chosen by the environment:

STALL_FAULT_DIE    `append:before:attempt.sent:2`: die (SIGKILL) at the second event of that name, or `commit:after:sale:1`:
                   at the first COMMIT of a transaction that appended one. Name `*`: any event, any COMMIT.
STALL_FAULT_CLOCK  a JSON file saying what time it is (`tests.faults.times`), read again whenever it changes.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import stat
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

#: Dying just before COMMIT waits this long (s): an answer that went out too early then arrives.
LINGER_S = 0.15


@dataclass
class Death:
    """When this process dies: at the `nth` time of `step` (append or commit), `side` (before or after), for `name`."""

    step: str
    side: str
    name: str
    nth: int

    @classmethod
    def parse(cls, text: str) -> Death:
        """Read `append:before:attempt.sent:2`."""
        step, side, name, nth = text.split(":")
        return cls(step, side, name, int(nth))

    def at(self, step: str, side: str, names: Iterable[str]) -> None:
        """Die if this is the moment."""
        if (step, side) != (self.step, self.side) or (self.name != "*" and self.name not in names):
            return
        self.nth -= 1
        if self.nth <= 0:
            if (step, side) == ("commit", "before"):
                time.sleep(LINGER_S)
            os.kill(os.getpid(), signal.SIGKILL)


def event_name(data: bytes) -> str:
    """`sale`, `grant`, `attempt.sent`: the kind of an event, and its state where it is a card's."""
    told = json.loads(data)
    kind: str = told["kind"]
    return f"{kind}.{told['body']['state']}" if kind == "attempt" else kind


class Watched(sqlite3.Connection):
    """A connection to the stall's database that dies when told to."""

    death: ClassVar[Death | None] = None
    appended: Sequence[str] = ()

    def commit(self) -> None:
        """The other way to say COMMIT."""
        if self.in_transaction:
            self.execute("COMMIT")

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        """Run one statement."""
        return self._run(sql, [parameters], lambda: super(Watched, self).execute(sql, parameters))

    def executemany(self, sql: str, parameters: Any, /) -> sqlite3.Cursor:
        """Run one statement many times."""
        rows = list(parameters)
        return self._run(sql, rows, lambda: super(Watched, self).executemany(sql, rows))

    def _run(self, sql: str, rows: list[Any], work: Callable[[], sqlite3.Cursor]) -> sqlite3.Cursor:
        word = sql.split(None, 1)[0].upper()
        if self.death is None:
            return work()
        if word == "BEGIN":
            self.appended = ()
        if word == "INSERT" and sql.split()[2] == "events":
            names = list(_names(rows))
            self.death.at("append", "before", names)
            done = work()
            self.appended = (*self.appended, *names)
            self.death.at("append", "after", names)
            return done
        if word in {"COMMIT", "END"}:
            self.death.at("commit", "before", self.appended)
            done = work()
            self.death.at("commit", "after", self.appended)
            return done
        return work()


def _names(rows: list[Any]) -> Iterator[str]:
    for row in rows:
        for value in row:
            if isinstance(value, bytes):
                yield event_name(value)


def watch_connections() -> None:
    """Give every connection to a stall's database the watched class."""
    connect = sqlite3.connect

    def watched(database: Any, *args: Any, **options: Any) -> sqlite3.Connection:
        path = Path(str(database).removeprefix("file:").partition("?")[0])
        if path.name not in {"stall.sqlite", "stall.sqlite.new"} or "mode=ro" in str(database):
            plain: sqlite3.Connection = connect(database, *args, **options)
            return plain
        made: Watched = connect(database, *args, factory=Watched, **options)
        return made

    setattr(sqlite3, "connect", watched)  # noqa: B010 - the same call by the same name; a checker cannot know that


def main() -> None:
    """Prepare what the environment asks for, then become the command."""
    if told := os.environ.get("STALL_FAULT_DIE"):
        Watched.death = Death.parse(told)
        watch_connections()
    if told := os.environ.get("STALL_FAULT_CLOCK"):
        from tests.faults import times

        times.install(Path(told))
    from stall.cli import main as run
    from stall.demo import leash

    if stat.S_ISFIFO(os.fstat(0).st_mode):  # started by a stage, which holds the other end
        leash.hold()
    run(sys.argv[1:])


if __name__ == "__main__":
    main()
