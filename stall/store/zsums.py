"""What a shift adds up to, from rows: the double entry for money, sales for receipts and editions. Never by reading the journal.

`gather` reads everything as it stands; `of_entries` alone what the double entry says of a period, which stays true for ever,
so that the audit can compare a Z-report with it.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, replace

from stall.domain import ledger as accounts
from stall.domain.drawer import Way
from stall.domain.zreport import (
    AtRisk,
    CardSum,
    DayEnd,
    Drawer,
    Move,
    Offline,
    OpenPayment,
    Owed,
    Period,
    Place,
    Rate,
    Receipts,
    TenderSum,
    Vouchers,
    ZReport,
)
from stall.store import at_risk, editions, journal, ledger, notes, returns, shifts
from stall.store.ledger import NOTHING
from stall.store.ledger import Moved as Entries
from stall.store.schema import event_epoch_no, event_seq
from stall.store.shifts import Moved, Shift
from stall.wire import b64, event

_ACCOUNTS = {
    "card": accounts.CARD, "card_stored": accounts.CARD_STORED, "operator": accounts.OPERATOR, "voucher": accounts.VOUCHERS_SPENT,
}  # fmt: skip
_OPEN = "SELECT no, sale, state, amount_minor FROM attempts INDEXED BY attempts_open WHERE state IN ('requested', 'sent', 'approved', 'reversing', 'unknown') ORDER BY no"
#: A void of what is left of a sale stands on a return of its own, and the sale names the same event.
_PAPERS = (
    "SELECT CASE WHEN s.ref_sale IS NULL THEN 'sale'"
    " WHEN EXISTS (SELECT 1 FROM sales o WHERE o.no = s.ref_sale AND o.void_event = s.receipt_event) THEN 'void'"
    " WHEN EXISTS (SELECT 1 FROM lines l WHERE l.id >= s.no << 8 AND l.id < (s.no + 1) << 8 AND l.of_line IS NULL) THEN 'exchange'"
    " ELSE 'refund' END, count(*) FROM sales s WHERE s.receipt_event BETWEEN :first AND :last GROUP BY 1"
)
_ENDS = (
    "SELECT count(event), min(event), max(event) FROM (SELECT receipt_event AS event FROM sales WHERE receipt_event BETWEEN :first"
    " AND :last UNION SELECT void_event FROM sales WHERE void_event BETWEEN :first AND :last)"
)
_FREE = (
    "SELECT sum(a.decided_by IS NOT NULL), sum(a.decided_by IS NULL) FROM sales s JOIN attempts a ON a.sale = s.no"
    " WHERE s.receipt_event BETWEEN :first AND :last AND s.ref_sale IS NULL AND a.tender = 'comp' AND a.kind = 'pay' AND a.state = 'paid'"
)
_DISCOUNTS = (
    "SELECT coalesce(sum(l.disc_minor), 0) FROM sales s JOIN lines l ON l.id >= s.no << 8 AND l.id < (s.no + 1) << 8"
    " WHERE s.{event} BETWEEN :first AND :last AND l.disc_minor <> 0 AND {alone}"
)


@dataclass(frozen=True, slots=True)
class Told:
    """What a report says that no row does: the currency, with which software, whether there is a cloud, the count."""

    cur: str
    software: str
    cloud: bool
    blind: bool
    now_ms: int
    count: Moved | None = None


def gather(conn: sqlite3.Connection, shift: Shift, told: Told, *, with_editions: bool = True) -> ZReport:
    """Everything the running shift adds up to, closed by the next event. Read it in one view, or inside the door.

    Editions cost as much as all else together: a page that does not show them leaves them out.
    """
    closing = shifts.head_key(conn)
    first, last = shift.after + 1, closing - 1
    period = _period(conn, shift, closing, told.now_ms)
    report = of_entries(conn, first, last, ZReport(shift.no, told.cur, period, Drawer()))
    pieces = () if told.count is None else shifts.pieces_of(conn, told.count)
    drawer = replace(
        report.drawer, counted=None if told.count is None else told.count.minor, blind=told.blind, pieces=pieces
    )
    risk = at_risk.total(conn, told.cur)
    customers, on_vouchers = ledger.owed(conn, last)
    ends, since = _day_ends(conn, first, last)
    return replace(
        report,
        drawer=drawer,
        unfinished_in_all=customers,
        vouchers=replace(report.vouchers, liability=on_vouchers),
        discounts=_discounts(conn, first, last),
        receipts=_receipts(conn, first, last),
        at_risk=AtRisk(risk.count, risk.minor, risk.since_ms),
        editions=editions.of_period(conn, first, last) if with_editions else (),
        day_ends=ends,
        since=since,
        open=tuple(OpenPayment(*row) for row in conn.execute(_OPEN).fetchall()),
        exceptions=len(notes.unseen(conn)),
        unsent=_unsent(conn) if told.cloud else None,
        queued=_queued(conn),
        software=told.software,
    )


def of_running(conn: sqlite3.Connection, shift: Shift, cur: str, now_ms: int) -> ZReport:
    """What the double entry and the drawer say of the running shift, as far as it has come: what a look at the drawer needs."""
    closing = shifts.head_key(conn)
    bare = ZReport(shift.no, cur, _period(conn, shift, closing, now_ms), Drawer())
    return of_entries(conn, shift.after + 1, closing - 1, bare)


def of_entries(conn: sqlite3.Connection, first: int, last: int, bare: ZReport) -> ZReport:
    """A report with what the double entry and the drawer's rows say of the events from one to another."""
    entries = ledger.moved(conn, first, last)
    rows = shifts.moves(conn, first, last)
    drawer = _drawer(entries.get(accounts.DRAWER, NOTHING), rows)
    return replace(
        bare,
        drawer=drawer,
        moves=tuple(Move(row.at_ms, row.way, row.minor, row.reason) for row in rows if row.way != Way.COUNT),
        tenders=_tenders(entries, rows),
        vat=_vat(entries),
        tips=-_sum(entries, accounts.TIPS),
        rounding=-_sum(entries, accounts.ROUNDING),
        vouchers=Vouchers(-_sum(entries, accounts.VOUCHERS), -_sum(entries, accounts.VOUCHERS_SPENT)),
        unfinished=-_sum(entries, accounts.CUSTOMER),
        offline=Offline(entries.get(accounts.CARD_SETTLED, NOTHING).up, entries.get(accounts.WRITTEN_OFF, NOTHING).sum),
    )


