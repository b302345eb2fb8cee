"""How a Z-report is laid out, once for the page, the print view, the PDF, the CSV and the paper roll. Pure.

The order is that of selling 3.4: head, the five ties, exceptions, VAT, tenders, drawer, at risk, vouchers and tips, editions,
fees, what is not sent, signature. A rendering goes through `sections` and writes every cell as it is; it computes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from stall.domain import money
from stall.domain.zreport import DayEnd, Place, ZReport

WORDS = {
    "cash": "Cash", "card": "Card", "card_stored": "Card, read offline", "operator": "Separate reader", "voucher": "Voucher",
    "float": "Float", "in": "Paid in", "out": "Paid out",
}  # fmt: skip
"""What tenders and ways of cash are called to people."""

_DAY_MS = 24 * 3600 * 1000


@dataclass(frozen=True, slots=True)
class Money:
    """A cell that is an amount, in minor units."""

    minor: int


@dataclass(frozen=True, slots=True)
class Moment:
    """A cell that is a time, in ms UTC."""

    at_ms: int


Cell = Money | Moment | int | str | None
"""A count is an int; None is a cell with nothing in it."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line: what it is of, and a cell for each column of its section. `total` lines sum up those above."""

    label: str
    cells: tuple[Cell, ...]
    total: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """One block: a name for machines, a title, the heads of its columns (none where there is one), its rows."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Head:
    """Whose report it is: what stands in settings, who closed, and the checkpoint signed over it. Nothing of it is a sum."""

    seller: str
    stall: str
    place: str
    box: str
    checkpoint: str
    closed_by: str = ""


def sections(report: ZReport, head: Head) -> tuple[Section, ...]:
    """Lay a report out; sections that have nothing to say are left out, but those of VAT, tenders and drawer."""
    every = (
        _head(report, head), _open(report), _vat(report), _tenders(report), _drawer(report), _moves(report), _pieces(report),
        _receipts(report), _terminal(report), _at_risk(report), _liabilities(report), _editions(report), _fees(report), _rest(report), _signature(head),
    )  # fmt: skip
    return tuple(section for section in every if section.rows)


def plain(cell: Cell, cur: str) -> str:
    """A cell for a file: dot decimals, ISO dates, nothing of a language."""
    if isinstance(cell, Money):
        return money.decimal(cell.minor, cur)
    if isinstance(cell, Moment):
        return iso(cell.at_ms)
    return "" if cell is None else str(cell)


def words(cell: Cell, cur: str) -> str:
    """A cell for a person."""
    if isinstance(cell, Money):
        return money.text(cell.minor, cur)
    if isinstance(cell, Moment):
        return f"{_utc(cell.at_ms):%d %b %Y, %H:%M} UTC".lstrip("0")
    return "" if cell is None else str(cell)


def iso(at_ms: int) -> str:
    """Write a time as ISO 8601, to the second, in UTC."""
    return f"{_utc(at_ms):%Y-%m-%dT%H:%M:%SZ}"


def rate(rate_bp: int) -> str:
    """Write a rate of VAT (`19 %`, `5.5 %`)."""
    whole, rest = divmod(rate_bp, 100)
    return f"{whole}.{rest:02d}".rstrip("0") + " %" if rest else f"{whole} %"


def _head(report: ZReport, head: Head) -> Section:
    period = report.period
    facts: tuple[tuple[str, Cell], ...] = (
        ("Seller", head.seller), ("Stall", head.stall), ("Event", head.place), ("Z-report", report.no),
        ("First event", Moment(period.begun_ms)),
        ("Opened with a float", None if period.opened_ms is None else Moment(period.opened_ms)),
        ("Closed", Moment(period.closed_ms)),
        ("Closed by", head.closed_by), ("Journal epoch", period.last.epoch),
        ("Events", f"{_seq(period.first, period.last)} to {period.last.seq}"), ("Box", head.box), ("Journal root", period.root),
        ("Software", report.software),
    )  # fmt: skip
    return Section(
        "head", "Whose and when", (), tuple(Row(name, (value,)) for name, value in facts if value not in {None, ""})
    )


def _seq(place: Place, beside: Place) -> str:
    """An event's number, with its epoch where that is another than the one beside it."""
    return str(place.seq) if place.epoch == beside.epoch else f"{place.seq} of epoch {place.epoch}"


