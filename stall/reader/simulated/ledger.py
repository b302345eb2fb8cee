"""The simulated terminal's own books, in its own file: it knows nothing of the box's database.

A payment is `open` between the host's yes and the till's answer, then `booked` or `reversed` for good. What
is still open when the terminal starts was cut off by a power failure and is reversed.
"""

from __future__ import annotations

import contextlib
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from stall.errors import Broken
from stall.wire.readers.zvt_terminal import Booking, Card

MAX_RECEIPT = 9999
MAX_TRACE = 999_999
_COMMISSIONING = 1

CARDS = (
    Card("girocard", 0x05, "5726", "girocard"),
    Card("Debit Mastercard", 0x2E, "8074", "Mastercard"),
    Card("VISA", 0x0A, "4281", "Visa"),
)
"""The simulated cards, presented in turn. Nothing of their numbers exists but these digits."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS terminal (
    id INTEGER PRIMARY KEY CHECK (id = 1), tid TEXT NOT NULL, receipt INTEGER NOT NULL, trace INTEGER NOT NULL,
    day INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS entry (
    id INTEGER PRIMARY KEY, kind TEXT NOT NULL CHECK (kind IN ('payment', 'reversal')),
    receipt INTEGER NOT NULL, trace INTEGER NOT NULL, amount INTEGER NOT NULL CHECK (amount > 0),
    currency TEXT NOT NULL, card INTEGER NOT NULL, result INTEGER NOT NULL, at TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'booked', 'reversed')), original_trace INTEGER, day_end INTEGER
) STRICT;
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the books; `at` is the terminal's own clock, `day_end` the closing it belongs to."""

    id: int
    kind: str
    receipt: int
    trace: int
    amount: int
    currency: str
    card: int
    result: int
    at: str
    state: str
    original_trace: int | None
    day_end: int | None

    @property
    def commissioning(self) -> bool:
        """True for the line that new books begin with, which nobody bought."""
        return self.id == _COMMISSIONING

    def booking(self, tid: str) -> Booking:
        """The same as the terminal tells it; one taken back bears its own trace as the original."""
        moment = datetime.fromisoformat(self.at)
        original = self.trace if self.state == "reversed" else self.original_trace
        return Booking(
            self.amount, self.currency, tid, self.receipt, self.trace, moment.strftime("%H%M%S"),
            moment.strftime("%m%d"), f"{self.trace:06d}", CARDS[self.card], original,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Day:
    """The open day: its number, first and last receipt, and (scheme, count, sum) per scheme."""

    number: int
    first: int
    last: int
    sums: tuple[tuple[str, int, int], ...]


class Ledger:
    """The books in one SQLite file. Every method opens its own connection, so any thread may call it.

    Every method raises Broken `simulator-ledger` when the file cannot be used.
    """

    def __init__(self, path: Path, tid: str | None = None) -> None:
        """Open or begin the books.

        New books start with one payment of one cent, closed with day 1, as an installer leaves behind: so
        the terminal always has a last receipt to tell.
        """
        self._path = path
        with contextlib.suppress(OSError):  # the file cannot be opened then, which is said below
            path.parent.mkdir(parents=True, exist_ok=True)
        with self._writing() as db:
            for statement in filter(str.strip, _SCHEMA.split(";")):
                db.execute(statement)
            row = db.execute("SELECT tid FROM terminal").fetchone()
            self.tid = str(row["tid"]) if row else _commission(db, tid or _new_tid())
            db.execute("UPDATE entry SET state = 'reversed' WHERE state = 'open'")

    def authorise(self, amount: int, currency: str) -> Entry:
        """The host said yes: the next receipt number, open until the till answers."""
        with self._writing() as db:
            return _insert(db, "payment", amount, currency, "open", None)

    def settle(self, entry: Entry, state: str) -> None:
        """The till's answer: `booked` or `reversed`."""
        with self._writing() as db:
            db.execute("UPDATE entry SET state = ? WHERE id = ? AND state = 'open'", (state, entry.id))

    def find(self, receipt: int) -> Entry | None:
        """The payment of the open day with this receipt number."""
        return self._one("kind = 'payment' AND day_end IS NULL AND receipt = ? ORDER BY id DESC", receipt)

    def begin_reversal(self, original: Entry) -> Entry:
        """A reversal with its own receipt number, open until the till answers."""
        with self._writing() as db:
            return _insert(db, "reversal", original.amount, original.currency, "open", original)

    def finish_reversal(self, original: Entry, reversal: Entry) -> None:
        """The till has heard of it: the payment is reversed."""
        with self._writing() as db:
            db.execute("UPDATE entry SET state = 'booked' WHERE id = ? AND state = 'open'", (reversal.id,))
            db.execute("UPDATE entry SET state = 'reversed' WHERE id = ?", (original.id,))

    def last(self) -> Entry | None:
        """The last entry that is not open."""
        return self._one("state <> ? ORDER BY id DESC", "open")

    def day(self) -> Day:
        """Totals of the open day: booked payments, not those taken back."""
        with self._reading() as db:
            number = int(db.execute("SELECT day FROM terminal").fetchone()["day"])
            entries = [Entry(*row) for row in db.execute("SELECT * FROM entry WHERE day_end IS NULL ORDER BY id")]
        sums: dict[str, tuple[int, int]] = {}
        for entry in entries:
            if entry.kind == "payment" and entry.state == "booked":
                count, minor = sums.get(CARDS[entry.card].scheme, (0, 0))
                sums[CARDS[entry.card].scheme] = count + 1, minor + entry.amount
        first, last = (entries[0].receipt, entries[-1].receipt) if entries else (0, 0)
        return Day(number, first, last, tuple((name, count, minor) for name, (count, minor) in sums.items()))

    def close_day(self, day: Day) -> None:
        """Put the open entries behind this closing and begin the next day."""
        with self._writing() as db:
            db.execute("UPDATE entry SET day_end = ? WHERE day_end IS NULL", (day.number,))
            db.execute("UPDATE terminal SET day = ?", (day.number + 1,))

    def entries(self, limit: int = 50) -> list[Entry]:
        """The newest entries first."""
        with self._reading() as db:
            return [Entry(*row) for row in db.execute("SELECT * FROM entry ORDER BY id DESC LIMIT ?", (limit,))]

    def _one(self, where: str, value: object) -> Entry | None:
        with self._reading() as db:
            row = db.execute(f"SELECT * FROM entry WHERE {where} LIMIT 1", (value,)).fetchone()  # noqa: S608 - constants above
        return Entry(*row) if row else None

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(sqlite3.connect(self._path, timeout=5, isolation_level=None)) as db:
                db.row_factory = sqlite3.Row
                db.execute("PRAGMA synchronous = EXTRA")  # a payment told as booked outlives a power cut
                yield db
        except sqlite3.Error as error:
            raise Broken(
                "simulator-ledger",
                f"The simulated terminal cannot keep its books in {self._path} ({error}). Mend or remove it.",
            ) from error

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._reading() as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
            except BaseException:
                db.execute("ROLLBACK")
                raise
            db.execute("COMMIT")


def _new_tid() -> str:
    return f"52{secrets.randbelow(1_000_000):06d}"


def _commission(db: sqlite3.Connection, tid: str) -> str:
    db.execute("INSERT INTO terminal VALUES (1, ?, 0, 0, 2)", (tid,))
    _insert(db, "payment", 1, "EUR", "booked", None)
    db.execute("UPDATE entry SET day_end = 1")
    return tid


def _insert(db: sqlite3.Connection, kind: str, amount: int, currency: str, state: str, original: Entry | None) -> Entry:
    """Take the next receipt and trace number (four and six digits, wrapping to 1) and write the line."""
    head = db.execute("SELECT receipt, trace FROM terminal").fetchone()
    receipt, trace = head["receipt"] % MAX_RECEIPT + 1, head["trace"] % MAX_TRACE + 1
    db.execute("UPDATE terminal SET receipt = ?, trace = ?", (receipt, trace))
    card = receipt % len(CARDS) if original is None else original.card
    row = db.execute(
        "INSERT INTO entry (kind, receipt, trace, amount, currency, card, result, at, state, original_trace)"
        " VALUES (?, ?, ?, ?, ?, ?, 0, ?, ?, ?) RETURNING *",
        (kind, receipt, trace, amount, currency, card, datetime.now(UTC).isoformat(timespec="seconds"), state,
         None if original is None else original.trace),
    ).fetchone()  # fmt: skip
    return Entry(*row)
