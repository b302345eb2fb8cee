"""The till's first page: tiles, one field to search, type and scan into, what waits; and what begins a sale."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from stall.domain import money
from stall.errors import Refused, StallError
from stall.flows.fill_basket import AnyWish, ProductWish, Wish
from stall.store import products, sales, till_reads, vouchers
from stall.store.products import Product
from stall.store.sales import Sale
from stall.store.vouchers import Voucher
from stall.web import ids
from stall.web.error_pages import status_of
from stall.web.till import shelf, typed
from stall.web.till.basket import add_item, begin_sale
from stall.web.till.box import SALE, this_box
from stall.web.till.last import done, entry_of
from stall.web.till.sale_page import page
from stall.web.till.shelf import Tile
from stall.web.till.words import Shape, Words

sell = Blueprint("till_sell", __name__)

Answer = Response | tuple[str, int]

#: Open baskets the first page lists.
BASKETS = 20


@sell.get("/")
def tiles() -> str:
    """Show what can be sold, or of it what `?q=` finds; with `?add=` for a sale that gets another item."""
    return _page(add=request.args.get("add", type=int), sought=request.args.get("q", "")[: typed.LONGEST].strip())


@sell.get("/price/<path:sku>")
def price(sku: str) -> str:
    """Ask what a product without a price of its own costs this time."""
    return _price_page(_product(sku), request.args.get("add", type=int))


@sell.post("/sale")
def begin() -> Answer:
    """Start a sale of one tile, or add the tile to the sale named by `add`."""
    form = request.form
    add = _sale_named(form.get("add", type=int))
    product = products.find(this_box().db.read(), form.get("product", "")) if "product" in form else None
    try:
        wish = _wish(product)
        return redirect(_sold(wish, add), 303)
    except StallError as trouble:
        asked = product is not None and product.price_minor is None
        shown = _price_page(product, add, trouble) if product is not None and asked else _page(trouble, add=add)
        return shown, status_of(trouble)


@sell.post("/find")
def find() -> Answer:
    """Do what a typed or scanned text means: open its sale or basket, sell its product, else search for it."""
    box, form = this_box(), request.form
    add, text = _sale_named(form.get("add", type=int)), form.get("q", "")[: typed.LONGEST].strip()
    conn = box.db.read()
    meant = typed.read(conn, box.secrets, text)
    try:
        if meant.sale is not None:
            return redirect(url_for("till_pay.sale", no=meant.sale), 303)
        if meant.product is not None:
            return redirect(_asked_or_sold(meant.product, add), 303)
        if meant.voucher is not None:  # at a sale it waits in its field there, for somebody to use
            return (page(add) if add else _page(told=_voucher_words(conn, meant.voucher))), 200
        if text and not shelf.found(shelf.tiles(conn, box.now_ms()), text):
            raise _nothing(text)
    except StallError as trouble:
        return _page(trouble, add=add, sought=text), status_of(trouble)
    return redirect(url_for("till_sell.tiles", add=add, q=text or None), 303)


def lists_version(offered: Sequence[Tile] | None = None) -> str:
    """What changes when the lists or the counts of the first page do."""
    box = this_box()
    conn = box.db.read()
    offered = shelf.tiles(conn, box.now_ms()) if offered is None else offered
    waiting = ".".join(str(sale.no) for sale in [*_open_baskets(conn), *till_reads.parked(conn, BASKETS)])
    newest = sales.newest_paid(conn, 1)
    left = ".".join(f"{tile.on:d}{tile.facts}" for tile in offered)
    return f"{waiting}/{newest[0].no if newest else 0}/{left}"


def _page(
    trouble: StallError | None = None, *, sought: str = "", add: int | None = None, told: Words | None = None
) -> str:
    box = this_box()
    conn, now_ms = box.db.read(), box.now_ms()
    no = _sale_named(add)
    amended = None if not no else sales.find(conn, no)
    offered = shelf.tiles(conn, now_ms)
    shown = shelf.found(offered, sought)
    return render_template(
        "till/tiles.html",
        tiles=shown or ([] if trouble is None else offered),
        many=len(offered),
        size=shelf.size_of(offered),
        baskets=[entry_of(sale) for sale in _open_baskets(conn)],
        parked=[entry_of(sale) for sale in till_reads.parked(conn, BASKETS)],
        done=done(),
        add=amended if amended is not None and amended.state == "basket" else None,
        version=lists_version(offered),
        now_ms=now_ms,
        sought=sought,
        told=told,
        trouble=trouble,
    )


def _price_page(product: Product, add: int | None, trouble: StallError | None = None) -> str:
    return render_template(
        "till/price.html",
        product=product,
        add=_sale_named(add),
        typed=request.form.get("amount", "")[:20],
        trouble=trouble,
    )


def _product(sku: str) -> Product:
    found = products.find(this_box().db.read(), sku)
    if found is None:
        raise products.unknown(sku[:80])
    return found


def _open_baskets(conn: sqlite3.Connection) -> list[Sale]:
    return sales.newest_baskets(conn, BASKETS)


def _sale_named(number: int | None) -> int | None:
    """A number that can be a sale's; 0 for one that names none: what is larger has no place in the database."""
    return number if number is None or 0 < number <= SALE else 0


def _sold(wish: AnyWish, add: int | None) -> str:
    """Put what is wished for into a sale, a new one unless `add` names one; give the address of that."""
    box = this_box()
    key, vat = ids.read_press(request.form.get("press", "")), box.settings.vat_bp
    if add is None:
        sale = box.begin("payment", lambda tx: begin_sale(tx, wish, key, vat))
    else:
        sale = box.begin("payment", lambda tx: add_item(tx, add, wish, key, vat))
    return url_for("till_pay.sale", no=sale)


def _asked_or_sold(product: Product, add: int | None) -> str:
    """Sell one of a product, or ask what it costs; give the address of where that is."""
    if product.price_minor is None:
        return url_for("till_sell.price", sku=product.sku, add=add)
    return _sold(ProductWish(product.sku), add)


def _nothing(text: str) -> Refused:
    return Refused(
        "search-nothing",
        f"Nothing here is called “{text}”, and no open basket, barcode or receipt is either. Type or scan it again.",
    )


def _wish(product: Product | None) -> AnyWish:
    """What a form wishes for: a drop, or a product with the amount typed, or a deposit that comes `back`."""
    form = request.form
    qty = _quantity(form.get("qty", "1"))
    if "back" in form:
        return ProductWish(form["back"], qty, back=True)
    if "product" not in form:
        return Wish(form.get("item", ""), qty)
    if product is None:
        raise products.unknown(form["product"][:80])
    asked = product.price_minor is None and "amount" in form
    minor = money.parse(form["amount"][:20], product.cur) if asked else None
    return ProductWish(product.sku, qty, minor)


def _quantity(text: str) -> int:
    if not text.isdecimal() or len(text) > 3:  # noqa: PLR2004 - 200 is the most a sale holds
        raise Refused("quantity-wrong", "That is not a number of pieces for one line. Choose 1 to 200.")
    return int(text)


def _voucher_words(conn: sqlite3.Connection, voucher: Voucher) -> Words:
    """What is left on a voucher that was scanned without a sale to pay."""
    left = money.text(vouchers.left(conn, voucher), voucher.cur)
    if voucher.state != "active":
        return Words(Shape.CROSS, "This voucher was taken back", "Nothing can be paid with it.")
    sentence = f"Of {money.text(voucher.minor, voucher.cur)}. To pay with it, begin the sale and scan it there."
    return Words(Shape.PAY, f"{left} left on this voucher", sentence)
