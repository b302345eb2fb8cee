"""A list of products as another till or a spreadsheet exports it: CSV text to rows, or one clear sentence per bad row. Pure.

The first line names the columns; German names and those of common tills are known too, what stands in brackets behind them is left
out, and columns nobody knows are named and left alone. Separated by comma, semicolon or tab, whichever the first line has most of.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass

from stall.domain import money
from stall.domain.product import ProductKind, read_stock, read_vat
from stall.errors import Refused

MOST_ROWS = 2000
_NAMES = {
    "title": ("title", "name", "item name", "product name", "product", "item", "article", "bezeichnung", "artikel", "produkt"),
    "sku": ("sku", "article number", "article no", "item number", "handle", "artikelnummer", "art.-nr.", "artikel-nr."),
    "kind": ("kind", "type", "art"),
    "price": ("price", "gross price", "unit price", "price incl. vat", "preis", "verkaufspreis", "bruttopreis"),
    "vat": ("vat", "vat rate", "vat %", "tax", "tax rate", "tax %", "mwst", "mwst.", "mwst %", "ust", "steuersatz"),
    "barcode": ("barcode", "ean", "gtin", "upc"),
    "stock": ("stock", "in stock", "quantity", "current quantity", "bestand"),
    "on_sale": ("on sale", "active", "available", "available for sale", "aktiv"),
    "parts": ("parts", "teile"),
}  # fmt: skip
_FIELD = {name: field for field, names in _NAMES.items() for name in names}
_NO, _YES = frozenset({"0", "no", "n", "false", "nein"}), frozenset({"", "1", "yes", "y", "true", "ja"})
_MONEY_SIGNS = re.compile(r"[€£$¥\s]")
_PART = re.compile(r"(?P<what>[^\s:]+)(?::(?P<qty>[0-9]{1,3}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Row:
    """One product of a list and the line it stands on. Money in minor units, VAT in basis points; None: the list does not say."""

    line: int
    title: str
    sku: str | None
    kind: ProductKind | None
    price_minor: int | None
    vat_bp: int | None
    barcode: str | None
    stock: int | None
    on_sale: bool
    parts: tuple[tuple[str, int], ...] | None


@dataclass(frozen=True, slots=True)
class Listed:
    """What a list says: rows, what is wrong with others (line and sentence), and columns nobody knows."""

    rows: tuple[Row, ...]
    wrong: tuple[tuple[int, str], ...]
    unknown: tuple[str, ...]


def read(text: str, cur: str) -> Listed:
    """Read a list with prices in `cur`. Raises Refused `product-list` where it has no first line that names title and price."""
    lines = text.removeprefix("\ufeff").splitlines(keepends=True)
    head = lines[0] if lines else ""
    table = csv.reader(lines, delimiter=max(";\t,", key=head.count), strict=True)
    try:
        names = next(table, [])
        columns = [_FIELD.get(_plain(name)) for name in names]
        if "title" not in columns or "price" not in columns:
            raise Refused(
                "product-list",
                "The first line does not name the columns “title” and “price”. Save the list as CSV with that line, like: title,price,vat,barcode,stock",
            )
        doubled = [field for field in _NAMES if columns.count(field) > 1]
        if doubled:
            raise Refused("product-list", f"Two columns are both “{doubled[0]}”. Leave one of them out.")
        cells = [(table.line_num, row) for row in table if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise Refused(
            "product-list", f"Line {table.line_num} is no line of a CSV file ({error}). Save the list again."
        ) from error
    if len(cells) > MOST_ROWS:
        raise Refused("product-list", f"The list has more than {MOST_ROWS} products. Split it.")
    rows: list[Row] = []
    wrong: list[tuple[int, str]] = []
    for line, row in cells:
        said = {field: cell.strip() for field, cell in zip(columns, row, strict=False) if field is not None}
        try:
            rows.append(_row(line, said, cur))
        except Refused as refused:
            wrong.append((line, refused.sentence))
    unknown = tuple(name.strip() for name, field in zip(names, columns, strict=True) if field is None and name.strip())
    return Listed(tuple(rows), tuple(wrong), unknown)


def read_part(text: str) -> tuple[str, int]:
    """Read one part of a bundle, `postcard:3` or `slow-light`. Raises Refused `bundle-parts`."""
    found = _PART.fullmatch(text.strip())
    if found is None:
        raise Refused(
            "bundle-parts", f"“{text}” is no part of a bundle. Write the drop or product, then how many: postcard:3"
        )
    return found["what"], int(found["qty"] or "1")


def read_price(text: str, cur: str) -> int | None:
    """Read a price as lists write it (`4,50`, `€ 4.50`, `4.50 EUR`); None where there is none. Raises as `money.parse`."""
    plain = _MONEY_SIGNS.sub("", text.replace(cur, ""))
    return money.parse(plain, cur) if plain else None


def _row(line: int, said: dict[str, str], cur: str) -> Row:
    if not said.get("title"):
        raise Refused("product-name", "The product has no title. Type one.")
    return Row(
        line,
        said["title"],
        said.get("sku") or None,
        _kind(said.get("kind", "")),
        read_price(said.get("price", ""), cur),
        read_vat(said["vat"]) if said.get("vat") else None,
        said.get("barcode") or None,
        read_stock(said["stock"]) if said.get("stock") else None,
        _on_sale(said.get("on_sale", "")),
        tuple(read_part(part) for part in said["parts"].split()) if said.get("parts") else None,
    )


def _kind(text: str) -> ProductKind | None:
    if not text:
        return None
    try:
        return ProductKind(text.casefold())
    except ValueError:
        kinds = ", ".join(ProductKind)
        raise Refused("product-kind", f"“{text}” is no kind of product. Write one of: {kinds}.") from None


def _on_sale(text: str) -> bool:
    word = text.casefold()
    if word not in _NO | _YES:
        raise Refused("product-list", f"“{text}” does not say whether it is on sale. Write yes or no.")
    return word in _YES


def _plain(name: str) -> str:
    return re.sub(r"\s*[\[(].*", "", name).strip().casefold().replace("_", " ")
