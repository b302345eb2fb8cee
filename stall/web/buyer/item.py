"""One item: what it is, how it stands, what is inside, and the way to get it."""

from __future__ import annotations

from flask import Blueprint, render_template

from stall.store import catalogue
from stall.web import ids
from stall.web.buyer import offers
from stall.web.buyer.shop import Shop
from stall.web.guard import page_has_form


def pages(shop: Shop) -> Blueprint:
    """The route of an item."""
    routes = Blueprint("item", __name__)
    box, zone = shop.box, shop.box.settings.zone()

    @routes.get("/d/<drop>")
    @shop.pages.page
    def item(drop: str) -> str:
        now, conn = box.now_ms(), box.db.read()
        card = catalogue.card(conn, drop, now)
        if card is None:
            raise ids.unknown_page()
        page_has_form()
        said = offers.said(card, now, zone, offers.gone(conn, card))
        return render_template("item.html", card=card, said=said, files=catalogue.files(conn, card.pack), now=now)

    return routes
