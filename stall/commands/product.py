"""`stall product`: what the stall sells that is no drop. The command line is the maker's own, so no PIN."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from stall.commands import DATA_VARIABLE, say
from stall.domain.product import ProductKind

if TYPE_CHECKING:
    from stall.store.box import Box
    from stall.store.db import Tx
    from stall.store.products import BundlePart, Product

DATA = click.option(
    "--data",
    envvar=DATA_VARIABLE,
    type=click.Path(path_type=Path, file_okay=False, readable=False),
    required=True,
    help="The box's data folder.",
)
JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
PRICE = click.option("--price", metavar="AMOUNT", help="Its price including VAT, like 4.50; none: typed when selling.")
VAT = click.option("--vat", metavar="PERCENT", help="Its rate of VAT, like 19 or 5.5.")
BARCODE = click.option("--barcode", metavar="CODE", help="What a scanner reads on it.")
STOCK = click.option("--stock", metavar="PIECES", help="How many there are; they are counted from now on.")
PICTURE = click.option("--picture", type=click.Path(path_type=Path), help="A picture for its tile.")
PART = click.option(
    "--part", "parts", multiple=True, metavar="NAME[:QTY]", help="Of a bundle: a drop or product, and how many."
)
#: The longest list read, in bytes.
MOST_LIST = 4 * 1024 * 1024


@click.group("product")
def product() -> None:
    """Add, change, list and order what the stall sells beside its drops."""


@product.command("add")
@click.argument("title")
@click.option(
    "--kind",
    type=click.Choice([kind.value for kind in ProductKind]),
    default="item",
    show_default=True,
    help="What it is.",
)
@click.option("--sku", metavar="NAME", help="Its name on receipts.  [default: made from the title]")
@PRICE
@VAT
@BARCODE
@STOCK
@PICTURE
@PART
@DATA
@JSON
def add(
    *, title: str, kind: str, sku: str | None, price: str | None, vat: str | None, barcode: str | None, stock: str | None,
    picture: Path | None, parts: tuple[str, ...], data: Path, as_json: bool,
) -> None:  # fmt: skip
    """Put the product TITLE on sale: an item, a bundle, a voucher or a deposit."""
    from stall.errors import Refused
    from stall.flows.keep_products import Draft, save_product
    from stall.store import products

    with _opened(data) as box:
        wanted: dict[str, Any] = {"kind": ProductKind(kind), "cur": box.settings.cur, "price_minor": None}
        wanted["vat_bp"] = 0 if kind == ProductKind.VOUCHER else box.settings.vat_bp
        wanted |= _typed(box, price, vat, barcode, stock, picture)

        def work(tx: Tx) -> None:
            name = sku or products.free_sku(tx.conn, title)
            if products.find(tx.conn, name) is not None:
                raise Refused(
                    "product-name", f"There is a product “{name}” already. Change it with: stall product change"
                )
            save_product(tx, Draft(sku=name, title=title, parts=_parts(tx, parts), **wanted))

        box.write("payment", work)
        _say(box, products.every(box.db.read())[-1:], as_json=as_json)


@product.command("change")
@click.argument("sku")
@click.option("--title", help="What people read.")
@PRICE
@VAT
@BARCODE
@STOCK
@PICTURE
@PART
@DATA
@JSON
def change(
    *, sku: str, title: str | None, price: str | None, vat: str | None, barcode: str | None, stock: str | None,
    picture: Path | None, parts: tuple[str, ...], data: Path, as_json: bool,
) -> None:  # fmt: skip
    """Change what is given of the product SKU; what was sold stays as it was. An empty value ("") takes it away."""
    from stall.flows.keep_products import change_product

    with _opened(data) as box:
        changes = _typed(box, price, vat, barcode, stock, picture)
        if title is not None:
            changes["title"] = title

        def work(tx: Tx) -> None:
            if parts:
                changes["parts"] = _parts(tx, parts)
            change_product(tx, sku, **changes)

        box.write("payment", work)
        _say(box, [_found(box, sku)], as_json=as_json)


@product.command("retire")
@click.argument("sku")
@click.option("--back", is_flag=True, help="Put it on sale again.")
@DATA
@JSON
def retire(sku: str, *, back: bool, data: Path, as_json: bool) -> None:
    """Take the product SKU off sale. It stays on receipts and in reports, and can come back."""
    from stall.flows.keep_products import change_product

    with _opened(data) as box:
        box.write("payment", lambda tx: change_product(tx, sku, on_sale=back))
        _say(box, [_found(box, sku)], as_json=as_json)


@product.command("order")
@click.argument("skus", metavar="SKU...", nargs=-1, required=True)
@DATA
@JSON
def order(skus: tuple[str, ...], data: Path, *, as_json: bool) -> None:
    """Put these products first on the till, in this order; the others keep theirs behind them."""
    from stall.flows.keep_products import move_product
    from stall.store import products

    def work(tx: Tx) -> None:
        for place, sku in enumerate(dict.fromkeys(skus), 1):
            move_product(tx, sku, place)

    with _opened(data) as box:
        box.write("payment", work)
        _say(box, products.every(box.db.read()), as_json=as_json)


@product.command("list")
@DATA
@JSON
def list_(data: Path, *, as_json: bool) -> None:
    """Show every product in the order of the till."""
    from stall.store import products

    with _opened(data, looking=True) as box:
        found = products.every(box.db.read())
        _say(box, found, as_json=as_json)
        if not found and not as_json:
            say.line(
                f"No product yet. Add one with: stall product add TITLE --price 4.50 --data {shlex.quote(str(data))}"
            )


@product.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@DATA
@JSON
def import_(file: Path, data: Path, *, as_json: bool) -> int:
    """Take in a list of products from FILE (CSV): all of it, or nothing.

    Its first line names the columns: title and price; and, where there are any, sku, kind, vat, barcode, stock, "on sale" and
    parts of bundles (like "slow-light postcard:3"). A product that is here already, by its sku or title, is changed.
    """
    from stall.domain import product_list
    from stall.flows.import_products import RowsRefused, import_products

    text = _text_of(file)
    with _opened(data) as box:
        listed = product_list.read(text, box.settings.cur)
        try:
            taken = box.write(
                "payment",
                lambda tx: import_products(tx, listed.rows, box.settings.cur, box.settings.vat_bp, listed.wrong),
            )
        except RowsRefused as refused:
            if not as_json:
                say.lines(*(f"line {line}: {sentence}" for line, sentence in refused.rows), err=True)
                raise
            rows = [{"line": line, "sentence": sentence} for line, sentence in refused.rows]
            say.facts({"ok": False, "error": {"code": refused.code, "sentence": refused.sentence}, "rows": rows})
            return 1
    if as_json:
        say.facts(
            {"new": taken.new, "changed": taken.changed, "same": taken.same, "columns_left_out": [*listed.unknown]}
        )
        return 0
    say.line(f"{taken.new} new, {taken.changed} changed, {taken.same} as they were.")
    if listed.unknown:
        say.line(f"Columns that say nothing here were left out: {', '.join(listed.unknown)}")
    return 0


@contextmanager
def _opened(data: Path, *, looking: bool = False) -> Iterator[Box]:
    from stall import app

    box = app.open_box(data, looking=looking)
    try:
        yield box
    finally:
        box.close()


def _typed(
    box: Box, price: str | None, vat: str | None, barcode: str | None, stock: str | None, picture: Path | None
) -> dict[str, Any]:
    """What was given, read; an empty word takes away. The picture is made here: this process is short-lived, and no till waits for it."""
    from stall.commands import files
    from stall.domain import money
    from stall.domain.product import read_stock, read_vat
    from stall.store import picture as pictures

    said: dict[str, Any] = {}
    if price is not None:
        said["price_minor"] = money.parse(price, box.settings.cur) if price else None
    if vat is not None:
        said["vat_bp"] = read_vat(vat)
    if barcode is not None:
        said["barcode"] = barcode or None
    if stock is not None:
        said["stock"] = read_stock(stock) if stock else None
    if picture is not None:
        said["cover"] = pictures.keep(box.folder, files.read(picture, pictures.MOST_BYTES + 1))
    return said


def _parts(tx: Tx, typed: Sequence[str]) -> tuple[BundlePart, ...]:
    from stall.domain.product_list import read_part
    from stall.flows.import_products import find_part

    return tuple(find_part(tx, *read_part(text)) for text in typed)


def _found(box: Box, sku: str) -> Product:
    from stall.store import products

    found = products.find(box.db.read(), sku)
    if found is None:
        raise products.unknown(sku)
    return found


def _text_of(file: Path) -> str:
    """The list as text: UTF-8, or as spreadsheets of Western Europe write it."""
    from stall.commands import files
    from stall.errors import Refused

    data = files.read(file, MOST_LIST + 1)
    if len(data) > MOST_LIST:
        raise Refused("product-list", f"The list is larger than {MOST_LIST // 1024**2} MB. Split it.")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _say(box: Box, found: Sequence[Product], *, as_json: bool) -> None:
    from stall.store import products

    conn = box.db.read()
    parts = {each.no: products.parts(conn, each.no) for each in found if each.kind is ProductKind.BUNDLE}
    skus = {each.no: each.sku for each in products.every(conn)} if parts else {}
    named = {
        no: [(part.drop_id or skus[part.product or 0], part.qty) for part in inside] for no, inside in parts.items()
    }
    if as_json:
        say.facts({"products": [_facts(each, named.get(each.no)) for each in found]})
        return
    for each in found:
        say.line(_line(each, named.get(each.no, [])))


def _line(each: Product, parts: Sequence[tuple[str, int]]) -> str:
    from stall.domain import money

    price = "price typed when selling" if each.price_minor is None else money.text(each.price_minor, each.cur)
    words = [each.kind.value, price, f"{each.vat_bp // 100}.{each.vat_bp % 100:02d}".removesuffix(".00") + " % VAT"]
    if each.stock is not None:
        words.append(f"{each.stock} in stock")
    if each.barcode is not None:
        words.append(f"barcode {each.barcode}")
    if parts:
        words.append("of " + " + ".join(f"{qty} × {name}" for name, qty in parts))
    if not each.on_sale:
        words.append("off sale")
    return f"{each.sku}: {', '.join(words)}, {each.title}"


def _facts(each: Product, parts: Sequence[tuple[str, int]] | None) -> dict[str, object]:
    facts: dict[str, object] = {
        "sku": each.sku, "title": each.title, "kind": each.kind.value, "minor": each.price_minor, "cur": each.cur,
        "vat_bp": each.vat_bp, "barcode": each.barcode, "stock": each.stock, "place": each.position, "on_sale": each.on_sale,
        "picture": each.cover,
    }  # fmt: skip
    return facts if parts is None else {**facts, "parts": [{"name": name, "qty": qty} for name, qty in parts]}
