"""The till's first page: tiles, open baskets, the last ten sales; and what begins a sale."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from stall.domain.basket import read_code
from stall.domain.sale import Line
from stall.errors import Refused, StallError
from stall.flows.fill_basket import Wish
from stall.store import attempts, catalogue, epochs, sales
from stall.store.sales import Sale
from stall.web import ids
from stall.web.error_pages import status_of
from stall.web.till.basket import add_item, begin_sale
from stall.web.till.box import SALE, this_box
from stall.web.till.words import TENDERS

sell = Blueprint("till_sell", __name__)

#: Open baskets and finished sales the first page lists.
BASKETS, SALES = 20, 10
#: With a space that no line breaks at.
_NUMBER = "no.\u00a0"


@dataclass(frozen=True, slots=True)
class Entry:
    """A sale in a list: what it is of, and how it was paid."""

    sale: Sale
    what: str
    how: str


@sell.get("/")
def tiles() -> str:
    """Show what can be sold; with `?add=` for a sale that gets another item."""
    return _page(add=request.args.get("add", type=int))


@sell.post("/sale")
def begin() -> Response | tuple[str, int]:
    """Start a sale of one tile, or add the tile to the sale named by `add`."""
    box, form = this_box(), request.form
    add = form.get("add", type=int)
    if add is not None and not 0 < add <= SALE:
        add = 0  # names no sale, and what is larger has no place in the database
    try:
        wish = Wish(form.get("item", ""), _quantity(form.get("qty", "1")))
        key, vat = ids.read_press(form.get("press", "")), box.settings.vat_bp
        if add is None:
            sale = box.begin("payment", lambda tx: begin_sale(tx, wish, key, vat))
        else:
            sale = box.begin("payment", lambda tx: add_item(tx, add, wish, key, vat))
    except StallError as trouble:
        return _page(trouble, add=add), status_of(trouble)
    return redirect(url_for("till_pay.sale", no=sale), 303)


@sell.post("/basket")
def find_basket() -> Response | tuple[str, int]:
    """Find a buyer's basket by the code on the phone."""
    typed = request.form.get("code", "")
    try:
        found = sales.by_basket_code(this_box().db.read(), read_code(typed))
        if found is None:
            raise Refused(
                "basket-unknown", f"No open basket has the code {read_code(typed)}. Look at the buyer's phone again."
            )
    except StallError as trouble:
        return _page(trouble, typed=typed[:16]), status_of(trouble)
    return redirect(url_for("till_pay.sale", no=found.no), 303)


def lists_version() -> str:
    """What changes when the lists or the counts of the first page do."""
    conn, now_ms = this_box().db.read(), this_box().now_ms()
    baskets = ".".join(str(sale.no) for sale in _open_baskets(conn))
    newest = sales.newest_paid(conn, 1)
    left = ".".join(f"{card.offer}{card.remaining}" for card in catalogue.cards(conn, now_ms))
    return f"{baskets}/{newest[0].no if newest else 0}/{left}"


def _page(trouble: StallError | None = None, *, typed: str = "", add: int | None = None) -> str:
    box = this_box()
    conn, now_ms = box.db.read(), box.now_ms()
    amended = None if add is None or not 0 < add <= SALE else sales.find(conn, add)
    return render_template(
        "till/tiles.html",
        cards=catalogue.cards(conn, now_ms),
        frozen=epochs.frozen_drops(conn),
        baskets=[_entry(conn, sale) for sale in _open_baskets(conn)],
        done=[_entry(conn, sale) for sale in sales.newest_paid(conn, SALES)],
        add=amended if amended is not None and amended.state == "basket" else None,
        version=lists_version(),
        now_ms=now_ms,
        typed=typed,
        trouble=trouble,
    )


def _open_baskets(conn: sqlite3.Connection) -> list[Sale]:
    return sales.newest_baskets(conn, BASKETS)


def _entry(conn: sqlite3.Connection, sale: Sale) -> Entry:
    lines = sales.lines(conn, sale.no)
    held = sales.held_lines(conn, sale.no, this_box().now_ms())

    def known(line: Line) -> bool:
        return line.ed is not None and (sale.state == "paid" or line.n in held)

    what = ", ".join(
        line.title + (f" {_NUMBER}{line.ed}" if known(line) else f" ×\u00a0{line.qty}" if line.qty > 1 else "")
        for line in lines
    )
    paid = [a.tender for a in attempts.kept(attempts.of_sale(conn, sale.no))]
    return Entry(
        sale, what, " + ".join(TENDERS[tender] for tender in paid) if sale.void_event is None else "given back"
    )


def _quantity(text: str) -> int:
    if not text.isdecimal() or len(text) > 3:  # noqa: PLR2004 - 200 is the most a sale holds
        raise Refused("quantity-wrong", "That is not a number of pieces for one line. Choose 1 to 200.")
    return int(text)