def _sum(entries: dict[str, Entries], account: str) -> int:
    return entries.get(account, NOTHING).sum


def _drawer(cash: Entries, rows: list[Moved]) -> Drawer:
    """The drawer's postings are those of cash payments and of the rows; the payments are what the rows leave."""
    by_way = {way: sum(row.minor for row in rows if row.way == way) for way in Way}
    return Drawer(
        float_minor=by_way[Way.FLOAT],
        sales=cash.up - by_way[Way.FLOAT] - by_way[Way.IN],
        refunds=cash.down - by_way[Way.OUT],
        paid_in=by_way[Way.IN],
        paid_out=by_way[Way.OUT],
        counts=sum(row.way == Way.COUNT for row in rows),
    )


def _tenders(entries: dict[str, Entries], rows: list[Moved]) -> tuple[TenderSum, ...]:
    cash, drawer = entries.get(accounts.DRAWER, NOTHING), _drawer(entries.get(accounts.DRAWER, NOTHING), rows)
    ups = sum(row.minor > 0 for row in rows if row.way != Way.COUNT)
    downs = sum(row.minor < 0 for row in rows if row.way != Way.COUNT)
    found = [TenderSum("cash", drawer.sales, drawer.refunds, cash.ups - ups, cash.downs - downs)]
    for tender, account in _ACCOUNTS.items():
        moved = entries.get(account, NOTHING)
        found.append(TenderSum(tender, moved.up, moved.down, moved.ups, moved.downs))
    return tuple(each for each in found if each.payments or each.returns)


def _vat(entries: dict[str, Entries]) -> tuple[Rate, ...]:
    kinds = (accounts.turnover(0).split(":")[0], accounts.vat(0).split(":")[0])
    rates = {int(account.split(":")[1]) for account in entries if account.split(":")[0] in kinds}
    rows = [
        Rate(rate, -_sum(entries, accounts.turnover(rate)), -_sum(entries, accounts.vat(rate)))
        for rate in sorted(rates)
    ]
    return tuple(row for row in rows if row.net or row.vat)


