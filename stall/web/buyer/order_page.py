"""Draws an order's page as it stands now: waiting, being paid, paid, or over, each with what its buyer does next."""

from __future__ import annotations

import sqlite3

from flask import render_template, request
from markupsafe import Markup

from stall.domain import basket
from stall.errors import StallError
from stall.flows.change_order import is_free
from stall.store import attempts, claims, sales
from stall.store.sales import Sale
from stall.web import ids, language, qr
from stall.web.buyer import handover, order_words
from stall.web.buyer.handover import Handed
from stall.web.buyer.live import WAITS, OrderState, order_state
from stall.web.buyer.shop import Shop
from stall.web.captive.clients import Stage
from stall.web.guard import page_has_form

#: Where the address says that the buyer took the last thing out.
EMPTIED = "emptied"


def find(shop: Shop, name: str) -> Sale:
    """The sale an order page belongs to. Raises Refused `page-unknown`."""
    found = sales.find(shop.box.db.read(), ids.order_sale(shop.box.secrets, name))
    if found is None:
        raise ids.unknown_page()
    return found


def draw(shop: Shop, name: str, refused: StallError | None = None) -> str:
    """Draw the page; `refused` is what was asked just now and could not be done. Raises Refused `page-unknown`."""
    box, sale = shop.box, find(shop, name)
    conn = box.db.read()
    now = order_state(box, sale)
    page_has_form()
    if now.state == "paid" and shop.portal.is_open:
        shop.portal.reached(Stage.PAID)
    lines, bought, paid_before = sales.lines(conn, sale.no), claims.bought(conn, sale.no), _paid_before(conn, sale)
    by_line = {item.line: item.cover for item in bought}
    return render_template(
        "order.html",
        name=name,
        sale=sale,
        lines=lines,
        now=now,
        waits=now.state in {*WAITS, "gone", "card", "checking"},
        changes=_changes(sale, now, paid_before),
        code_qr=_code_qr(sale) if now.state in WAITS else None,
        free=is_free(sale, all_files=len(bought) == len(lines)) and now.state == "waiting",
        seen=basket.mark(lines),
        paid_before=paid_before,
        by_line=by_line,
        covers=list(dict.fromkeys(cover for cover in by_line.values() if cover)),
        still=set(by_line),
        signs={**order_words.ENDED, **order_words.OTHERS},
        emptied=EMPTIED in request.args,
        numbered=any(item.edition is not None for item in bought),
        bought=bought,
        accent=claims.accent(bought),
        refused=refused,
        handed=_handed(shop, name, sale) if now.state == "paid" and bought else None,
        mine=handover.mine(conn, sale.no, bought) if now.state == "paid" and bought else None,
        receipt=None if sale.receipt_event is None else ids.receipt_id(box.secrets, sale.receipt_event),
    )


def _changes(sale: Sale, now: OrderState, paid_before: int) -> bool:
    """Whether the buyer may put in more and take out of it now; what is refused in the end is refused inside the door."""
    return now.state in {*WAITS, "gone"} and sale.parked_ms is None and sale.queued_ms is None and not paid_before


def _paid_before(conn: sqlite3.Connection, sale: Sale) -> int:
    """What of a waiting order is paid already, in minor units: a part in cash, another by card."""
    return sum(attempt.amount_minor for attempt in attempts.kept(attempts.of_sale(conn, sale.no)))


def _handed(shop: Shop, name: str, sale: Sale) -> Handed | None:
    """What the button hands out. Its key is the page's own name: this is one phone's page, pressed as often as one likes."""
    claim = claims.of_sale(shop.box.db.read(), sale.no, sale.issue)
    return None if claim is None else handover.of_claim(shop.box, claim, name)


def _code_qr(sale: Sale) -> Markup | None:
    """The order's code for the scanner of the till, whose field takes it as typed."""
    if sale.basket_code is None:
        return None
    return qr.small_svg(sale.basket_code, str(language.t("order.qr")))
