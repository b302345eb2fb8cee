"""The simulated terminal's own books, in its own file: it knows nothing of the box's database.

A payment is `open` between the host's yes and the till's answer, then `booked`, `reversed` or `declined`. What is
still open when cable or power come back was cut off, and becomes what the terminal's habit of reversing says:
`reverse` takes it back, `keep` books it (PA00P015 chapter 4), `decline` declines it (card complete).
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

from stall.clock import SystemClock
from stall.errors import Broken
from stall.reader.simulated import ledger_schema
from stall.wire.readers.zvt_terminal import Booking, Card

MAX_RECEIPT = 9999
MAX_TRACE = 999_999
REVERSALS = {"reverse": "reversed", "keep": "booked", "decline": "declined"}
"""The habits of reversing, and what an approval that nobody answered becomes under each."""
_COMMISSIONING = 1

CARDS = (
    Card("girocard", 0x05, "5726", "girocard"),
    Card("Debit Mastercard", 0x2E, "8074", "Mastercard"),
    Card("VISA", 0x0A, "4281", "Visa"),
)
"""The simulated cards, presented in turn. Nothing of their numbers exists but these digits."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the books; `at` is the terminal's own clock, `day_end` the closing it belongs to.

    `origin`: asked for by the till, or keyed in on the terminal itself. `clearing`: asked the bank (`online`), or
    approved without it and `stored`, later `sent`, or `declined` by the bank, which pays nothing then.
    """

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
    origin: str
    clearing: str

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
            online="online" if self.clearing == "online" else "offline",
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Heard:
    """A command to move money that arrived whole, whatever became of it; `at_ms` since the machine was started.

    `command` is ZVT's, like 0x0601; `receipt` is that of the payment a reversal names.
    """

    id: int
    at_ms: int
    command: int
    amount: int | None
    receipt: int | None


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
            for statement in ledger_schema.making(db):
                db.execute(statement)
            row = db.execute("SELECT tid FROM terminal").fetchone()
            self.tid = str(row["tid"]) if row else _commission(db, tid or _new_tid())
        self.settle_open()

    def now(self) -> datetime:
        """The terminal's own clock, in UTC."""
        return datetime.now(UTC)

    def authorise(
        self, amount: int, currency: str, kind: str = "payment", *, offline: bool = False, origin: str = "till"
    ) -> Entry:
        """The host, or without it the terminal, said yes: the next receipt number, open until the till answers."""
        clearing = "stored" if offline else "online"
        with self._writing() as db:
            return _insert(db, kind, amount, currency, None, clearing=clearing, origin=origin)

    def sell_by_itself(self, amount: int, currency: str = "EUR") -> Entry:
        """Somebody keys a sale in on the terminal itself: it takes the next receipt number."""
        entry = self.authorise(amount, currency, origin="terminal")
        self.settle(entry, "booked")
        return entry

    def settle_open(self) -> None:
        """Cable or power are back: what was cut off becomes what the habit of reversing says."""
        with self._writing() as db:
            state = REVERSALS[str(_terminal(db)["reversal"])]
            if state == "booked":  # with it a reversal that was cut off takes its payment back
                db.execute(
                    "UPDATE entry SET state = 'reversed' WHERE kind = 'payment' AND day_end IS NULL AND trace IN"
                    " (SELECT original_trace FROM entry WHERE kind = 'reversal' AND state = 'open')"
                )
            db.execute("UPDATE entry SET state = ? WHERE state = 'open'", (state,))

    def settle(self, entry: Entry, state: str) -> None:
        """The till's answer: `booked`, `reversed` or `declined`."""
        with self._writing() as db:
            db.execute("UPDATE entry SET state = ? WHERE id = ? AND state = 'open'", (state, entry.id))

    def find(self, receipt: int) -> Entry | None:
        """The payment of the open day with this receipt number."""
        return self._one("kind = 'payment' AND day_end IS NULL AND receipt = ? ORDER BY id DESC", receipt)

    def begin_reversal(self, original: Entry) -> Entry:
        """A reversal with its own receipt number, open until the till answers."""
        with self._writing() as db:
            return _insert(db, "reversal", original.amount, original.currency, original)

    def finish_reversal(self, original: Entry, reversal: Entry) -> None:
        """The till has heard of it: the payment is reversed."""
        with self._writing() as db:
            db.execute("UPDATE entry SET state = 'booked' WHERE id = ? AND state = 'open'", (reversal.id,))
            db.execute("UPDATE entry SET state = 'reversed' WHERE id = ?", (original.id,))

    def last(self) -> Entry | None:
        """The last entry that is not open."""
        return self._one("state <> ? ORDER BY id DESC", "open")

    def day(self) -> Day:
        """Totals of the open day: booked payments, not those taken back, less what was refunded.

        A refund counts as a transaction. A scheme that gave back more than it took has a sum below zero.
        """
        with self._reading() as db:
            number = int(_terminal(db)["day"])
            entries = [Entry(*row) for row in db.execute("SELECT * FROM entry WHERE day_end IS NULL ORDER BY id")]
        sums: dict[str, tuple[int, int]] = {}
        for entry in entries:
            if entry.kind != "reversal" and entry.state == "booked":
                count, minor = sums.get(CARDS[entry.card].scheme, (0, 0))
                signed = -entry.amount if entry.kind == "refund" else entry.amount
                sums[CARDS[entry.card].scheme] = count + 1, minor + signed
        first, last = (entries[0].receipt, entries[-1].receipt) if entries else (0, 0)
        return Day(number, first, last, tuple((name, count, minor) for name, (count, minor) in sums.items()))

    def close_day(self, day: Day, *, reset_receipts: bool = False) -> None:
        """Put the open entries behind this closing and begin the next day, with its first receipt if `reset_receipts`."""
        with self._writing() as db:
            db.execute("UPDATE entry SET day_end = ? WHERE day_end IS NULL", (day.number,))
            db.execute("UPDATE terminal SET day = ?, day_end_required = 0", (day.number + 1,))
            if reset_receipts:
                db.execute("UPDATE terminal SET receipt = ?", (MAX_RECEIPT,))  # the next one begins anew

    def clear_offline(self, declined: int) -> int:
        """Send in what was approved without the bank. The bank declines the first `declined`; give how many it did."""
        with self._writing() as db:
            stored = "SELECT id FROM entry WHERE clearing = 'stored' AND state = 'booked' ORDER BY id LIMIT ?"
            refused = db.execute(
                f"UPDATE entry SET clearing = 'declined', state = 'declined' WHERE id IN ({stored})",  # noqa: S608 - a constant above
                (declined,),
            ).rowcount
            db.execute("UPDATE entry SET clearing = 'sent' WHERE clearing = 'stored' AND state = 'booked'")
        return refused

    @property
    def reversal(self) -> str:
        """The habit of reversing, a name of REVERSALS; kept in the books."""
        with self._reading() as db:
            return str(_terminal(db)["reversal"])

    @reversal.setter
    def reversal(self, habit: str) -> None:
        with self._writing() as db:
            db.execute("UPDATE terminal SET reversal = ?", (habit,))

    @property
    def day_end_required(self) -> bool:
        """No payment before the day was closed; kept in the books until then."""
        with self._reading() as db:
            return bool(_terminal(db)["day_end_required"])

    @day_end_required.setter
    def day_end_required(self, required: bool) -> None:
        with self._writing() as db:
            db.execute("UPDATE terminal SET day_end_required = ?", (int(required),))

    def keep_habits(self, reversal: str, *, day_end_required: bool) -> None:
        """Set both; a habit of reversing that does not exist changes nothing."""
        if reversal in REVERSALS:
            self.reversal = reversal
        self.day_end_required = day_end_required

    def begin_script(
        self,
        digest: str,
        *,
        next_receipt: int | None = None,
        wrap: int | None = None,
        reversal: str | None = None,
        day_end_required: bool | None = None,
    ) -> None:
        """Set the habits of a script and count from 0, unless it is the one that runs already; None changes nothing."""
        with self._writing() as db:
            if _terminal(db)["script"] == digest:
                return
            first = MAX_RECEIPT if next_receipt == 0 else None if next_receipt is None else next_receipt - 1
            db.execute("DELETE FROM counted")
            db.execute(
                "UPDATE terminal SET script = ?, receipt = coalesce(?, receipt), wrap = coalesce(?, wrap),"
                " reversal = coalesce(?, reversal), day_end_required = coalesce(?, day_end_required)",
                (digest, first, wrap, reversal, day_end_required),
            )

    def count(self, name: str) -> int:
        """How often this was counted before, and count it; what was counted outlives a kill."""
        with self._writing() as db:
            row = db.execute(
                "INSERT INTO counted VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET n = n + 1 RETURNING n", (name,)
            ).fetchone()
        return int(row["n"]) - 1

    def hear(self, command: int, amount: int | None, receipt: int | None) -> None:
        """Write down a command to move money, before it is acknowledged: nobody can send one unseen."""
        with self._writing() as db:
            db.execute(
                "INSERT INTO heard (at_ms, command, amount, receipt) VALUES (?, ?, ?, ?)",
                (SystemClock().boottime_ms(), command, amount, receipt),
            )

    def heard(self) -> list[Heard]:
        """Every command to move money that ever arrived, in order."""
        with self._reading() as db:
            return [Heard(*row) for row in db.execute("SELECT * FROM heard ORDER BY id")]

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


