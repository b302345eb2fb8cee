"""A shift for other programs: its Z-report as rows and as one object, and its receipts as one row a line. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stall.domain import money, zbody, zlayout, zties
from stall.domain.zlayout import Head, Moment, Money
from stall.domain.zreport import ZReport
from stall.wire.table import Cell, Number, amount

REPORT_COLUMNS = ("section", "row", "column", "value", "unit")
PAPER_COLUMNS = (
    "time", "type", "receipt", "epoch", "event", "sale", "line", "article", "number", "quantity", "vat_rate", "gross", "discount",
    "currency", "tip", "rounding", "paid_by", "refers_to",
)  # fmt: skip
_TYPES = {"stall-receipt+jwt": "receipt", "stall-refund+jwt": "refund", "stall-void+jwt": "void"}


def of_report(report: ZReport, head: Head) -> Iterator[Sequence[Cell]]:
    """The rows of a Z-report: one for each cell of its layout, after the five ties."""
    yield REPORT_COLUMNS
    for tie in zties.ties(report):
        yield "ties", tie.title, "amount", None if tie.minor is None else amount(tie.minor, report.cur), report.cur
        yield "ties", tie.title, "standing", tie.standing.value, None
        yield "ties", tie.title, "sentence", tie.sentence, None
    for section in zlayout.sections(report, head):
        for row in section.rows:
            for column, cell in zip(section.columns or ("",), row.cells, strict=True):
                if cell is not None:
                    yield section.name, row.label, column, _cell(cell, report.cur), _unit(cell, report.cur)


def as_object(report: ZReport, head: Head) -> dict[str, Any]:
    """The Z-report as one object: the body of its event word for word, whose it is, and the five ties. Amounts are minor units."""
    return {
        "report": zbody.body(report),
        "head": {
            "seller": head.seller, "stall": head.stall, "place": head.place, "box": head.box, "checkpoint": head.checkpoint, "closed_by": head.closed_by,
        },
        "ties": [
            {"name": tie.name, "minor": tie.minor, "standing": tie.standing.value, "sentence": tie.sentence}
            for tie in zties.ties(report)
        ],
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Paper:
    """One receipt, refund or void as it was signed: its type, its claims, the time of its event and the sale it is of."""

    typ: str
    claims: Mapping[str, Any]
    at_ms: int
    sale: int


def of_papers(papers: Iterable[Paper]) -> Iterator[Sequence[Cell]]:
    """The rows of receipts: one for each line; tip and rounding of a paper stand in its first row alone, so that columns add up."""
    yield PAPER_COLUMNS
    for paper in papers:
        claims = paper.claims
        typ = "exchange" if paper.typ == "stall-receipt+jwt" and "ref" in claims else _TYPES.get(paper.typ, paper.typ)
        cur = claims["pay"][0]["cur"]
        paid = " + ".join(f"{pay['m']} {money.decimal(pay['minor'], cur)}" for pay in claims["pay"])
        for n, item in enumerate(claims["items"] or ({},)):
            tip, rounding = (claims.get(name, 0) if n == 0 else 0 for name in ("tip", "round"))
            yield (
                zlayout.iso(paper.at_ms), typ, claims["jti"], claims["epoch"], claims["seq"], paper.sale, n if item else None,
                item.get("drop") or item.get("sku"), item.get("ed"), item.get("qty"), _rate(item), amount(item.get("minor", 0), cur),
                amount(item.get("disc", 0), cur), cur, amount(tip, cur), amount(rounding, cur), paid, claims.get("ref"),
            )  # fmt: skip


def _rate(item: Mapping[str, Any]) -> Cell:
    """A rate of VAT in percent."""
    return Number(item["vat"], 2) if "vat" in item else None


def _cell(cell: zlayout.Cell, cur: str) -> Cell:
    if isinstance(cell, Money):
        return amount(cell.minor, cur)
    return zlayout.iso(cell.at_ms) if isinstance(cell, Moment) else cell


def _unit(cell: zlayout.Cell, cur: str) -> str | None:
    if isinstance(cell, Money):
        return cur
    return "count" if isinstance(cell, int) else None
