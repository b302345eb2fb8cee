"""Take a whole list of products in, or nothing of it: one transaction, and one sentence for every row that is not right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from stall.domain.product import ProductKind, sku_of
from stall.domain.product_list import Row
from stall.errors import Refused
from stall.flows.keep_products import Draft, draft_of, save_product
from stall.store import products
from stall.store.db import Tx
from stall.store.products import BundlePart


class RowsRefused(Refused):
    """Rows of the list are not right; `rows` has the line and the sentence of each."""

    rows: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Taken:
    """How many products are new, were changed, and stood here already as the list has them."""

    new: int
    changed: int
    same: int


def import_products(tx: Tx, rows: Sequence[Row], cur: str, vat_bp: int, wrong: Sequence[tuple[int, str]] = ()) -> Taken:
    """Add or change the product of each row; what a row does not say stays as it is, of a new product the rate is `vat_bp`.

    A product is known by its sku, else by the one its title gives. `wrong` is what is wrong with rows that could not be read.
    Raises RowsRefused `product-list`; then nothing is changed.
    """
    counts = {"new": 0, "changed": 0, "same": 0}
    bad, first = list(wrong), dict[str, int]()
    for row in rows:
        sku = row.sku or sku_of(row.title)
        if sku in first:
            bad.append((row.line, f"“{sku}” stands on line {first[sku]} already. Leave one of them out."))
            continue
        first[sku] = row.line
        try:
            before = None if products.find(tx.conn, sku) is None else draft_of(tx, sku)
            draft = _draft(tx, row, before, Draft(sku, row.title, row.kind or ProductKind.ITEM, None, cur, vat_bp))
            counts["new" if before is None else "same" if draft == before else "changed"] += 1
            if draft != before:
                save_product(tx, draft)
        except Refused as refused:
            bad.append((row.line, refused.sentence))
    if bad:
        refusal = RowsRefused(
            "product-list", f"{_count(len(bad))} not right, so nothing was taken in. Mend that, then import again."
        )
        refusal.rows = tuple(sorted(bad))
        raise refusal
    return Taken(**counts)


def _draft(tx: Tx, row: Row, before: Draft | None, new: Draft) -> Draft:
    base = before or (replace(new, vat_bp=0) if new.kind is ProductKind.VOUCHER else new)
    parts = base.parts if row.parts is None else tuple(find_part(tx, name, qty) for name, qty in row.parts)
    return replace(
        base,
        title=row.title,
        kind=row.kind or base.kind,
        price_minor=row.price_minor,
        vat_bp=base.vat_bp if row.vat_bp is None else row.vat_bp,
        barcode=row.barcode or base.barcode,
        stock=base.stock if row.stock is None else row.stock,
        on_sale=row.on_sale,
        parts=parts,
    )


def find_part(tx: Tx, name: str, qty: int) -> BundlePart:
    """A part of a bundle by its name: a product of that sku, else the drop of that id (checked when the bundle is saved)."""
    product = products.find(tx.conn, name)
    return BundlePart(name, None, qty) if product is None else BundlePart(None, product.no, qty)


def _count(rows: int) -> str:
    return "One row is" if rows == 1 else f"{rows} rows are"
