"""An order of several items: more is put in from the shop window, and each line goes out with a button.

Which order somebody adds to stands in the address (`/?o=<order>`), and every link of the window keeps it. Such pages are one
phone's own: they are never kept by anybody else (`no-store`, as every page that does not say otherwise).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from stall.errors import Refused, StallError
from stall.flows.basket_lines import Wish
from stall.flows.change_order import add_to_order, take_free_order, take_out_of_order
from stall.store import catalogue, for_sale, sales
from stall.store.for_sale import Item
from stall.store.sales import Sale
from stall.web import ids, language
from stall.web.buyer import order_page
from stall.web.buyer.live import WAITS, order_state
from stall.web.buyer.shop import Shop
from stall.web.error_pages import status_of

SEE_OTHER = 303
ARGUMENT = "o"
_ED_DIGITS = 7
_PLACE_DIGITS = 3

Answer = AnyResponse | tuple[str, int]


@dataclass(frozen=True, slots=True)
class Adding:
    """The order that somebody adds to: the name of its page, its row, how many pieces are in it and how many of each pack."""

    name: str
    sale: Sale
    pieces: int
    of_pack: Mapping[int, int] = field(default_factory=dict)


def pages(shop: Shop) -> Blueprint:
    """The routes that change an order."""
    routes = Blueprint("baskets", __name__)
    box = shop.box

    @routes.post("/o/<name>/add")
    def add(name: str) -> Answer:
        drop, ed = request.form.get("drop", "")[:64], request.form.get("ed", "")

        def work(sale: int, key: bytes) -> bool:
            box.room.check_for_buyer()
            item = for_sale.find(box.db.read(), drop, box.now_ms())
            if item is None:
                raise ids.unknown_page()
            wish = Wish(drop, ed=number(ed))
            check_number(shop, item, wish.ed)
            box.write("claim", lambda tx: add_to_order(tx, sale, wish, key, box.settings.vat_bp))
            return True

        return _change(shop, name, work)

    @routes.post("/o/<name>/remove")
    def remove(name: str) -> Answer:
        place, seen = request.form.get("line", ""), request.form.get("seen", "")[:12]

        def work(sale: int, key: bytes) -> bool:
            if not (place.isascii() and place.isdigit() and len(place) <= _PLACE_DIGITS):
                raise Refused("press-malformed", "This form is too old or was changed. Open the page again.")
            return box.write("claim", lambda tx: take_out_of_order(tx, sale, int(place), seen, key))

        return _change(shop, name, work)

    @routes.post("/o/<name>/take")
    def take(name: str) -> Answer:
        def work(sale: int, _: bytes) -> bool:
            box.room.check_for_buyer()
            box.write("claim", lambda tx: take_free_order(tx, sale))
            return True

        return _change(shop, name, work)

    return routes


def adding(shop: Shop) -> Adding | None:
    """The order that the address says is added to, while it can be; the links of this page keep it then."""
    name = request.args.get(ARGUMENT, "")
    if not name:
        return None
    try:
        sale = order_page.find(shop, name)
    except Refused:
        return None
    if sale.parked_ms is not None or order_state(shop.box, sale).state not in {*WAITS, "gone"}:
        return None
    language.keep(ARGUMENT, name)
    lines = sales.lines(shop.box.db.read(), sale.no)
    of_pack: Counter[int] = Counter()
    for line in lines:
        if line.pack is not None:
            of_pack[line.pack] += line.qty
    return Adding(name, sale, sum(line.qty for line in lines), of_pack)


def number(text: str) -> int | None:
    """The edition number somebody asks for; an empty field asks for none. Raises Refused `edition-number-wrong`."""
    typed = text.strip()
    if not typed:
        return None
    if not (typed.isascii() and typed.isdigit() and len(typed) <= _ED_DIGITS):
        raise Refused(
            "edition-number-wrong",
            "That is not an edition number. Type digits, or leave the field empty.",
            case="typed",
        )
    return int(typed)


def check_number(shop: Shop, item: Item, ed: int | None) -> None:
    """Tell the buyer now what the till would have to tell them later. Raises Refused `edition-number-taken`."""
    if ed is None or item.edition is None or not 1 <= ed <= item.edition:
        return
    if not catalogue.number_free(shop.box.db.read(), item.no, ed, shop.box.now_ms()):
        raise Refused(
            "edition-number-taken",
            f"Number {ed} of {item.title} is taken. Choose another number.",
            ed=ed,
            title=item.title,
        )


def _change(shop: Shop, name: str, work: Callable[[int, bytes], bool]) -> Answer:
    """Change an order and look at it again; `work` says whether anything is left of it. What is refused is told on its page."""
    shop.tries.press()
    sale = order_page.find(shop, name)
    try:
        left = work(sale.no, ids.read_press(request.form.get("press", "")))
    except StallError as trouble:
        if trouble.code == "page-unknown":
            raise
        return order_page.draw(shop, name, trouble), status_of(trouble)
    return redirect(language.at(f"/o/{name}{'' if left else f'?{order_page.EMPTIED}=1'}"), SEE_OTHER)
