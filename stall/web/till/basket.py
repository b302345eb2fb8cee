"""Presses of the till's first page and of a basket, each made once: begin a sale, add to it, change it."""

from __future__ import annotations

from collections.abc import Callable

from stall.flows import amend_basket
from stall.flows.fill_basket import AnyWish, fill_basket
from stall.store import presses, sales
from stall.store.db import Tx


def begin_sale(tx: Tx, wish: AnyWish, key: bytes, vat_bp: int) -> int:
    """Make a basket of one item and return the sale; a second press finds the first one's basket.

    Raises what `fill_basket` raises, and Refused `press-malformed`.
    """
    press = presses.bind("till-sale", wish, key)
    earlier = presses.first(tx, press)
    if earlier is not None and sales.get(tx.conn, earlier).state == "basket":
        return earlier
    sale = fill_basket(tx, [wish], origin="till", vat_bp=vat_bp)
    if earlier is None:  # a page kept open from before starts another sale, which is no repeat of a press
        presses.remember(tx, press, sale)
    return sale


def add_item(tx: Tx, sale_no: int, wish: AnyWish, key: bytes, vat_bp: int) -> int:
    """Put one item more into an untouched basket; return its sale. A second press adds nothing.

    Raises Refused `sale-begun`, `press-malformed`, and what `add_items` raises.
    """

    def add() -> bool:
        amend_basket.add_items(tx, sale_no, [wish], vat_bp)
        return True

    return change_once(tx, sale_no, f"add {wish}", key, add)


def change_once(tx: Tx, sale_no: int, what: str, key: bytes, change: Callable[[], bool]) -> int:
    """Change a basket once however often the form is sent; return its sale, 0 when nothing is left of it.

    `change` says whether anything is left. Raises Refused `press-malformed`, and what `change` raises.
    """
    press = presses.bind("till-change", f"{sale_no} {what}", key)
    earlier = presses.first(tx, press)
    if earlier is not None:
        return earlier
    left = sale_no if change() else 0
    presses.remember(tx, press, left)
    return left