def _period(conn: sqlite3.Connection, shift: Shift, closing: int, now_ms: int) -> Period:
    row = conn.execute("SELECT id, bytes FROM events WHERE id > ? ORDER BY id LIMIT 1", (shift.after,)).fetchone()
    first, begun_ms = (closing, now_ms) if row is None else (row[0], event.decode(row[1]).at)
    root = journal.read_head(conn).frontier.root()
    return Period(_place(conn, first), _place(conn, closing), begun_ms, shift.opened_ms, now_ms, b64.encode(root))


def _place(conn: sqlite3.Connection, key: int) -> Place:
    (epoch,) = conn.execute("SELECT epoch FROM epochs WHERE no = ?", (event_epoch_no(key),)).fetchone()
    return Place(b64.encode(epoch), event_seq(key))


def _receipts(conn: sqlite3.Connection, first: int, last: int) -> Receipts:
    between = {"first": first, "last": last}
    kinds = dict(conn.execute(_PAPERS, between).fetchall())
    comps, free = conn.execute(_FREE, between).fetchone()
    count, lowest, highest = conn.execute(_ENDS, between).fetchone()
    sales, refunds, exchanges = (kinds.get(kind, 0) for kind in ("sale", "refund", "exchange"))
    return Receipts(
        sales, refunds, exchanges, count - sales - refunds - exchanges, comps or 0, free or 0,
        None if lowest is None else _place(conn, lowest), None if highest is None else _place(conn, highest),
    )  # fmt: skip


def _discounts(conn: sqlite3.Connection, first: int, last: int) -> int:
    """What was granted, less what voids took back."""
    between = {"first": first, "last": last}
    granted, back = (
        conn.execute(_DISCOUNTS.format(event=column, alone=alone), between).fetchone()[0]
        for column, alone in (("receipt_event", "1"), ("void_event", returns.VOID_ALONE))
    )
    return int(granted - back)


def _day_ends(conn: sqlite3.Connection, first: int, last: int) -> tuple[tuple[DayEnd, ...], CardSum]:
    """The ends of day in a period with our card payments since the one before each; then those since the last of all.

    One closes the terminal's day at the event `upto`, which is its own unless somebody told of it later.
    """
    rows = conn.execute(
        "SELECT at_ms, tid, total_minor, count, upto, (SELECT coalesce(max(b.upto), 0) FROM day_ends b WHERE b.upto < d.upto)"
        " FROM day_ends d WHERE event BETWEEN ? AND ? ORDER BY upto",
        (first, last),
    ).fetchall()
    ends = []
    for at_ms, tid, total, count, upto, before in rows:
        ours = _cards(conn, before, upto - 1)
        ends.append(DayEnd(at_ms, tid or "", total, count, ours.minor, ours.payments, ours.returns))
    (newest,) = conn.execute("SELECT coalesce(max(upto), 0) FROM day_ends WHERE event <= ?", (last,)).fetchone()
    return tuple(ends), _cards(conn, newest, last)


def _cards(conn: sqlite3.Connection, first: int, last: int) -> CardSum:
    entries = ledger.moved(conn, first, last)
    both = [entries.get(account, NOTHING) for account in (accounts.CARD, accounts.CARD_STORED)]
    return CardSum(sum(each.sum for each in both), sum(each.ups for each in both), sum(each.downs for each in both))


def _unsent(conn: sqlite3.Connection) -> int:
    """How many events the cloud has not got, of all epochs; the closing one is not among them."""
    (count,) = conn.execute(
        "SELECT sum(coalesce(e.size, j.size) - coalesce(u.next, 0)) FROM journal j CROSS JOIN epochs e"
        " LEFT JOIN uploads u ON u.epoch_no = e.no"
    ).fetchone()
    return int(count)


def _queued(conn: sqlite3.Connection) -> Owed:
    waiting = returns.owed(conn)
    return Owed(len(waiting), sum(returns.owed_minor(conn, sale) for sale in waiting))
