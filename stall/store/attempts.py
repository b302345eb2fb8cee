"""Attempts at paying as rows. `change` is the only way a state moves, and it asks the table first."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from stall.domain.payment import FINAL, OPEN, Kind, Settlement, State, Tender, check
from stall.errors import Refused
from stall.store import epochs
from stall.store.db import Tx

_COLUMNS = (
    "no, sale, ordinal, kind, of, tender, reader, state, settlement, amount_minor, cur, given_minor, offline, decided_by, reason,"
    " boot_id, requested_boottime_ms, requested_ms, ended_ms, cancel_wanted, display, tid, receipt_no, trace,"
    " baseline_tid, baseline_receipt, reference, baseline_mark"
)
_STATE = 7  # its place among the columns
#: Word for word as in the partial index of the schema: SQLite uses it only then.
_OPEN_STATES = ", ".join(f"'{state}'" for state in State if state in OPEN)

#: `kept` in SQL, of the row `a`.
KEPT = (
    "a.kind = 'pay' AND a.state = 'paid'"
    " AND NOT EXISTS (SELECT 1 FROM attempts b WHERE b.sale = a.sale AND b.of = a.no AND b.state = 'paid')"
)
#: What an attempt of the row `a` adds to the money taken, in minor units: what is given back takes it away.
SIGNED = "CASE a.kind WHEN 'pay' THEN a.amount_minor ELSE -a.amount_minor END"
#: Whether the terminal closed its day (the row `d`) after the attempt `a`: by their order, for a clock can be set; day ends of
#: before that was noted, by the clock.
DAY_CLOSED = "d.reader = a.reader AND (d.after_attempt >= a.no OR d.after_attempt IS NULL AND d.at_ms >= a.ended_ms)"
#: `standing` in SQL, of the row `a`: a payment that was kept, or money that went out and undoes no payment of its own sale.
STANDS = (
    f"CASE a.kind WHEN 'pay' THEN {KEPT} ELSE a.state = 'paid'"
    " AND NOT EXISTS (SELECT 1 FROM attempts b WHERE b.no = a.of AND b.sale = a.sale) END"
)
#: What keeps a basket, of the row `a`: money that stands, or an attempt whose end is not known.
KEEPS = f"(a.state IN ({_OPEN_STATES}) OR ({STANDS}))"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt. Money in minor units; `display` is what the terminal shows, in words.

    `reference` names it in the books of a reader the box cannot ask.
    """

    no: int
    sale: int
    ordinal: int
    kind: str
    of: int | None
    tender: str
    reader: int | None
    state: State
    settlement: str | None
    amount_minor: int
    cur: str
    given_minor: int | None
    offline: int | None
    decided_by: str | None
    reason: str | None
    boot_id: str
    requested_boottime_ms: int
    requested_ms: int
    ended_ms: int | None
    cancel_wanted: int
    display: str
    tid: str | None
    receipt_no: int | None
    trace: int | None
    baseline_tid: str | None
    baseline_receipt: int | None
    reference: str | None = None
    baseline_mark: str | None = None

    @property
    def signed_minor(self) -> int:
        """What it adds to the money taken, in minor units: what is given back takes it away."""
        return self.amount_minor if self.kind == Kind.PAY else -self.amount_minor

    @property
    def open(self) -> bool:
        """Its outcome is not final yet."""
        return self.state in OPEN


def find(conn: sqlite3.Connection, no: int) -> Attempt | None:
    """One attempt by its number, or None."""
    return _one(conn.execute(f"SELECT {_COLUMNS} FROM attempts WHERE no = ?", (no,)))


def get(conn: sqlite3.Connection, no: int) -> Attempt:
    """One attempt. Raises Refused `attempt-unknown`."""
    found = find(conn, no)
    if found is None:
        raise Refused("attempt-unknown", "There is no such payment on this box. Go back to the till.")
    return found


def of_sale(conn: sqlite3.Connection, sale: int) -> list[Attempt]:
    """The attempts of a sale in order."""
    return _all(conn.execute(f"SELECT {_COLUMNS} FROM attempts WHERE sale = ? ORDER BY ordinal", (sale,)))