def _open(report: ZReport) -> Section:
    rows = [Row(f"Sale {one.sale}, payment {one.attempt}: {one.state}", (Money(one.minor),)) for one in report.open]
    if report.exceptions:
        rows.append(Row("Notes to look at", (report.exceptions,)))
    if report.unfinished_in_all:
        rows.append(Row("Taken without a receipt", (Money(report.unfinished_in_all),)))
    return Section("exceptions", "To look at", (), tuple(rows))


def _vat(report: ZReport) -> Section:
    rows = [Row(rate(r.rate_bp), (Money(r.net), Money(r.vat), Money(r.gross))) for r in report.vat]
    net, vat = sum(r.net for r in report.vat), sum(r.vat for r in report.vat)
    rows.append(Row("Turnover", (Money(net), Money(vat), Money(net + vat)), total=True))
    return Section("vat", "VAT", ("Net", "VAT", "Gross"), tuple(rows))


def _tenders(report: ZReport) -> Section:
    rows = [
        Row(WORDS[t.tender], (Money(t.taken), Money(t.back), Money(t.taken + t.back), t.payments, t.returns))
        for t in report.tenders
    ]
    taken, back = sum(t.taken for t in report.tenders), sum(t.back for t in report.tenders)
    counts = sum(t.payments for t in report.tenders), sum(t.returns for t in report.tenders)
    rows.append(Row("Together", (Money(taken), Money(back), Money(taken + back), *counts), total=True))
    return Section("tenders", "Payments", ("Taken", "Back", "Together", "Times", "Returns"), tuple(rows))


def _drawer(report: ZReport) -> Section:
    drawer = report.drawer
    rows = [
        Row("Float", (Money(drawer.float_minor),)), Row("Cash sales", (Money(drawer.sales),)),
        Row("Cash refunds", (Money(drawer.refunds),)), Row("Paid in", (Money(drawer.paid_in),)),
        Row("Paid out", (Money(drawer.paid_out),)), Row("Expected", (Money(drawer.expected),), total=True),
    ]  # fmt: skip
    if drawer.counted is None or drawer.over is None:
        rows.append(Row("Counted", ("not counted",)))
    else:
        how = "Counted blind" if drawer.blind else "Counted"
        rows += [
            Row(how, (Money(drawer.counted),)),
            Row("Over" if drawer.over >= 0 else "Short", (Money(drawer.over),)),
        ]
        if drawer.counts > 1:
            rows.append(Row("Times counted", (drawer.counts,)))
    return Section("drawer", "Drawer", (), tuple(rows))


def _moves(report: ZReport) -> Section:
    rows = tuple(
        Row(f"{WORDS[m.way]}{f', {m.reason}' if m.reason else ''}", (Moment(m.at_ms), Money(m.minor)))
        for m in report.moves
    )
    return Section("moves", "Paid in and out", ("When", "Amount"), rows)


def _pieces(report: ZReport) -> Section:
    rows = tuple(
        Row(money.text(worth, report.cur), (count, Money(worth * count)))
        for worth, count in report.drawer.pieces
        if count
    )
    return Section("pieces", "Counted by piece", ("Pieces", "Amount"), rows)


