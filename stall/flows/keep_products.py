"""What the stall sells that is no drop: added, changed, taken off sale. Each change is an event; nothing sold before changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from stall.domain.money import LIMIT_MINOR, exponent_of
from stall.domain.product import MOST_STOCK, VOUCHER, ProductKind
from stall.domain.sale import MAX_LINES
from stall.errors import Refused
from stall.store import for_sale, products
from stall.store.db import Tx
from stall.store.products import BundlePart, Product

MOST_SIGNS, MOST_BARCODE = 120, 64


@dataclass(frozen=True, slots=True)
class Draft:
    """A product as somebody wants it. `price_minor` None: it is typed when selling. Money in minor units, VAT in basis points."""

    sku: str
    title: str
    kind: ProductKind
    price_minor: int | None
    cur: str
    vat_bp: int
    barcode: str | None = None
    stock: int | None = None
    on_sale: bool = True
    cover: str | None = None
    parts: Sequence[BundlePart] = ()


def save_product(tx: Tx, draft: Draft) -> int:
    """Add a product or change the one of that sku; return its number.

    Raises Refused `product-name`, `product-kind`, `product-price`, `product-vat`, `product-barcode`, `product-stock`,
    `bundle-parts`, `currency-unknown`.
    """
    _check(tx, draft)
    no = products.save(
        tx, sku=draft.sku, title=draft.title, kind=draft.kind, price_minor=draft.price_minor, cur=draft.cur, vat_bp=draft.vat_bp,
        barcode=draft.barcode, stock=draft.stock, on_sale=draft.on_sale, cover=draft.cover,
    )  # fmt: skip
    products.set_parts(tx, no, draft.parts)
    said: dict[str, object] = {
        "sku": draft.sku, "title": draft.title, "kind": draft.kind.value, "minor": draft.price_minor, "cur": draft.cur,
        "vat": draft.vat_bp, "stock": draft.stock, "on_sale": draft.on_sale,
    }  # fmt: skip
    if draft.parts:
        named = {part.product: products.get(tx.conn, part.product).sku for part in draft.parts if part.product}
        said["parts"] = [
            {"drop": p.drop_id, "qty": p.qty} if p.product is None else {"sku": named[p.product], "qty": p.qty}
            for p in draft.parts
        ]
    tx.append("product", {name: value for name, value in said.items() if value is not None})
    return no


def draft_of(tx: Tx, sku: str) -> Draft:
    """A product as it is now, to be changed. Raises Refused `product-unknown`."""
    found = products.find(tx.conn, sku)
    if found is None:
        raise products.unknown(sku)
    return Draft(
        found.sku, found.title, found.kind, found.price_minor, found.cur, found.vat_bp, found.barcode, found.stock,
        found.on_sale, found.cover, tuple(products.parts(tx.conn, found.no)),
    )  # fmt: skip


def change_product(tx: Tx, sku: str, **changes: Any) -> bool:
    """Change what is named of a product and leave the rest, its stock too, as sales made it; say whether anything changed.

    Counting the stock is `stock=…`, taking it off sale `on_sale=False`. Raises Refused `product-unknown` and as `save_product`.
    """
    before = draft_of(tx, sku)
    after = replace(before, **changes)
    if after == before:
        return False
    save_product(tx, after)
    return True


def move_product(tx: Tx, sku: str, place: int) -> None:
    """Put a product's tile at a place among all products, counted from 1; beyond the ends is at the end.

    Raises Refused `product-unknown`.
    """
    order: list[Product] = products.every(tx.conn)
    at = next((n for n, each in enumerate(order) if each.sku == sku), None)
    if at is None:
        raise products.unknown(sku)
    to = min(max(place, 1), len(order)) - 1
    if to != at:
        order.insert(to, order.pop(at))
        products.set_order(tx, [each.no for each in order])
        tx.append("shelf", {"sku": sku, "place": to + 1})


def _check(tx: Tx, draft: Draft) -> None:
    exponent_of(draft.cur)
    for words in (draft.sku, draft.title):
        if not (0 < len(words) <= MOST_SIGNS and words.isprintable() and words == words.strip()):
            raise Refused("product-name", f"A product's name and title have 1 to {MOST_SIGNS} signs on one line.")
    if draft.sku.startswith(VOUCHER):
        raise Refused(
            "product-name", f"No product's name may begin with “{VOUCHER}”: vouchers are called so on receipts."
        )
    known = products.find(tx.conn, draft.sku)
    if known is not None and known.kind != draft.kind:
        raise Refused(
            "product-kind",
            f"“{draft.sku}” is a {known.kind.value} and stays one. Choose another name for the new product.",
        )
    if draft.price_minor is not None and not 0 <= draft.price_minor <= LIMIT_MINOR:
        raise Refused("product-price", "A price is not below zero, nor above what one sale can take. Type it again.")
    if not 0 <= draft.vat_bp <= 10_000:  # noqa: PLR2004 - a whole, in basis points
        raise Refused("product-vat", "A rate of VAT is between 0 and 100 percent. Type it again.")
    if draft.kind is ProductKind.VOUCHER and draft.vat_bp:
        raise Refused("product-vat", "A voucher bears no VAT: what is bought with it does. Set its rate to 0.")
    if draft.stock is not None and draft.kind is ProductKind.BUNDLE:
        raise Refused("product-stock", "A bundle is not counted: its parts are. Count those, and leave it empty here.")
    if draft.stock is not None and abs(draft.stock) > MOST_STOCK:
        raise Refused("product-stock", f"So many pieces are never counted. Type a number up to {MOST_STOCK}.")
    if draft.barcode is not None and not (0 < len(draft.barcode) <= MOST_BARCODE and draft.barcode.isprintable()):
        raise Refused("product-barcode", f"A barcode has 1 to {MOST_BARCODE} signs. Scan it again, or leave it out.")
    taken = None if draft.barcode is None else products.by_barcode(tx.conn, draft.barcode)
    if taken is not None and taken.sku != draft.sku:
        raise Refused(
            "product-barcode", f"“{taken.title}” has that barcode already. Scan the right one, or change that first."
        )
    _check_parts(tx, draft)


def _check_parts(tx: Tx, draft: Draft) -> None:
    """A bundle is made of drops and things, and has a price; nothing else has parts."""
    if draft.kind is not ProductKind.BUNDLE:
        if draft.parts:
            raise Refused("bundle-parts", "Only a bundle has parts. Make it a bundle, or leave the parts out.")
        return
    if draft.price_minor is None or not draft.parts:
        raise Refused("bundle-parts", "A bundle has a price and at least one part. Add what is missing.")
    pieces = 0
    for part in draft.parts:
        pieces += part.qty
        if part.qty < 1 or pieces > MAX_LINES:
            raise Refused("bundle-parts", f"A bundle has 1 to {MAX_LINES} pieces. Change the number of each part.")
        if part.product is not None:
            inner = products.get(tx.conn, part.product)
            if inner.kind is not ProductKind.ITEM or inner.price_minor is None or inner.cur != draft.cur:
                raise Refused(
                    "bundle-parts",
                    f"“{inner.title}” cannot be a part: a part is a drop or a thing with a price in {draft.cur}.",
                )
        elif part.drop_id is None or for_sale.find(tx.conn, part.drop_id, tx.now_ms) is None:
            raise Refused("bundle-parts", f"There is no drop “{part.drop_id}” here. Import its pack first.")
