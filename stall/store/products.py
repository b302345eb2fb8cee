"""What the stall sells that is no drop, as rows: things, bundles, vouchers, deposits. flows.keep_products changes them."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from stall.domain.product import ProductKind, sku_of, stock_words
from stall.errors import Refused
from stall.store.db import Tx


@dataclass(frozen=True, slots=True)
class Product:
    """One product. Money in minor units; without a price somebody types one when selling. `stock` None: nobody counts it."""

    no: int
    sku: str
    title: str
    kind: ProductKind
    price_minor: int | None
    cur: str
    vat_bp: int
    cover: str | None
    barcode: str | None
    stock: int | None
    position: int
    on_sale: bool

    @property
    def left_words(self) -> str:
        """What a tile says of how many are left (`3 left`); nothing while there are plenty, or nobody counts them."""
        return stock_words(self.stock)


@dataclass(frozen=True, slots=True)
class BundlePart:
    """One part of a bundle: a drop (its id) or a product (its number), and how many of it."""

    drop_id: str | None
    product: int | None
    qty: int


_COLUMNS = "no, sku, title, kind, price_minor, cur, vat_bp, cover, barcode, stock, position, on_sale"


def every(conn: sqlite3.Connection) -> list[Product]:
    """Every product in the order of the till, those not on sale too."""
    return _all(conn.execute(f"SELECT {_COLUMNS} FROM products ORDER BY position, no"))


def on_sale(conn: sqlite3.Connection) -> list[Product]:
    """The products the till offers, in its order."""
    return _all(conn.execute(f"SELECT {_COLUMNS} FROM products WHERE on_sale = 1 ORDER BY position, no"))


def find(conn: sqlite3.Connection, sku: str) -> Product | None:
    """One product by its name on receipts, or None."""
    return next(iter(_all(conn.execute(f"SELECT {_COLUMNS} FROM products WHERE sku = ?", (sku,)))), None)


def by_barcode(conn: sqlite3.Connection, barcode: str) -> Product | None:
    """The product with a barcode, or None."""
    return next(iter(_all(conn.execute(f"SELECT {_COLUMNS} FROM products WHERE barcode = ?", (barcode,)))), None)


def get(conn: sqlite3.Connection, no: int) -> Product:
    """One product by its number. Raises Refused `product-unknown`."""
    found = _all(conn.execute(f"SELECT {_COLUMNS} FROM products WHERE no = ?", (no,)))
    if not found:
        raise unknown(str(no))
    return found[0]


def parts(conn: sqlite3.Connection, bundle: int) -> list[BundlePart]:
    """The parts of a bundle in their order."""
    rows = conn.execute(
        "SELECT d.drop_id, b.product, b.qty FROM bundle_parts b LEFT JOIN drops d ON d.no = b.drop_no WHERE b.bundle = ? ORDER BY b.n",
        (bundle,),
    )
    return [BundlePart(*row) for row in rows.fetchall()]


def deposits(conn: sqlite3.Connection) -> frozenset[int]:
    """The products that are deposits: what is paid for them comes back."""
    return frozenset(row[0] for row in conn.execute("SELECT no FROM products WHERE kind = ?", (ProductKind.DEPOSIT,)))


def bundles_in(conn: sqlite3.Connection, bundle: int, pieces: int) -> int | None:
    """How many of a bundle so many pieces of its parts are; None where that is not clear any more, because it was changed since."""
    each = sum(part.qty for part in parts(conn, bundle))
    return pieces // each if each and pieces % each == 0 else None


def save(
    tx: Tx, *, sku: str, title: str, kind: ProductKind, price_minor: int | None, cur: str, vat_bp: int, barcode: str | None,
    stock: int | None, on_sale: bool, cover: str | None,
) -> int:  # fmt: skip
    """Write a product, new or changed, by its sku; return its number. A new one comes last."""
    row = tx.conn.execute(
        "INSERT INTO products (sku, title, kind, price_minor, cur, vat_bp, barcode, stock, on_sale, cover, position)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, (SELECT coalesce(max(position), 0) + 1 FROM products))"
        " ON CONFLICT (sku) DO UPDATE SET title = excluded.title, price_minor = excluded.price_minor, cur = excluded.cur,"
        " vat_bp = excluded.vat_bp, barcode = excluded.barcode, stock = excluded.stock, on_sale = excluded.on_sale,"
        " cover = excluded.cover RETURNING no",
        (sku, title, kind, price_minor, cur, vat_bp, barcode, stock, on_sale, cover),
    ).fetchone()
    return int(row[0])


def set_parts(tx: Tx, bundle: int, wanted: Sequence[BundlePart]) -> None:
    """Write what a bundle is made of, in place of what it was."""
    tx.conn.execute("DELETE FROM bundle_parts WHERE bundle = ?", (bundle,))
    tx.conn.executemany(
        "INSERT INTO bundle_parts (bundle, n, drop_no, product, qty) VALUES (?, ?, (SELECT no FROM drops WHERE drop_id = ?), ?, ?)",
        [(bundle, n, part.drop_id, part.product, part.qty) for n, part in enumerate(wanted)],
    )


def free_sku(conn: sqlite3.Connection, title: str) -> str:
    """A name on receipts that no product has yet, made from a title."""
    base = sku_of(title)
    taken = {
        row[0] for row in conn.execute("SELECT sku FROM products WHERE sku = ? OR sku LIKE ?", (base, f"{base}-%"))
    }
    return next(name for n in range(1, len(taken) + 2) if (name := base if n == 1 else f"{base}-{n}") not in taken)


def set_order(tx: Tx, order: Sequence[int]) -> None:
    """Place the products on the till in this order of their numbers; all of them are named."""
    tx.conn.executemany("UPDATE products SET position = ? WHERE no = ?", [(at, no) for at, no in enumerate(order, 1)])


def move_stock(tx: Tx, sale: int, sign: int) -> None:
    """Count what a sale hands over off the stock (`sign` -1), where somebody counts it; or what comes back on to it (1).

    In a sale comes back what a line takes back of another, and a deposit for which money goes out.
    """
    tx.conn.execute(
        "UPDATE products SET stock = stock + ? * (SELECT sum(l.qty * CASE WHEN l.of_line IS NULL AND l.minor >= 0 THEN 1 ELSE -1 END) FROM lines l"
        " WHERE l.product = products.no AND l.id >= ? << 8 AND l.id < (? + 1) << 8)"
        " WHERE stock IS NOT NULL AND no IN (SELECT product FROM lines WHERE id >= ? << 8 AND id < (? + 1) << 8)",
        (sign, sale, sale, sale, sale),
    )


def unknown(named: str) -> Refused:
    """What to tell who names a product that is not there."""
    return Refused("product-unknown", f"There is no product “{named}” here. Look at the till's first page again.")


def _all(rows: sqlite3.Cursor) -> list[Product]:
    found = []
    for row in rows.fetchall():
        named = dict(zip(_COLUMNS.split(", "), row, strict=True))
        found.append(Product(**{**named, "kind": ProductKind(named["kind"]), "on_sale": bool(named["on_sale"])}))
    return found
