"""A shelf beside the drops of a stocked box: a thing with a barcode, a bundle, a voucher, a deposit, a thing without a price."""

from __future__ import annotations

from stall.domain.product import ProductKind
from stall.flows.keep_products import Draft, save_product
from stall.store.db import Tx
from stall.store.products import BundlePart
from tests.fakes.stock import ZINE

BARCODE = "4006381333931"


def add_products(tx: Tx) -> None:
    """Postcard 1.20, Zine and three cards 5.99 (6.60 alone), Voucher of any worth, Deposit 2.00, Frame to measure."""
    card = save_product(tx, Draft("postcard", "Postcard", ProductKind.ITEM, 120, "EUR", 700, barcode=BARCODE, stock=3))
    parts = (BundlePart(ZINE, None, 1), BundlePart(None, card, 3))
    save_product(tx, Draft("both", "Zine and three cards", ProductKind.BUNDLE, 599, "EUR", 1900, parts=parts))
    save_product(tx, Draft("gift", "Voucher", ProductKind.VOUCHER, None, "EUR", 0))
    save_product(tx, Draft("cup", "Deposit for the cup", ProductKind.DEPOSIT, 200, "EUR", 1900))
    save_product(tx, Draft("frame", "Frame to measure", ProductKind.ITEM, None, "EUR", 1900))
