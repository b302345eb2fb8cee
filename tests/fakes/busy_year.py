"""A stall that sold all year: ten thousand sales of every kind, written through the real flows some hundred at a time.

For whoever measures what a page costs: the last day is the same however many sales came before it, so that what a page
reads of the day does not grow with the year, and what it reads of the year shows.
"""

from __future__ import annotations

import fcntl
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from stall import app
from stall.domain.payment import Kind, Reason
from stall.flows import card_attempt, give_back, take_card, take_cash
from stall.flows.card_attempt import TerminalFacts
from stall.flows.claim import redeem_order
from stall.flows.day_end import ask_day_end, record_day_end
from stall.flows.fill_basket import Wish, fill_basket
from stall.flows.mark_seen import mark_seen
from stall.flows.note_exception import note_exception
from stall.flows.record_pack import Prepared
from stall.flows.shift import Closing, Press, close_shift
from stall.flows.take_confirmed import take_confirmed
from stall.store import attempts, notes, presses, readers, shifts
from stall.store.box import Box
from stall.store.db import Tx
from stall.wire import manifest
from tests.fakes import papers, stock
from tests.fakes.clock import FakeClock
from tests.fakes.stock import Stocked

SALES = 10_000
#: Sales of the day that is not closed yet, and of the days before: the more days, the longer the year.
TODAY, A_DAY = 120, 1_235
POSTERS, TOTE = "harbour-posters", "canvas-tote"
EDITION = 30_000
READER, TID = 1, "29001006"
VAT = 1900
#: Sales written in one transaction; they bear one moment.
_AT_ONCE = 250
_HOUR_MS = 3_600_000
_LONG = 200
_OFFERS = (
    papers.Offer(POSTERS, "Harbour Posters", 450, EDITION, ()),
    papers.Offer(TOTE, "Canvas Tote", 300, None, ()),
)


@dataclass(slots=True)
class _Year:
    """What the terminal has counted since its last end of day (minor units), and its next receipt number."""

    box: Box
    clock: FakeClock
    minor: int = 0
    count: int = 0
    receipt_no: int = 1


