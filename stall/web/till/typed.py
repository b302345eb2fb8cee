"""What somebody typed or scanned into the one field of the till: an address or code of a sale, a basket, a barcode, a voucher.

A scanner is a keyboard; what it types may be the whole address of a claim, an order or a receipt. Only reads.
"""

from __future__ import annotations

import re
import sqlite3
from dataclasses import dataclass

from stall.domain import basket
from stall.errors import Refused
from stall.store import claims, journal, products, sales, vouchers
from stall.store.products import Product
from stall.store.secrets import BoxSecrets
from stall.store.vouchers import Voucher
from stall.web import ids
from stall.wire import claimcode, event, vouchercode

#: Longer input is no code, no address of ours and no name.
LONGEST = 200

_ADDRESS = re.compile(r"/(?P<kind>[TtOoRr])/(?P<name>[A-Za-z0-9_-]{1,64})/?(?:[?#].*)?$")


@dataclass(frozen=True, slots=True)
class Meant:
    """What was meant: at most one of these; nothing where it is only a word to search for."""

    sale: int | None = None
    product: Product | None = None
    voucher: Voucher | None = None


def read(conn: sqlite3.Connection, own: BoxSecrets, text: str) -> Meant:
    """Find out what a text names here."""
    sale = _addressed(conn, own, text) or _claimed(conn, text) or _basket(conn, text)
    if sale is not None:
        return Meant(sale=sale)
    product = products.by_barcode(conn, text) or products.find(conn, text)
    if product is not None:
        return Meant(product=product)
    return Meant(voucher=_voucher(conn, text))


def _addressed(conn: sqlite3.Connection, own: BoxSecrets, text: str) -> int | None:
    """The sale of a claim's, an order's or a receipt's address, at whatever name the stall is reached."""
    matched = _ADDRESS.search(text)
    if matched is None:
        return None
    try:
        match matched["kind"]:
            case "o":
                return _known(conn, ids.order_sale(own, matched["name"]))
            case "r":
                return _receipted(conn, ids.receipt_event(own, matched["name"]))
            case _:
                return _claimed(conn, matched["name"])
    except Refused:
        return None


def _receipted(conn: sqlite3.Connection, number: int) -> int | None:
    data = journal.event_bytes(conn, number)
    named = None if data is None else event.decode(data).body.get("sale")
    return _known(conn, named) if isinstance(named, int) else None


def _known(conn: sqlite3.Connection, sale: int) -> int | None:
    return None if sales.find(conn, sale) is None else sale


def _claimed(conn: sqlite3.Connection, text: str) -> int | None:
    try:
        claim = claims.by_digest(conn, claimcode.digest(claimcode.decode(text)))
    except Refused:
        return None
    return None if claim is None else claim.sale


def _basket(conn: sqlite3.Connection, text: str) -> int | None:
    try:
        open_one = sales.by_basket_code(conn, basket.read_code(text))
    except Refused:
        return None
    return None if open_one is None else open_one.no


def _voucher(conn: sqlite3.Connection, text: str) -> Voucher | None:
    try:
        return vouchers.by_digest(conn, vouchercode.digest(vouchercode.decode(text)))
    except Refused:
        return None
