"""The day so far, as the Day page shows it: what happened since the last Z-report, read by ranges of events. Reads only.

Payments come from their own rows, what they are compared with from the double entry, which was posted from each event.
Neither is the signed receipts: `stall report reconcile` reads those, all of them, and takes as long as there are many.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

from stall.domain import ledger
from stall.domain.books import Books, TenderSum
from stall.store import attempts, day_ends, journal, notes, reconciliation
from stall.store.readonly import one_view
from stall.store.schema import event_seq

#: Later than every event there can be.
_NEVER = (1 << 63) - 1
#: Ends of day and seen notes a look at the page lists at most.
MOST_ENDS, MOST_SEEN = 20, 20

#: The accounts that together hold what one tender brought, whatever became of it since.
_ACCOUNTS: Mapping[str, tuple[str, ...]] = {
    "card": (ledger.CARD, ledger.CARD_STORED),
    "cash": (ledger.DRAWER, ledger.OWNER, ledger.OVER_SHORT),
    "operator": (ledger.OPERATOR,),
    "voucher": (ledger.VOUCHERS_SPENT,),
}


@dataclass(frozen=True, slots=True)
class Numbers:
    """How many receipts there are, and of the first and the last the number; in more than one epoch those give no range."""

    count: int
    first: int
    last: int
    epochs: int


@dataclass(frozen=True, slots=True)
class Day:
    """What happened since the last Z-report (`since_ms` UTC, None: since this stall began), to be compared by domain.books.

    In `books`, `receipts` are the payments of the day, `paid` what the double entry has of them.
    """

    books: Books
    since_ms: int | None
    receipts: Numbers


def read_day(conn: sqlite3.Connection, cur: str, *, cloud: bool, claim_key: bytes) -> Day:
    """Read the day in one view of the database."""
    with one_view(conn):
        since, since_ms = _begin(conn)
        moved = day_ends.moved_since_last(conn)
        apart = day_ends.apart(conn)
        ends = day_ends.between(conn, since, MOST_ENDS)
        shown = {end.no: end for end in (*apart, *ends)}
        upload = reconciliation.upload(conn)
        books = Books(
            cur=cur,
            epoch=journal.read_head(conn).epoch_text,
            size=upload.size,
            receipts=_taken(conn, since),
            paid=_posted(conn, since, cur),
            part_paid=_part_paid(conn),
            day_ends=tuple(shown[no] for no in sorted(shown)),
            since_minor=moved.minor,
            since_count=moved.came,
            since_back=moved.taken_back + moved.refunded,
            open_payments=reconciliation.open_payments(conn),
            exceptions=notes.unseen(conn),
            upload=upload.state if cloud else None,
            begun=notes.begun(conn),
            seen=notes.seen(conn, claim_key, MOST_SEEN),
            cut=day_ends.cut_off(conn),
        )
        return Day(books, since_ms, _numbers(conn, since))


def _begin(conn: sqlite3.Connection) -> tuple[int, int | None]:
    """The first event after the last Z-report, and when that was."""
    row = conn.execute(
        "SELECT closed_event + 1, closed_ms FROM shifts WHERE closed_event IS NOT NULL ORDER BY no DESC LIMIT 1"
    ).fetchone()
    return (0, None) if row is None else (row[0], row[1])


def _numbers(conn: sqlite3.Connection, since: int) -> Numbers:
    count, first, last, epochs = conn.execute(
        "SELECT count(*), min(receipt_event), max(receipt_event), count(DISTINCT receipt_event >> 40)"
        " FROM sales WHERE receipt_event >= ?",
        (since,),
    ).fetchone()
    if first is None:
        return Numbers(0, 0, 0, 0)
    return Numbers(count, event_seq(first), event_seq(last), epochs)


def _taken(conn: sqlite3.Connection, since: int) -> tuple[TenderSum, ...]:
    """By tender and currency what was paid, less what was given back; and how many sales were given free."""
    rows = conn.execute(
        f"SELECT a.tender, a.cur, count(*), sum({attempts.SIGNED}), min(paid_event), max(paid_event), count(DISTINCT paid_event >> 40)"
        " FROM attempts a WHERE paid_event >= ? AND state = 'paid' AND tender <> 'comp' GROUP BY a.tender, a.cur",
        (since,),
    ).fetchall()
    sums = [
        TenderSum(tender, cur, count, minor, event_seq(first), event_seq(last), epochs)
        for tender, cur, count, minor, first, last, epochs in rows
    ]
    free = conn.execute(
        "SELECT a.cur, count(*), min(s.receipt_event), max(s.receipt_event), count(DISTINCT s.receipt_event >> 40)"
        " FROM sales s INDEXED BY sales_receipt CROSS JOIN attempts a ON a.sale = s.no WHERE s.receipt_event >= ? AND a.tender = 'comp' AND a.state = 'paid'"
        " GROUP BY a.cur",
        (since,),
    ).fetchall()
    sums += [
        TenderSum("comp", cur, count, 0, event_seq(first), event_seq(last), epochs)
        for cur, count, first, last, epochs in free
    ]
    return tuple(sorted(sums, key=lambda row: (row.tender, row.cur)))


def _posted(conn: sqlite3.Connection, since: int, cur: str) -> tuple[tuple[str, str, int], ...]:
    """What the double entry has of each tender; it is kept in the stall's one currency."""
    rows = conn.execute(
        "SELECT account, sum(minor) FROM postings WHERE event BETWEEN ? AND ? GROUP BY account", (since, _NEVER)
    ).fetchall()
    sums = dict(rows)
    of_tender = {tender: sum(sums.get(name, 0) for name in names) for tender, names in _ACCOUNTS.items()}
    return tuple((tender, cur, minor) for tender, minor in of_tender.items() if minor)


def _part_paid(conn: sqlite3.Connection) -> int:
    """How many open sales have money taken."""
    row = conn.execute(
        f"SELECT count(*) FROM (SELECT 1 FROM sales s INDEXED BY sales_open JOIN attempts a ON a.sale = s.no"
        f" WHERE s.state = 'basket' AND a.state = 'paid' GROUP BY s.no HAVING sum({attempts.SIGNED}) <> 0)"
    ).fetchone()
    return int(row[0])