def copy(common: Path, folder: Path, sales: int = SALES) -> Stocked:
    """A box of one's own with so many sales, copied from one that is made once for all tests of a run.

    `common` is a folder that all processes of the run share.
    """
    template = common / f"busy-year-{sales}"
    with (common / f"busy-year-{sales}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (template / "made").is_file():
            make(template, sales)
            (template / "made").touch()
    stocked = stock.copy(template, folder)
    stocked.clock.wall = int((template / "wall").read_text(encoding="utf-8"))
    return stocked


def make(folder: Path, sales: int = SALES) -> None:
    """Make a stocked box in `folder` with so many paid sales, and what a year leaves besides; some 2 ms each."""
    clock = FakeClock()
    stock.stock(folder, clock)
    opened = app.open_box(folder, clock=clock)
    try:
        _put_on_sale(opened)
        year = _Year(opened, clock)
        with opened.db.transaction() as tx:
            readers.report(tx, READER, "Card reader", "ready", "Ready")
            readers.note_abilities(tx, READER, {"reverse", "refund", "day_end"})
        _live(year, sales)
        opened.db.truncate_log()
    finally:
        opened.close()
    (folder / "wall").write_text(str(clock.wall), encoding="utf-8")


def _live(year: _Year, sales: int) -> None:
    before = max(0, sales - TODAY)
    days = -(-before // A_DAY)
    for day in range(days):
        first, last = before * day // days, before * (day + 1) // days
        _sell(year, first, last)
        _end_day(year)
        year.clock.advance(8 * _HOUR_MS)
    _sell(year, before, sales)


def _sell(year: _Year, first: int, last: int) -> None:
    for begin in range(first, last, _AT_ONCE):
        with year.box.db.transaction() as tx:
            for n in range(begin, min(begin + _AT_ONCE, last)):
                _WAYS[n % len(_WAYS)](year, tx, n)
                _besides(tx, n)
        year.clock.advance(_HOUR_MS // 2)


def _end_day(year: _Year) -> None:
    with year.box.db.transaction() as tx:
        job = ask_day_end(tx, READER)
        record_day_end(tx, job, READER, total_minor=year.minor, count=year.count, cur="EUR", tid=TID)
        for note in notes.unseen(tx.conn):
            mark_seen(tx, "exception", note.no, "slip 0042 at the terminal")
        press = Press(presses.new_key(), shifts.running(tx.conn).no)
        close_shift(tx, press, Closing("EUR", cloud=False, blind=False, counted=False, despite_open=True))
    year.minor = year.count = 0


def _besides(tx: Tx, n: int) -> None:
    """What happens between the sales: baskets nobody pays, sales given up, something to look at, a phone that downloads."""
    if n % 50 == 11:
        fill_basket(tx, [Wish(POSTERS)], origin="till", vat_bp=VAT)
    if n % 25 == 3:
        take_card.drop_sale(tx, fill_basket(tx, [Wish(TOTE)], origin="till", vat_bp=VAT))
    if n % 400 == 77:
        (newest,) = tx.conn.execute("SELECT max(no) FROM attempts WHERE tender = 'card'").fetchone()
        note_exception(tx, "contradiction", f"The terminal tells of a payment {n} that nobody asked for.", newest)
    if n % 7 == 5:
        (sale,) = tx.conn.execute("SELECT max(no) FROM sales WHERE state = 'paid' AND void_event IS NULL").fetchone()
        redeem_order(tx, sale, n.to_bytes(16, "big"))


def _cash(year: _Year, tx: Tx, n: int) -> None:
    qty = _LONG if n % 1000 == 0 else 1 + n % 3
    sale = fill_basket(tx, [Wish(POSTERS if n % 2 == 0 else TOTE, qty)], origin="till", vat_bp=VAT)
    take_cash.take_cash(tx, sale, 1, 1_000_000)


def _card(year: _Year, tx: Tx, n: int) -> int:
    """One by card, each sixth approved offline, of the same day only: its sum stays within the creator's cap."""
    sale = fill_basket(tx, [Wish(POSTERS), Wish(TOTE)], origin="till", vat_bp=VAT)
    attempt = take_card.ask_card(tx, sale, 1, READER)
    card_attempt.send(tx, attempt)
    card_attempt.approve(tx, attempt, _facts(year, tx, attempt, offline=n % 60 == 4))
    card_attempt.pay(tx, attempt)
    return attempt


def _facts(year: _Year, tx: Tx, attempt: int, *, offline: bool = False) -> TerminalFacts:
    """What the terminal says of a payment, which it counts from then on."""
    told = attempts.get(tx.conn, attempt)
    sign = 1 if told.kind == Kind.PAY else -1
    year.minor += sign * told.amount_minor
    year.count += sign
    year.receipt_no += 1
    return TerminalFacts(told.amount_minor, TID, year.receipt_no, 22, "291675", "Debit", "5726", offline)


def _given_back(year: _Year, tx: Tx, n: int) -> None:
    attempt = _card(year, tx, 0)
    if n % 40 != 8:
        return
    back = give_back.ask_back(tx, attempt, 2, Kind.REVERSE, "maker")
    card_attempt.send(tx, back)
    card_attempt.approve(tx, back, _facts(year, tx, back))
    card_attempt.pay(tx, back)


def _declined(_: _Year, tx: Tx, __: int) -> None:
    sale = fill_basket(tx, [Wish(TOTE)], origin="till", vat_bp=VAT)
    attempt = take_card.ask_card(tx, sale, 1, READER)
    card_attempt.send(tx, attempt)
    card_attempt.decline(tx, attempt, Reason.DECLINED)
    take_cash.take_cash(tx, sale, 2, 500)


def _comp(_: _Year, tx: Tx, __: int) -> None:
    take_cash.take_comp(tx, fill_basket(tx, [Wish(TOTE)], origin="till", vat_bp=VAT), 1, "maker")


def _operator(_: _Year, tx: Tx, n: int) -> None:
    take_confirmed(tx, fill_basket(tx, [Wish(POSTERS)], origin="till", vat_bp=VAT), 1, f"R-{n}", "maker")


_Way = Callable[[_Year, Tx, int], object]
#: How each of ten sales is paid.
_WAYS: tuple[_Way, ...] = (_cash, _cash, _cash, _cash, _card, _card, _comp, _declined, _given_back, _operator)


def _put_on_sale(opened: Box) -> None:
    """The limited drop that is large enough for a year, and an open one."""
    for each in _OFFERS:
        data = each.title.encode() * 40
        sha = hashlib.sha256(data).hexdigest()
        (opened.folder / "files" / sha).write_bytes(data)
        file = manifest.File(path=f"{each.drop}.txt", size=len(data), sha256=sha, type="text/plain")
        offer = papers.Offer(each.drop, each.title, each.minor, each.edition, (file,))
        jti = hashlib.sha256(each.drop.encode()).digest()[:16]
        token = papers.sign_manifest(offer, jti, now_s=stock.NOW_S, since_s=stock.NOW_S - papers.DAY_S)
        leasing = papers.Leasing(bytes([8]) * 16, stock.NOW_S, ((1, each.edition),)) if each.edition else None
        papers.put_on_sale(opened, token, Prepared(None, f"{each.drop}.zip", len(data), sha), leasing)