def _terminal(db: sqlite3.Connection) -> sqlite3.Row:
    row: sqlite3.Row = db.execute("SELECT * FROM terminal").fetchone()
    return row


def _commission(db: sqlite3.Connection, tid: str) -> str:
    db.execute("INSERT INTO terminal (id, tid, receipt, trace, day) VALUES (1, ?, 0, 0, 2)", (tid,))
    entry = _insert(db, "payment", 1, "EUR", None)
    db.execute("UPDATE entry SET state = 'booked', day_end = 1 WHERE id = ?", (entry.id,))
    return tid


def _insert(
    db: sqlite3.Connection,
    kind: str,
    amount: int,
    currency: str,
    original: Entry | None,
    *,
    clearing: str = "online",
    origin: str = "till",
) -> Entry:
    """Take the next receipt and trace number (four and six digits; the receipt's wrap to `wrap`) and write the line."""
    head = _terminal(db)
    receipt = head["receipt"] + 1 if head["receipt"] < MAX_RECEIPT else head["wrap"]
    trace = head["trace"] % MAX_TRACE + 1
    db.execute("UPDATE terminal SET receipt = ?, trace = ?", (receipt, trace))
    card = receipt % len(CARDS) if original is None else original.card
    row = db.execute(
        "INSERT INTO entry (kind, receipt, trace, amount, currency, card, result, at, state, original_trace,"
        " origin, clearing) VALUES (?, ?, ?, ?, ?, ?, 0, ?, 'open', ?, ?, ?) RETURNING *",
        (kind, receipt, trace, amount, currency, card, datetime.now(UTC).isoformat(timespec="seconds"),
         None if original is None else original.trace, origin, clearing),
    ).fetchone()  # fmt: skip
    return Entry(*row)
