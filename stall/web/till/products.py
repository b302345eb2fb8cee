"""The maker's pages of what is sold beside the drops: list, add, change, count, order, picture. Their route asks for the right, no PIN.

Whoever types in twenty postcards is signed in and has the screen locked behind them; each change is an event that says who.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from stall.domain import money
from stall.domain.product import ProductKind, read_stock, read_vat
from stall.errors import Refused, StallError
from stall.flows import keep_products
from stall.flows.keep_products import Draft, change_product
from stall.store import catalogue, picture, presses, products
from stall.store.db import Tx
from stall.store.products import BundlePart
from stall.web import ids, words
from stall.web.error_pages import status_of
from stall.web.guard import MAX_PICTURE_BYTES
from stall.web.till.box import this_box

MOST = (1 << 31) - 1

shelf = Blueprint("till_products", __name__, url_prefix="/products")

Answer = Response | tuple[str, int]
_ONE = f"/<int(min=1, max={MOST}):no>"


@shelf.get("")
def every() -> str:
    """List the products in the order of the till; `?done=` names the one that was just changed."""
    return _list()


@shelf.post("/move")
def move() -> Answer:
    """Put the product `sku` at the place `place`, counted from 1; pressed twice it is there all the same."""
    sku, place = request.form.get("sku", ""), request.form.get("place", 0, type=int)
    return _do(lambda tx: keep_products.move_product(tx, sku, place), _list, url_for(".every", _anchor=f"p-{sku}"))


@shelf.post("/switch")
def switch() -> Answer:
    """Put the product `on` on sale, or take the product `off` off it."""
    on = request.form.get("on")
    sku = on or request.form.get("off", "")
    return _do(lambda tx: change_product(tx, sku, on_sale=on is not None), _list, url_for(".every", done=sku))


@shelf.get("/new")
def new() -> str:
    """Show the form for a new product."""
    return _form()


@shelf.post("/new")
def add() -> Answer:
    """Add a product; a second press finds the first one's."""
    box, form = this_box(), request.form
    try:
        press = presses.bind("product", "new", ids.read_press(form.get("press", "")))
        kind = _kind(form.get("kind", ""))
        said = {"vat_bp": 0 if kind is ProductKind.VOUCHER else box.settings.vat_bp} | _typed(box.settings.cur, kind)
        stock = read_stock(form["stock"]) if kind is not ProductKind.BUNDLE and form.get("stock", "").strip() else None
        named = form.get("sku", "").strip()

        def work(tx: Tx) -> int:
            earlier = presses.first(tx, press)
            if earlier is not None:
                return earlier
            sku = named or products.free_sku(tx.conn, said["title"])
            if products.find(tx.conn, sku) is not None:
                raise Refused("product-name", f"There is a product “{sku}” already. Choose another name for receipts.")
            no = keep_products.save_product(tx, Draft(sku=sku, kind=kind, cur=box.settings.cur, stock=stock, **said))
            presses.remember(tx, press, no)
            return no

        no = box.write("payment", work)
    except StallError as trouble:
        return _form(trouble), status_of(trouble)
    return redirect(url_for(".one", no=no, done="new"), 303)


@shelf.get(_ONE)
def one(no: int) -> str:
    """Show one product: to change, to count, with its picture."""
    return _page(no)


@shelf.post(_ONE)
def change(no: int) -> Answer:
    """Change title, price, rate, barcode and parts; the stock stays as sales made it."""

    product = products.get(this_box().db.read(), no)
    try:
        said = _typed(product.cur, product.kind)  # here: the writer's thread knows no request
    except StallError as trouble:
        return _page(no, trouble, asked="change"), status_of(trouble)
    return _do(
        lambda tx: change_product(tx, product.sku, **said),
        lambda trouble: _page(no, trouble, asked="change"),
        url_for(".one", no=no, done="changed"),
    )


@shelf.post(f"{_ONE}/count")
def count(no: int) -> Answer:
    """Write down how many there are; nothing typed: they are not counted any more."""
    typed = request.form.get("stock", "").strip()

    def work(tx: Tx) -> None:
        change_product(tx, products.get(tx.conn, no).sku, stock=read_stock(typed) if typed else None)

    return _do(work, lambda trouble: _page(no, trouble, asked="count"), url_for(".one", no=no, done="counted"))


@shelf.post(f"{_ONE}/picture")
def take_picture(no: int) -> Answer:
    """Take in a picture for the tile; a child makes it small, so that no phone's file is decoded where sales are made."""
    request.max_content_length = MAX_PICTURE_BYTES
    box = this_box()
    try:
        sku = products.get(box.db.read(), no).sku
        sent = request.files.get("picture")
        if sent is None or not sent.filename:
            raise Refused("picture-unreadable", "No picture was chosen. Choose one, then press the button.")
        cover = picture.keep_apart(box.folder, sent.read(picture.MOST_BYTES + 1))
        box.write("housekeeping", lambda tx: change_product(tx, sku, cover=cover))
    except StallError as trouble:
        return _page(no, trouble, asked="picture"), status_of(trouble)
    return redirect(url_for(".one", no=no, done="pictured"), 303)


