"""The last sales, one tap away from everywhere: what each was of, how it was paid; its page shows the code again."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, render_template

from stall.domain.sale import Line
from stall.store import attempts, returns, sales
from stall.store.sales import Sale
from stall.web.till.box import this_box
from stall.web.till.words import TENDERS

last = Blueprint("till_last", __name__)

#: Finished sales that are listed.
SALES = 10
#: Lines of one sale that a list names.
NAMED = 4
#: With a space that no line breaks at.
_NUMBER = "no.\u00a0"


@dataclass(frozen=True, slots=True)
class Entry:
    """A sale in a list: what it is of, and how it was paid."""

    sale: Sale
    what: str
    how: str


@last.get("/last")
def page() -> str:
    """Show the last ten sales."""
    return render_template("till/last.html", done=done(), now_ms=this_box().now_ms())


def done() -> list[Entry]:
    """The last finished sales, newest first."""
    return [entry_of(sale) for sale in sales.newest_paid(this_box().db.read(), SALES)]


def entry_of(sale: Sale) -> Entry:
    """One sale as a list shows it."""
    conn = this_box().db.read()
    lines = sales.lines(conn, sale.no)
    held = sales.held_lines(conn, sale.no, this_box().now_ms())

    def known(line: Line) -> bool:
        return line.ed is not None and (sale.state == "paid" or line.n in held)

    named = [
        line.title + (f" {_NUMBER}{line.ed}" if known(line) else f" ×\u00a0{line.qty}" if line.qty > 1 else "")
        for line in lines[:NAMED]
    ]
    more = len(lines) - len(named)
    what = ", ".join([*named, *([f"{more} more"] if more else [])])
    return Entry(sale, what, _how(conn, sale, lines))


def _how(conn: sqlite3.Connection, sale: Sale, lines: Sequence[Line]) -> str:
    """How a sale was paid, and whether it, or a part of it, came back since."""
    back = returns.taken_back(conn, sale.no)
    if sale.void_event is not None or (lines and all(back.get(line.n, 0) == line.qty for line in lines)):
        return "given back"
    paid = " + ".join({TENDERS[a.tender]: None for a in attempts.standing(attempts.of_sale(conn, sale.no))})
    return f"{paid}, part given back" if back else paid
