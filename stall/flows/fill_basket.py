"""Put items into a basket: a sale nobody has paid. It holds no numbers; paying does."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from stall.domain import basket
from stall.domain.sale import total
from stall.errors import Refused, Retry
from stall.flows.basket_lines import (
    AnyWish,
    ProductWish,
    Wish,
    check_asked_once,
    check_offer,
    find_item,
    lines_of,
    numbered,
)
from stall.store import goods, sales
from stall.store.db import Tx

__all__ = ["AnyWish", "ProductWish", "Wish", "check_offer", "fill_basket", "find_item"]

#: Unpaid baskets of buyers kept at a time; a crowd of phones must not fill the disk.
MAX_OPEN = 2000


def fill_basket(tx: Tx, wishes: Sequence[AnyWish], *, origin: str, vat_bp: int) -> int:
    """Make a basket and return the sale's number. `origin` is buyer, till, cli or take; `vat_bp` the rate of drops.

    Raises Refused `basket-empty`, Retry `baskets-full`, and what `lines_of`, `check_asked_once` and `numbered` raise.
    """
    if not wishes:
        raise Refused("basket-empty", "Nothing was chosen. Choose an item first.")
    cur, lines = lines_of(tx, wishes, vat_bp)
    check_asked_once(lines)
    placed = numbered(lines)
    code = _new_code(tx) if origin == "buyer" else None
    sale = sales.add_basket(tx, origin=origin, cur=cur, total_minor=total(placed), basket_code=code)
    goods.write(tx, sale.no, placed)
    return sale.no


def _new_code(tx: Tx) -> str:
    """The code that finds a buyer's basket at the till. Raises Retry `baskets-full`."""
    open_now = tx.conn.execute("SELECT count(*) FROM sales WHERE basket_code IS NOT NULL").fetchone()[0]
    if open_now >= MAX_OPEN:
        raise Retry(
            "baskets-full",
            "The stall has very many open baskets. Ask at the stall, they can sell to you directly.",
            60,
        )
    return _free_code(tx)


def _free_code(tx: Tx) -> str:
    while True:
        code = basket.new_code(secrets.randbelow)
        if tx.conn.execute("SELECT 1 FROM sales WHERE basket_code = ?", (code,)).fetchone() is None:
            return code