def _receipts(report: ZReport) -> Section:
    said = report.receipts
    counts = (
        ("Sales", said.sales), ("Refunds", said.refunds), ("Exchanges", said.exchanges), ("Voids", said.voids),
        ("Given free by hand", said.comps), ("Free of price", said.free),
    )  # fmt: skip
    rows = [Row(name, (count,)) for name, count in counts if count]
    if said.first is not None and said.last is not None:
        rows.append(
            Row("Numbers", (f"{_seq(said.first, report.period.last)} to {_seq(said.last, report.period.last)}",))
        )
    if report.discounts:
        rows.append(Row("Discounts granted", (Money(report.discounts),)))
    return Section("receipts", "Receipts", (), tuple(rows))


def _terminal(report: ZReport) -> Section:
    def row(end: DayEnd) -> Row:
        cells = (Moment(end.at_ms), Money(end.theirs), Money(end.ours), Money(end.theirs - end.ours))
        return Row(end.tid or "Terminal", cells)

    rows = [row(end) for end in report.day_ends]
    if report.since.payments or report.since.returns:
        rows.append(Row("Since, not closed there", (None, None, Money(report.since.minor), None)))
    return Section("terminal", "Terminal's end of day", ("When", "Terminal", "Ours", "Gap"), tuple(rows))


def _at_risk(report: ZReport) -> Section:
    risk, offline = report.at_risk, report.offline
    rows: list[Row] = []
    if risk.count and risk.since_ms is not None:
        rows += [
            Row("Read offline, not settled", (Money(risk.minor),)), Row("Payments", (risk.count,)),
            Row("Oldest", (Moment(risk.since_ms),)), Row("Close the terminal's day before", (Moment(risk.since_ms + _DAY_MS),)),
        ]  # fmt: skip
    if offline.settled:
        rows.append(Row("Sent in", (Money(offline.settled),)))
    if offline.written_off:
        rows.append(Row("Refused by the bank, written off", (Money(offline.written_off),)))
    return Section("at_risk", "Cards read offline", (), tuple(rows))


def _liabilities(report: ZReport) -> Section:
    vouchers = report.vouchers
    facts: Iterator[tuple[str, int]] = iter(
        (
            ("Tips", report.tips), ("Rounding of cash", report.rounding), ("Vouchers sold", vouchers.issued),
            ("Vouchers spent", vouchers.spent), ("Owed on all vouchers", vouchers.liability),
        )
    )  # fmt: skip
    return Section(
        "liabilities", "Outside turnover", (), tuple(Row(name, (Money(minor),)) for name, minor in facts if minor)
    )


def _editions(report: ZReport) -> Section:
    heads = ("Sold", "Numbers", "Taken back", "Granted", "Void", "Frozen", "Left")
    rows = tuple(
        Row(
            e.drop,
            (
                e.sold,
                e.numbers,
                e.returned,
                *((e.granted, e.void, e.frozen, e.remaining) if e.granted else (None,) * 4),
            ),
        )
        for e in report.editions
    )
    return Section("editions", "Editions", heads, rows)


def _fees(report: ZReport) -> Section:
    rows = (Row("Card provider", ("told with the payout",)),) if report.card else ()
    return Section("fees", "Fees", (), rows)


def _rest(report: ZReport) -> Section:
    rows = [] if report.unsent is None else [Row("Events not sent to the cloud", (report.unsent,))]
    if report.queued.count:
        rows += [Row("Refunds that wait", (report.queued.count,)), Row("Owed on them", (Money(report.queued.minor),))]
    return Section("rest", "Not done yet", (), tuple(rows))


def _signature(head: Head) -> Section:
    """The checkpoint over the report: origin, size and root, then the signature, as C2SP writes a note."""
    names = ("Signed as", "Events covered", "Root")
    body, _, signed = head.checkpoint.partition("\n\n")
    rows = [Row(name, (line,)) for name, line in zip(names, body.split("\n"), strict=False) if line]
    rows += [Row("Signature", (line.rsplit(" ", 1)[-1],)) for line in signed.split("\n")[:1] if line]
    return Section("signature", "Signature", (), tuple(rows))


def _utc(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms // 1000, UTC)
