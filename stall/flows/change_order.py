"""A buyer changes an order that waits to be paid: one item more, one out of it, or all of it taken when nothing costs anything.

The order's page holds the right to it. Each press carries a key, so that sent twice it changes nothing more; and what is taken
out is named together with how the order looked, so that a page of a moment ago never takes out something else.
"""

from __future__ import annotations

from stall.domain.basket import mark
from stall.errors import Refused
from stall.flows import amend_basket
from stall.flows.basket_lines import Wish, check_offer
from stall.flows.take_cash import take_cash
from stall.store import attempts, claims, for_sale, presses, sales
from stall.store.db import Tx
from stall.store.sales import Sale


def add_to_order(tx: Tx, sale_no: int, wish: Wish, key: bytes, vat_bp: int) -> None:
    """Put one item more into an order, once for each press.

    Raises Refused `press-malformed`, and what `check_changeable` and `amend_basket.add_items` raise.
    """
    press = presses.bind("order-add", f"{sale_no} {wish.drop_id} {wish.ed}", key)
    if presses.first(tx, press) is not None:
        return
    check_changeable(tx, sale_no)
    amend_basket.add_items(tx, sale_no, [wish], vat_bp)
    presses.remember(tx, press, sale_no)


def take_out_of_order(tx: Tx, sale_no: int, n: int, seen: str, key: bytes) -> bool:
    """Take a line out of an order that looks as in `seen` (`domain.basket.mark`); whether anything is left. An empty one is given up.

    Raises Refused `press-malformed`, `order-changed`, and what `check_changeable` and `amend_basket.remove_line` raise.
    """
    press = presses.bind("order-remove", f"{sale_no} {n} {seen}", key)
    earlier = presses.first(tx, press)
    if earlier is not None:
        return bool(earlier)
    check_changeable(tx, sale_no)
    lines = sales.lines(tx.conn, sale_no)
    if mark(lines) != seen or not any(line.n == n for line in lines):
        raise Refused(
            "order-changed",
            "Your order was changed meanwhile, so nothing was taken out. Look at it, then choose again.",
        )
    left = amend_basket.remove_line(tx, sale_no, n)
    presses.remember(tx, press, int(left))
    return left


def take_free_order(tx: Tx, sale_no: int) -> None:
    """Hand out an order that costs nothing, without the till; one that was handed out stays so.

    Raises Refused `order-not-free`, and what `check_changeable`, `check_offer` and `begin_payment` raise.
    """
    if sales.get(tx.conn, sale_no).state == "paid":
        return
    sale = check_changeable(tx, sale_no)
    if not is_free(sale, all_files=all(line.pack is not None for line in sales.lines(tx.conn, sale_no))):
        raise Refused("order-not-free", "This order is not free. Show its code at the stall and pay there.")
    for drop in {item.drop_id for item in claims.bought(tx.conn, sale_no)}:
        item = for_sale.find(tx.conn, drop, tx.now_ms)
        if item is not None:
            check_offer(item)
    tried = attempts.of_sale(tx.conn, sale_no)
    take_cash(tx, sale_no, 1 + max((attempt.ordinal for attempt in tried), default=0), 0)


def is_free(sale: Sale, *, all_files: bool) -> bool:
    """Whether a waiting order may be taken without the till: nothing to pay, and nothing to hand over a table."""
    return sale.state == "basket" and sale.total_minor == 0 and all_files


def check_changeable(tx: Tx, sale_no: int) -> Sale:
    """Let only an order through that still waits, in the words of whoever holds its page.

    Raises Refused `order-paid`, `order-over`, `order-put-aside`, `order-being-paid`.
    """
    sale = sales.get(tx.conn, sale_no)
    if sale.state == "paid":
        raise Refused("order-paid", "This order is paid, so it stays as it is. Choose more as a new order.")
    if sale.state == "dropped":
        raise Refused("order-over", "This order was given up, and nothing was charged. Choose again as a new order.")
    if sale.parked_ms is not None:
        raise Refused("order-put-aside", "The stall has put this order aside for you. Ask there to change it.")
    try:
        return amend_basket.check_amendable(tx, sale_no)
    except Refused as refused:
        raise Refused(
            "order-being-paid", "This order is being paid at the stall, so it stays as it is. Ask there to change it."
        ) from refused