def _do(work: Callable[[Tx], object], page: Callable[[StallError], str], then: str) -> Answer:
    try:
        this_box().write("payment", work)
    except StallError as trouble:
        return page(trouble), status_of(trouble)
    return redirect(then, 303)


def _typed(cur: str, kind: ProductKind) -> dict[str, Any]:
    """What the form says, read. Raises what `money.parse` and `read_vat` raise."""
    form = request.form
    price = form.get("price", "").strip()
    said: dict[str, Any] = {
        "title": form.get("title", "").strip(),
        "price_minor": money.parse(price, cur) if price else None,
        "barcode": form.get("barcode", "").strip() or None,
    }
    if kind in {ProductKind.ITEM, ProductKind.DEPOSIT}:  # a voucher has none, the parts of a bundle have their own
        said["vat_bp"] = read_vat(form.get("vat", ""))
    if kind is ProductKind.BUNDLE:
        said["parts"] = tuple(_parts(form))
    return said


def _parts(form: Mapping[str, str]) -> list[BundlePart]:
    """The parts of a bundle: a field `drop:ID` or `item:NUMBER` for each thing there is, with how many of it."""
    found = []
    for name, typed in form.items():
        what, _, which = name.partition(":")
        qty = typed.strip()
        if what not in {"drop", "item"} or qty in {"", "0"}:
            continue
        if not (qty.isdecimal() and qty.isascii() and len(qty) <= 3):  # noqa: PLR2004 - 200 is the most a sale holds
            raise Refused("bundle-parts", f"“{qty}” is no number of pieces. Type how many of each part a bundle has.")
        number = int(which) if what == "item" and which.isdecimal() and len(which) < 10 else None  # noqa: PLR2004 - digits of MOST
        found.append(BundlePart(which, None, int(qty)) if what == "drop" else BundlePart(None, number or 0, int(qty)))
    return found


def _kind(text: str) -> ProductKind:
    try:
        return ProductKind(text)
    except ValueError:
        raise Refused("product-kind", "That is no kind of product. Choose one of those on the page.") from None


def _list(trouble: StallError | None = None) -> str:
    conn = this_box().db.read()
    listed = products.every(conn)
    done = request.args.get("done", "") if trouble is None else ""
    return render_template(
        "till/products.html",
        products=listed,
        done=next((each for each in listed if each.sku == done), None),
        trouble=trouble,
    )


def _form(trouble: StallError | None = None) -> str:
    box = this_box()
    return render_template(
        "till/product.html",
        product=None,
        typed={"vat": _percent(box.settings.vat_bp), **request.form},
        cur=box.settings.cur,
        parts_of=_choices(box.db.read(), box.now_ms()),
        asked="change",
        trouble=trouble,
    )


def _page(no: int, trouble: StallError | None = None, *, asked: str = "") -> str:
    box = this_box()
    conn = box.db.read()
    product = products.get(conn, no)
    now = {
        "title": product.title,
        "price": "" if product.price_minor is None else money.decimal(product.price_minor, product.cur),
        "vat": _percent(product.vat_bp),
        "barcode": product.barcode or "",
        "stock": "" if product.stock is None else str(product.stock),
        **{_field(part): str(part.qty) for part in products.parts(conn, no)},
    }
    return render_template(
        "till/product.html",
        product=product,
        typed=now | (dict(request.form) if trouble is not None and asked != "picture" else {}),
        cur=product.cur,
        parts_of=_choices(conn, box.now_ms()) if product.kind is ProductKind.BUNDLE else [],
        asked=asked,
        done=request.args.get("done", "") if trouble is None else "",
        trouble=trouble,
    )


def _choices(conn: sqlite3.Connection, now_ms: int) -> list[tuple[str, str, str]]:
    """What a bundle can be made of: the name of its field, its title, and what one costs alone."""
    drops = [(f"drop:{c.drop_id}", c.title, money.text(c.price_minor, c.cur)) for c in catalogue.cards(conn, now_ms)]
    return drops + [
        (f"item:{each.no}", each.title, money.text(each.price_minor, each.cur))
        for each in products.every(conn)
        if each.kind is ProductKind.ITEM and each.price_minor is not None
    ]


def _field(part: BundlePart) -> str:
    return f"drop:{part.drop_id}" if part.product is None else f"item:{part.product}"


def _percent(basis_points: int) -> str:
    return words.percent(basis_points).removesuffix(" %")
