"""The terminal's own books, read as they lie on disk: a terminal that runs may be writing them, and nothing is changed."""

from __future__ import annotations

import contextlib
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from stall.reader.simulated.ledger import Entry, Heard

#: The line that new books begin with; nobody bought it.
_INSTALLERS_TEST = 1


@dataclass(frozen=True)
class Books:
    """All of it: the lines in order, every command that moves money as it arrived, and how many payments were begun."""

    tid: str
    entries: tuple[Entry, ...]
    heard: tuple[Heard, ...]
    payments: int

    @property
    def payments_made(self) -> list[Entry]:
        """Payments that were booked, whether or not they were taken back by a reversal that was booked later."""
        undone = {each.original_trace for each in self.reversals}
        return [
            each
            for each in self.entries
            if each.kind == "payment"
            and (each.state == "booked" or (each.state == "reversed" and each.trace in undone))
        ]

    @property
    def reversals(self) -> list[Entry]:
        """Booked ones."""
        return [each for each in self.entries if (each.kind, each.state) == ("reversal", "booked")]

    @property
    def refunds(self) -> list[Entry]:
        """Booked ones."""
        return [each for each in self.entries if (each.kind, each.state) == ("refund", "booked")]

    @property
    def minor(self) -> int:
        """What it took in all, less what it gave back."""
        return _minor(self.payments_made) - _minor(self.reversals) - _minor(self.refunds)

    def day_minor(self, day: int | None) -> int:
        """The total of one of its days; None for the open one."""
        lines = [each for each in self.entries if each.day_end == day and each.state == "booked"]
        return _minor([each for each in lines if each.kind == "payment"]) - _minor(
            [each for each in lines if each.kind == "refund"]
        )

    def days(self) -> list[int]:
        """The days it has closed with something in them."""
        return sorted({each.day_end for each in self.entries if each.day_end is not None})


def read(path: Path) -> Books:
    """Read the whole of it in one view."""
    with contextlib.closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=10)) as conn:
        conn.execute("BEGIN")
        (tid,) = conn.execute("SELECT tid FROM terminal").fetchone()
        rows = conn.execute("SELECT * FROM entry WHERE id > ? ORDER BY id", (_INSTALLERS_TEST,)).fetchall()
        heard = conn.execute("SELECT * FROM heard ORDER BY id").fetchall()
        counted = conn.execute("SELECT n FROM counted WHERE name = 'payment'").fetchone()
    return Books(
        tid, tuple(Entry(*row) for row in rows), tuple(Heard(*row) for row in heard), counted[0] if counted else 0
    )


def open_day_minor(path: Path) -> int:
    """The total of the open day."""
    return read(path).day_minor(None)


def _minor(lines: list[Entry]) -> int:
    return sum(each.amount for each in lines)
