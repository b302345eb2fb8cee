"""A buyer's order: made with one button, shown at the stall, paid there, and then opened with one button more."""

from __future__ import annotations

from functools import partial

from flask import Blueprint, Response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from stall.errors import Refused
from stall.flows.claim import redeem_order
from stall.flows.fill_basket import Wish, check_offer, fill_basket
from stall.flows.take_free import take_free
from stall.store import catalogue, claims, for_sale, presses, sales
from stall.store.db import Tx
from stall.store.for_sale import Item
from stall.store.sales import Sale
from stall.web import ids
from stall.web.buyer import order_words
from stall.web.buyer.live import order_state
from stall.web.buyer.shop import Shop
from stall.web.direct import REFUSAL
from stall.web.guard import page_has_form

SEE_OTHER = 303
_ED_DIGITS = 7


def pages(shop: Shop) -> Blueprint:
    """The routes of an order."""
    routes = Blueprint("orders", __name__)
    box = shop.box

    @routes.post("/d/<drop>/order")
    def order(drop: str) -> AnyResponse:
        wish = Wish(drop, ed=_number(request.form.get("ed", "")))
        press = _press(shop, "order", drop, wish.ed)
        work = partial(_fill_once, press=press, wish=wish, vat_bp=box.settings.vat_bp)
        return _to_order(shop, box.write("claim", work))

    @routes.post("/d/<drop>/take")
    def take(drop: str) -> AnyResponse:
        refusal = request.environ.get(REFUSAL)
        if refusal is not None:
            raise refusal
        _press(shop, "take", drop)
        key = ids.read_press(request.form.get("press", ""))
        work = partial(take_free, drop_id=drop, key=key, vat_bp=box.settings.vat_bp)
        sale = box.write("claim", work)
        return _to_order(shop, sale)

    @routes.get("/o/<name>")
    def show(name: str) -> str:
        sale = _sale(shop, name)
        conn = box.db.read()
        now = order_state(box, sale)
        page_has_form()
        bought = claims.bought(conn, sale.no)
        by_line = {item.line: item.cover for item in bought}
        return render_template(
            "order.html",
            name=name,
            sale=sale,
            lines=sales.lines(conn, sale.no),
            still={item.line for item in bought},
            now=now,
            by_line=by_line,
            covers=[cover for cover in by_line.values() if cover],
            ended=order_words.ENDED.get(now.state),
            numbered=any(item.edition is not None for item in bought),
            bought=bought,
            receipt=None if sale.receipt_event is None else ids.receipt_id(box.secrets, sale.receipt_event),
        )

    @routes.get("/o/<name>/state")
    def state(name: str) -> Response:
        now = shop.live.state(ids.order_sale(box.secrets, name))
        return Response(now.told(), mimetype="application/json")

    @routes.post("/o/<name>/claim")
    def open_claim(name: str) -> AnyResponse:
        # The page's key is the order's own name: this is one phone's page, so going back and pressing again
        # finds the same grant instead of using up the devices of the code.
        shop.tries.press()
        sale = _sale(shop, name)
        if sale.state != "paid":
            raise Refused("order-not-paid", "This order is not paid yet. Show its code at the stall.")
        key = ids.read_press(request.form.get("press", ""))
        owner = request.form.get("owner") or None
        grant = box.write("claim", lambda tx: redeem_order(tx, sale.no, key, owner))
        return redirect(f"/g/{ids.grant_id(box.secrets, grant)}", SEE_OTHER)

    return routes


def _press(shop: Shop, purpose: str, drop: str, ed: int | None = None) -> bytes:
    """Bind the form's key to what it is for, and refuse by a read alone what is not for sale.

    A press that already made its order is let through: the second tap finds the first one's order even
    when that took the last number.
    """
    shop.tries.press()
    press = presses.bind(purpose, drop, ids.read_press(request.form.get("press", "")))
    conn = shop.box.db.read()
    item = for_sale.find(conn, drop, shop.box.now_ms())
    if item is None:
        raise ids.unknown_page()
    if presses.seen(conn, press) is None:
        shop.box.room.check_for_buyer()
        check_offer(item)
        if ed is not None and item.edition is not None and 1 <= ed <= item.edition:
            _check_number(shop, item, ed)
    return press


def _check_number(shop: Shop, item: Item, ed: int) -> None:
    """Tell the buyer now what the till would have to tell them later. Raises Refused `edition-number-taken`."""
    if not catalogue.number_free(shop.box.db.read(), item.no, ed, shop.box.now_ms()):
        raise Refused("edition-number-taken", f"Number {ed} of {item.title} is taken. Choose another number.")


def _fill_once(tx: Tx, press: bytes, wish: Wish, vat_bp: int) -> int:
    """Make a buyer's basket; the same press finds the same one."""
    earlier = presses.first(tx, press)
    if earlier is not None:
        return earlier
    sale = fill_basket(tx, [wish], origin="buyer", vat_bp=vat_bp)
    presses.remember(tx, press, sale)
    return sale


def _to_order(shop: Shop, sale: int) -> AnyResponse:
    """Send a phone on to its order; without a page in between, for none is ever shown."""
    where = f"/o/{ids.order_id(shop.box.secrets, sale)}"
    return Response("", SEE_OTHER, {"Location": where}, mimetype="text/html")


def _sale(shop: Shop, name: str) -> Sale:
    found = sales.find(shop.box.db.read(), ids.order_sale(shop.box.secrets, name))
    if found is None:
        raise ids.unknown_page()
    return found


def _number(text: str) -> int | None:
    """The edition number somebody asks for; an empty field asks for none."""
    typed = text.strip()
    if not typed:
        return None
    if not (typed.isascii() and typed.isdigit() and len(typed) <= _ED_DIGITS):
        raise Refused("edition-number-wrong", "That is not an edition number. Type digits, or leave the field empty.")
    return int(typed)