def kept(tried: Sequence[Attempt]) -> list[Attempt]:
    """The payments among a sale's attempts whose money was taken and not given back."""
    back = {one.of for one in tried if one.kind != Kind.PAY and one.state is State.PAID}
    return [one for one in tried if one.kind == Kind.PAY and one.state is State.PAID and one.no not in back]


def refused_late(tried: Sequence[Attempt]) -> int:
    """What of the payments that were kept the bank refused later, in minor units."""
    return sum(one.amount_minor for one in kept(tried) if one.settlement == Settlement.DECLINED_LATE)


def standing(tried: Sequence[Attempt]) -> list[Attempt]:
    """The money that moved for a sale and stands: payments that were kept, and what was paid out that undoes none of them.

    A sale that takes something back pays out so; what undoes a payment of another sale stands in its own.
    """
    own = {one.no for one in tried}
    out = [one for one in tried if one.kind != Kind.PAY and one.state is State.PAID and one.of not in own]
    return sorted([*kept(tried), *out], key=lambda one: one.ordinal)


def day_closed_since(conn: sqlite3.Connection, no: int) -> bool:
    """Whether the terminal of an attempt has closed a day after it."""
    query = f"SELECT 1 FROM attempts a JOIN day_ends d ON {DAY_CLOSED} WHERE a.no = ?"
    return conn.execute(query, (no,)).fetchone() is not None


def going_back(tried: Sequence[Attempt]) -> bool:
    """Whether money of a sale is on its way back, or may be: how that ends is not known yet."""
    return any(one.open and one.kind != Kind.PAY for one in tried)


def open_on_reader(conn: sqlite3.Connection, reader: int) -> list[Attempt]:
    """The attempts on a reader whose outcome is not final, oldest first; at most one in a sound database."""
    return _all(
        conn.execute(
            f"SELECT {_COLUMNS} FROM attempts WHERE reader = ? AND state IN ({_OPEN_STATES}) ORDER BY no", (reader,)
        )
    )


def newest_on_reader(conn: sqlite3.Connection, reader: int) -> Attempt | None:
    """The last attempt a reader was asked for, or None."""
    return _one(conn.execute(f"SELECT {_COLUMNS} FROM attempts WHERE reader = ? ORDER BY no DESC LIMIT 1", (reader,)))


def decided_lately(tx: Tx, reader: int, within_ms: int) -> frozenset[int]:
    """The attempts on a reader that a person decided within so long, whichever way the clock was set since."""
    near = (tx.now_ms - within_ms, tx.now_ms + within_ms)
    rows = tx.conn.execute(
        "SELECT no FROM attempts WHERE reader = ? AND decided_by IS NOT NULL AND ended_ms BETWEEN ? AND ?",
        (reader, *near),
    )
    return frozenset(row[0] for row in rows)


def requested_before(conn: sqlite3.Connection, boot_id: str, boottime_ms: int) -> list[Attempt]:
    """The attempts still only requested since before a moment of this boot, or in an earlier one."""
    return _all(
        conn.execute(
            f"SELECT {_COLUMNS} FROM attempts WHERE state IN ({_OPEN_STATES}) AND state = 'requested'"
            " AND (boot_id <> ? OR requested_boottime_ms < ?)",
            (boot_id, boottime_ms),
        )
    )


def add(tx: Tx, *, sale: int, kind: str, tender: str, state: State, amount_minor: int, cur: str, of: int | None = None,
        reader: int | None = None, given_minor: int | None = None, settlement: str | None = None, decided_by: str | None = None,
        reference: str | None = None) -> Attempt:  # fmt: skip
    """Write a new attempt of a sale with the next ordinal."""
    ended_ms = tx.now_ms if state in FINAL else None
    row = tx.conn.execute(
        "INSERT INTO attempts (no, sale, ordinal, kind, tender, reader, state, settlement, amount_minor, cur, given_minor, decided_by,"
        " boot_id, requested_boottime_ms, requested_ms, ended_ms, reference, of)"
        f" VALUES ({epochs.next_no('attempts')}, ?1, (SELECT coalesce(max(ordinal), 0) + 1 FROM attempts WHERE sale = ?1), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " RETURNING no, ordinal",
        (sale, kind, tender, reader, state, settlement, amount_minor, cur, given_minor, decided_by,
         tx.moment.boot_id, tx.moment.boottime_ms, tx.now_ms, ended_ms, reference, of),
    ).fetchone()  # fmt: skip
    return Attempt(
        no=row[0], sale=sale, ordinal=row[1], kind=kind, of=of, tender=tender, reader=reader, state=state, settlement=settlement,
        amount_minor=amount_minor, cur=cur, given_minor=given_minor, offline=None, decided_by=decided_by, reason=None,
        boot_id=tx.moment.boot_id, requested_boottime_ms=tx.moment.boottime_ms, requested_ms=tx.now_ms, ended_ms=ended_ms,
        cancel_wanted=0, display="", tid=None, receipt_no=None, trace=None, baseline_tid=None, baseline_receipt=None,
        reference=reference,
    )  # fmt: skip


