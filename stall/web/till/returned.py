"""What a sale's page says of what came back of it, and that of a return of what it still hands out. Reads only."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from stall.domain import money
from stall.domain.payment import Kind, Tender
from stall.domain.sale import Line
from stall.store import attempts, returns, sales
from stall.store.attempts import Attempt
from stall.store.sales import Sale
from stall.web.till.coming_back import Way, rows, waits_for_card, ways_out
from stall.web.till.words import TENDERS, Stage

#: With a space that no line breaks at.
_NUMBER = "no.\u00a0"


@dataclass(frozen=True, slots=True)
class CameBack:
    """One return of a sale, as that sale's page lists it: what, how much went out (below zero) or came in, and how it stands."""

    no: int
    what: str
    minor: int
    how: str


@dataclass(frozen=True, slots=True)
class Back:
    """What a page says besides. `ways`, `owe`, `may_add` of a return that is begun; `by`, `cash_out` of one that is done."""

    may_return: bool = False
    returns: tuple[CameBack, ...] = ()
    ways: tuple[Way, ...] = ()
    owe: bool = False
    goes_out: bool = False
    may_add: bool = False
    by: str = ""
    cash_out: int = 0


def template_of(sale: Sale, stage: Stage, due: int) -> str | None:
    """The page of a return at this stage, where it has one of its own; with something to pay it is that of any sale."""
    if sale.ref_sale is None:
        return None
    if stage is Stage.CHOOSE and due <= 0:
        return "till/hand_back.html"
    return "till/returned.html" if stage is Stage.PAID else None


def back_of(
    conn: sqlite3.Connection, sale: Sale, lines: Sequence[Line], tried: Sequence[Attempt], due: int, *, step: int, running: bool
) -> Back:  # fmt: skip
    """What the page of a sale says of returns; due in minor units, below zero where the sale hands out."""
    came = tuple(_came_back(conn, one) for one in returns.of_sale(conn, sale.no))
    if sale.ref_sale is None:
        open_still = sale.state == "paid" and sale.void_event is None
        return Back(may_return=open_still and bool(rows(conn, sale.no, {})), returns=came)
    goes_out = any(line.of_line is None for line in lines)
    if sale.state == "paid":
        stands = attempts.standing(tried)
        out = [a for a in stands if a.kind != Kind.PAY]
        return Back(
            may_return=goes_out and bool(rows(conn, sale.no, {})),
            returns=came,
            goes_out=goes_out,
            by=" + ".join(_by(a, alone=len(stands) == 1) for a in stands),
            cash_out=sum(a.amount_minor for a in out if a.tender == Tender.CASH),
        )
    ways = ways_out(conn, sale.ref_sale, -due, step) if due < 0 else []
    if not running:
        ways = [way for way in ways if not way.value.startswith("card")]
    by_card = any(way.value.startswith("card") for way in ways)
    return Back(
        ways=tuple(ways), owe=not by_card and waits_for_card(conn, sale.ref_sale), goes_out=goes_out, may_add=not attempts.standing(tried)
    )  # fmt: skip


def _by(attempt: Attempt, *, alone: bool) -> str:
    words = {Tender.CASH: "in cash", Tender.COMP: "for nothing"}.get(
        Tender(attempt.tender), f"by {TENDERS[attempt.tender]}"
    )
    return words if alone else f"{money.text(attempt.amount_minor, attempt.cur)} {words}"


def _came_back(conn: sqlite3.Connection, sale: Sale) -> CameBack:
    lines = [line for line in sales.lines(conn, sale.no) if line.of_line is not None]
    what = ", ".join(
        line.title + (f" {_NUMBER}{line.ed}" if line.ed is not None else f" ×\u00a0{line.qty}" if line.qty > 1 else "")
        for line in lines
    )
    if sale.state == "paid":
        how = "given back" if sale.total_minor < 0 else "exchanged"
        return CameBack(sale.no, what, sale.total_minor, how)
    return CameBack(sale.no, what, sale.total_minor, "owed" if sale.queued_ms is not None else "on its way back")
