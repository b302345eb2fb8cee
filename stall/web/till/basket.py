"""Baskets the till fills: begin a sale, add an item, take a line out. Each is one transaction of existing flows."""

from __future__ import annotations

from stall.errors import Refused
from stall.flows.fill_basket import Wish, fill_basket
from stall.flows.hold_numbers import forget_numbers
from stall.flows.take_card import drop_sale
from stall.store import attempts, claims, presses, sales
from stall.store.db import Tx


def begin_sale(tx: Tx, wish: Wish, key: bytes, vat_bp: int) -> int:
    """Make a basket of one item and return the sale; a second press finds the first one's basket.

    Raises what `fill_basket` raises, and Refused `press-malformed`.
    """
    press = presses.bind("till-sale", f"{wish.drop_id} {wish.qty} {wish.ed}", key)
    earlier = presses.first(tx, press)
    if earlier is not None and sales.get(tx.conn, earlier).state == "basket":
        return earlier
    sale = fill_basket(tx, [wish], origin="till", vat_bp=vat_bp)
    if earlier is None:  # a page kept open from before starts another sale, which is no repeat of a press
        presses.remember(tx, press, sale)
    return sale


def add_item(tx: Tx, sale_no: int, wish: Wish, key: bytes, vat_bp: int) -> int:
    """Put one item more into an untouched basket of the till; return the sale that replaces it.

    Raises Refused `sale-begun`, `press-malformed`, and what `fill_basket` raises.
    """
    press = presses.bind("till-add", f"{sale_no} {wish.drop_id} {wish.qty}", key)
    earlier = presses.first(tx, press)
    return earlier if earlier is not None else _replace(tx, sale_no, [*_wishes(tx, sale_no), wish], press, vat_bp)


def remove_line(tx: Tx, sale_no: int, line: int, key: bytes, vat_bp: int) -> int:
    """Take a line out of an untouched basket of the till; return the sale that replaces it, 0 when none is left.

    Raises Refused `sale-begun`, `press-malformed`.
    """
    press = presses.bind("till-remove", f"{sale_no} {line}", key)
    earlier = presses.first(tx, press)
    if earlier is not None:
        return earlier
    left = [wish for n, wish in enumerate(_wishes(tx, sale_no)) if n != line]
    return _replace(tx, sale_no, left, press, vat_bp)


def _replace(tx: Tx, sale_no: int, wishes: list[Wish], press: bytes, vat_bp: int) -> int:
    drop_sale(tx, sale_no)
    sale = fill_basket(tx, _together(wishes), origin="till", vat_bp=vat_bp) if wishes else 0
    presses.remember(tx, press, sale)
    return sale


def _wishes(tx: Tx, sale_no: int) -> list[Wish]:
    """What a basket holds, as it was wished; only the till's own and untouched ones may change."""
    sale = sales.get(tx.conn, sale_no)
    if sale.origin != "till" or sale.state != "basket" or attempts.of_sale(tx.conn, sale_no):
        raise Refused(
            "sale-begun",
            "Payment of this sale has begun, so its items stay. Take the payment, or cancel it and start a new sale.",
        )
    if sale.hold_until_ms is not None:  # held for a reader the box cannot ask, and not paid there
        forget_numbers(tx, sale_no)
    drops = {item.line: item.drop_id for item in claims.bought(tx.conn, sale_no)}
    return [Wish(drops[line.n], line.qty, line.ed) for line in sales.lines(tx.conn, sale_no) if line.n in drops]


def _together(wishes: list[Wish]) -> list[Wish]:
    """Copies of one drop become one wish, so that an open edition keeps one line."""
    merged: dict[tuple[str, int | None], int] = {}
    for wish in wishes:
        merged[wish.drop_id, wish.ed] = merged.get((wish.drop_id, wish.ed), 0) + wish.qty
    return [Wish(drop, qty, ed) for (drop, ed), qty in merged.items()]
