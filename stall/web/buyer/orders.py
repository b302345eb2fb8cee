"""A buyer's order: made with one button, shown at the stall, paid there, and then opened with one button more."""

from __future__ import annotations

from functools import partial

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as AnyResponse

from stall.errors import Refused
from stall.flows.claim import redeem_order
from stall.flows.fill_basket import Wish, check_offer, fill_basket
from stall.flows.take_free import take_free
from stall.store import for_sale, presses
from stall.store.db import Tx
from stall.web import ids, language
from stall.web.buyer import handover, order_page
from stall.web.buyer.baskets import check_number, number
from stall.web.buyer.shop import Shop
from stall.web.direct import REFUSAL

SEE_OTHER = 303


def pages(shop: Shop) -> Blueprint:
    """The routes of an order."""
    routes = Blueprint("orders", __name__)
    box = shop.box

    @routes.post("/d/<drop>/order")
    def order(drop: str) -> AnyResponse:
        wish = Wish(drop, ed=number(request.form.get("ed", "")))
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
        return order_page.draw(shop, name)

    @routes.get("/o/<name>/state")
    def state(name: str) -> Response:
        now = shop.live.state(ids.order_sale(box.secrets, name))
        return Response(now.told(), mimetype="application/json")

    @routes.post("/o/<name>/claim")
    def open_claim(name: str) -> AnyResponse:
        # The page's key is the order's own name: this is one phone's page, so going back and pressing again
        # finds the same grant instead of using up the devices of the code.
        shop.tries.press()
        sale = order_page.find(shop, name)
        if sale.state != "paid":
            raise Refused("order-not-paid", "This order is not paid yet. Show its code at the stall.")
        key = ids.read_press(request.form.get("press", ""))
        owner = request.form.get("owner") or None
        grant = box.write("claim", lambda tx: redeem_order(tx, sale.no, key, owner))
        return handover.lead(box, grant)

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
        check_number(shop, item, ed)
    return press


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
    where = language.at(f"/o/{ids.order_id(shop.box.secrets, sale)}")
    return Response("", SEE_OTHER, {"Location": where}, mimetype="text/html")