def add_free(tx: Tx, taken: Sequence[int], cur: str) -> tuple[Attempt, range]:
    """Write the one free tender of each of several new sales: paid with its first row, for there is nothing to pay.

    Return the first of them, which the others are like, and the numbers of all.
    """
    first = int(tx.conn.execute(f"SELECT {epochs.next_no('attempts')}").fetchone()[0])
    numbers, at = range(first, first + len(taken)), tx.moment
    tx.conn.executemany(
        "INSERT INTO attempts (no, sale, ordinal, kind, tender, state, amount_minor, cur, boot_id, requested_boottime_ms,"
        " requested_ms, ended_ms) VALUES (?, ?, 1, 'pay', 'comp', 'paid', 0, ?3, ?4, ?5, ?6, ?6)",
        [(no, sale, cur, at.boot_id, at.boottime_ms, at.now_ms) for no, sale in zip(numbers, taken, strict=True)],
    )
    one = Attempt(
        no=first, sale=taken[0], ordinal=1, kind="pay", of=None, tender=Tender.COMP, reader=None, state=State.PAID, settlement=None,
        amount_minor=0, cur=cur, given_minor=None, offline=None, decided_by=None, reason=None, boot_id=at.boot_id,
        requested_boottime_ms=at.boottime_ms, requested_ms=at.now_ms, ended_ms=at.now_ms, cancel_wanted=0, display="",
        tid=None, receipt_no=None, trace=None, baseline_tid=None, baseline_receipt=None,
    )  # fmt: skip
    return one, numbers


#: Columns that may change together with a state.
_FIELDS = frozenset(
    {
        "settlement",
        "offline",
        "decided_by",
        "reason",
        "tid",
        "receipt_no",
        "trace",
        "baseline_tid",
        "baseline_receipt",
        "baseline_mark",
        "display",
    }
)


def change(tx: Tx, no: int, new: State, **fields: str | int | None) -> Attempt:
    """Move an attempt to a new state with what is known of it now.

    The update is conditional on the state just read, inside the door. Raises Refused
    `payment-transition`, `attempt-unknown`.
    """
    old = get(tx.conn, no)
    check(old.state, new)
    unknown = set(fields) - _FIELDS
    if unknown:
        raise ValueError(f"no such columns of an attempt: {sorted(unknown)}")
    sets = "".join(f", {name} = ?" for name in fields)
    ended = tx.now_ms if new in FINAL else None
    tx.conn.execute(
        f"UPDATE attempts SET state = ?, ended_ms = ?{sets} WHERE no = ? AND state = ?",
        (new, ended, *fields.values(), no, old.state),
    )
    return get(tx.conn, no)


def show(tx: Tx, no: int, display: str) -> None:
    """Record what the terminal shows now; not a fact, so not an event."""
    tx.conn.execute("UPDATE attempts SET display = ? WHERE no = ?", (display, no))


def want_cancel(tx: Tx, no: int) -> None:
    """Ask the reader's worker to abort; it does what the terminal still allows."""
    tx.conn.execute("UPDATE attempts SET cancel_wanted = 1 WHERE no = ?", (no,))


def _one(rows: sqlite3.Cursor) -> Attempt | None:
    found = _all(rows)
    return found[0] if found else None


def _all(rows: sqlite3.Cursor) -> list[Attempt]:
    return [_attempt(row) for row in rows.fetchall()]


def _attempt(row: sqlite3.Row) -> Attempt:
    values = list(row)
    values[_STATE] = State(values[_STATE])
    return Attempt(*values)
