"""Change a sale nobody paid for yet, on its page: how many, out of it, cheaper, a tip, put aside.

Each form carries a key, so a second press changes nothing more. A discount of all there is to pay needs the right to give free, as that does.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Answered

from stall.domain import money
from stall.domain.rights import Right
from stall.domain.sale import percent_of
from stall.errors import Refused, StallError
from stall.flows import amend_basket
from stall.store import sales
from stall.store.db import Tx
from stall.web import ids
from stall.web.error_pages import status_of
from stall.web.till.basket import change_once
from stall.web.till.box import SALE, this_box
from stall.web.till.rows import Row, rows_in
from stall.web.till.sale_page import page
from stall.web.till.signed import may

amend = Blueprint("till_amend", __name__, url_prefix=f"/sale/<int(min=1, max={SALE}):no>")

Answer = Answered | tuple[str, int]

_WHOLE_BP = 10_000


@amend.post("/change")
def change(no: int) -> Answer:
    """One `more`, one `less` or all `out` of the row that begins with a line."""
    form, vat = request.form, this_box().settings.vat_bp
    what = next((name for name in ("more", "less", "out") if name in form), "")
    n = form.get(what, -1, type=int)

    def work(tx: Tx) -> bool:
        row = _row(tx.conn, no, n)
        if what == "out":
            return _remove(tx, no, row)
        return _set(tx, no, row, row.many + (1 if what == "more" else -1), vat)

    return _change(no, f"{what} {n}", work)


@amend.get("/line/<int:n>")
def line(no: int, n: int) -> str | Answered:
    """One row of a sale by itself: how many, a discount, out of it. Where it is there no more, the sale."""
    conn = this_box().db.read()
    found = sales.get(conn, no)
    try:
        row = _row(conn, no, n)
    except Refused:
        return redirect(url_for("till_pay.sale", no=no), 303)
    off = this_box().settings.till.discounts
    presets = [(percent, percent_of(row.minor + row.disc, percent * 100)) for percent in off] if row.minor >= 0 else []
    return render_template("till/line.html", sale=found, row=row, presets=presets, plain=money.decimal)


@amend.post("/quantity")
def quantity(no: int) -> Answer:
    """So many of one row."""
    n, qty, vat = request.form.get("n", -1, type=int), request.form.get("qty", -1, type=int), this_box().settings.vat_bp
    return _change(no, f"quantity {n} {qty}", lambda tx: _set(tx, no, _row(tx.conn, no, n), qty, vat))


@amend.post("/discount")
def discount(no: int) -> Answer:
    """Take a `percent` or an `amount` off a row, or off the whole sale where none is named."""
    named, percent, amount = (request.form.get(name, "")[:20] for name in ("n", "percent", "amount"))
    free = may(Right.GIVE_FREE) or _WHOLE_BP // 100 in this_box().settings.till.discounts

    def work(tx: Tx) -> bool:
        lines = None if not named else [each.n for each in _row(tx.conn, no, _whole(named)).lines]
        if percent:
            amend_basket.discount(tx, no, basis_points=_share(percent), n=lines)
        else:
            amend_basket.discount(tx, no, minor=money.parse(amount or "0", sales.get(tx.conn, no).cur), n=lines)
        if not free and amend_basket.given_away(tx.conn, no):
            raise Refused(
                "discount-too-large", "The discount leaves nothing to pay. Type a smaller one, or give the sale free, with the PIN of a maker."
            )  # fmt: skip
        return True

    return _change(no, f"discount {named} {percent} {amount}", work)


@amend.post("/tip")
def tip(no: int) -> Answer:
    """Add a `percent` or an `amount` as a tip, in place of the one before; 0 takes it away."""
    percent, amount = (request.form.get(name, "")[:20] for name in ("percent", "amount"))

    def work(tx: Tx) -> bool:
        sale = sales.get(tx.conn, no)
        worth = sale.total_minor - sale.tip_minor
        minor = percent_of(worth, _share(percent)) if percent else money.parse(amount or "0", sale.cur)
        amend_basket.set_tip(tx, no, minor)
        return True

    return _change(no, f"tip {percent} {amount}", work)


@amend.post("/park")
def park(no: int) -> Answer:
    """Put the sale aside for the next buyer."""

    def work(tx: Tx) -> bool:
        amend_basket.park(tx, no)
        return False  # nothing to look at: the next buyer is there

    return _change(no, "park", work)


def _change(no: int, what: str, work: Callable[[Tx], bool]) -> Answer:
    """Change a sale once and look at it again, or at the first page when nothing is left; what is refused is told on the sale's page."""
    box = this_box()
    sales.get(box.db.read(), no)
    try:
        key = ids.read_press(request.form.get("press", ""))
        left = box.write("payment", lambda tx: change_once(tx, no, what, key, lambda: work(tx)))
    except StallError as trouble:
        return page(no, trouble), status_of(trouble)
    if left:
        return redirect(url_for("till_pay.sale", no=no, _anchor="lines"), 303)
    if "HX-Request" in request.headers:  # the script would put the first page into this one
        return Response(status=204, headers={"HX-Redirect": url_for("till_sell.tiles")})
    return redirect(url_for("till_sell.tiles"), 303)


def _row(conn: sqlite3.Connection, no: int, n: int) -> Row:
    """The row a line stands in. Raises Refused `line-unknown`."""
    for row in rows_in(conn, no):
        if any(each.n == n for each in row.lines):
            return row
    raise amend_basket.line_unknown()


def _set(tx: Tx, no: int, row: Row, count: int, vat_bp: int) -> bool:
    """Make it so many of a row; whether anything is left of the sale."""
    if count == 0:
        return _remove(tx, no, row)
    if row.bundle is not None:
        return amend_basket.set_bundles(tx, no, row.bundle, count, vat_bp)
    if len(row.lines) > 1 and count < len(row.lines):
        for each in reversed(row.lines[count:]):
            amend_basket.remove_line(tx, no, each.n)
        return True
    amend_basket.set_quantity(tx, no, row.last, count - len(row.lines) + 1 if len(row.lines) > 1 else count, vat_bp)
    return True


def _remove(tx: Tx, no: int, row: Row) -> bool:
    """Take a row out, from its last line on: those before keep their places. A bundle goes whole."""
    if row.bundle is not None:
        return amend_basket.remove_line(tx, no, row.n)
    return [amend_basket.remove_line(tx, no, each.n) for each in reversed(row.lines)][-1]


def _share(percent: str) -> int:
    """Percent as typed, in basis points. Raises Refused `discount-too-large`."""
    share = _whole(percent) * 100
    if not 0 <= share <= _WHOLE_BP:
        raise Refused("discount-too-large", "The discount is more than the price. Type a smaller one, or give it free.")
    return share


def _whole(text: str) -> int:
    """A number of a form. Raises Refused `press-malformed`."""
    if not text.isdecimal() or len(text) > 4:  # noqa: PLR2004 - more than any line or percent
        raise Refused("press-malformed", "This form is too old or was changed. Open the page again.")
    return int(text)
