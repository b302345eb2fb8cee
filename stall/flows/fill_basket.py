"""Put items into a basket: a sale nobody has paid. It holds no numbers; paying does."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from stall.domain import basket
from stall.domain.drop import Offer
from stall.domain.money import LIMIT_MINOR
from stall.domain.sale import MAX_LINES
from stall.errors import Refused, Retry
from stall.store import for_sale, sales
from stall.store.db import Tx
from stall.store.for_sale import Item
from stall.store.sales import Sale
from stall.store.schema import line_id

#: Unpaid baskets of buyers kept at a time; a crowd of phones must not fill the disk.
MAX_OPEN = 2000


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants: a drop, how many, and a number they ask for (limited drops only)."""

    drop_id: str
    qty: int = 1
    ed: int | None = None


def fill_basket(tx: Tx, wishes: Sequence[Wish], *, origin: str, vat_bp: int) -> int:
    """Make a basket and return the sale's number. `origin` is buyer, till, cli or take.

    Raises Refused `basket-empty`, `basket-too-long`, `currency-mixed`, `amount-too-large`, Retry `baskets-full`,
    and what `find_item` raises.
    """
    if not wishes:
        raise Refused("basket-empty", "Nothing was chosen. Choose an item first.")
    return new_basket(tx, [(wish, find_item(tx, wish)) for wish in wishes], origin=origin, vat_bp=vat_bp).no


def find_item(tx: Tx, wish: Wish) -> Item:
    """What is wished for, which must be for sale now.

    Raises Refused `drop-unknown`, `quantity-wrong`, and what `check_offer` raises.
    """
    item = for_sale.find(tx.conn, wish.drop_id, tx.now_ms)
    if item is None:
        raise Refused("drop-unknown", f"There is no item “{wish.drop_id}” here. Look at the catalogue again.")
    if wish.qty < 1 or wish.qty > MAX_LINES:
        raise Refused("quantity-wrong", "That is not a number of pieces for one line. Choose 1 to 200.")
    check_offer(item)
    return item


def new_basket(tx: Tx, chosen: Sequence[tuple[Wish, Item]], *, origin: str, vat_bp: int) -> Sale:
    """Make a basket of items that were found for sale in this transaction; raises as `fill_basket`."""
    if len({item.cur for _, item in chosen}) > 1:
        raise Refused("currency-mixed", "The items have prices in different currencies. Sell them one by one.")
    rows = [row for wish, item in chosen for row in _rows(wish, item, vat_bp)]
    if len(rows) > MAX_LINES:
        raise Refused("basket-too-long", f"A sale has at most {MAX_LINES} lines. Make two sales of it.")
    total = sum(row[4] for row in rows)
    if total > LIMIT_MINOR:
        raise Refused("amount-too-large", "This is more than one sale can take. Make two sales of it.")
    code = _new_code(tx) if origin == "buyer" else None
    sale = sales.add_basket(tx, origin=origin, cur=chosen[0][1].cur, total_minor=total, basket_code=code)
    tx.conn.executemany(
        "INSERT INTO lines (id, pack, title, asked, ed, qty, minor, vat_bp) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        ((line_id(sale.no, n), *row[:3], *row[2:]) for n, row in enumerate(rows)),
    )
    return sale


def check_offer(item: Item) -> None:
    """Refuse a drop that is not for sale now, in the buyer's words. Raises Refused `drop-sold-out`, `drop-not-open`."""
    if item.offer is Offer.SOLD_OUT:
        raise Refused("drop-sold-out", f"{item.title} is sold out. Choose another item.")
    if item.offer is Offer.EARLY:
        raise Refused("drop-not-open", f"{item.title} is not on sale yet. Come back when it opens.")
    if item.offer is Offer.LATE:
        raise Refused("drop-not-open", f"The sale of {item.title} is over. Choose another item.")
    if item.offer is Offer.PAUSED:
        raise Refused("drop-not-open", f"{item.title} is not on sale right now. Ask at the stall.")


def _rows(wish: Wish, item: Item, vat_bp: int) -> list[tuple[int, str, int | None, int, int, int]]:
    """A numbered item is a line of its own; copies of an open edition share one line."""
    if item.edition is None:
        return [(item.pack, item.title, None, wish.qty, item.price_minor * wish.qty, vat_bp)]
    if wish.ed is not None and not 1 <= wish.ed <= item.edition:
        raise Refused("edition-number-wrong", f"{item.title} has numbers 1 to {item.edition}. Choose one of these.")
    numbers = [wish.ed, *[None] * (wish.qty - 1)]
    return [(item.pack, item.title, ed, 1, item.price_minor, vat_bp) for ed in numbers]


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
