"""The shop window: everything on the table, and the covers."""

from __future__ import annotations

import re

from flask import Blueprint, Response, redirect, render_template, send_from_directory
from werkzeug.wrappers import Response as AnyResponse

from stall.store import catalogue
from stall.web import ids
from stall.web.buyer import offers
from stall.web.buyer.baskets import adding
from stall.web.buyer.shop import Shop

_SHA256 = re.compile(r"[0-9a-f]{64}")
_YEAR_S = 365 * 24 * 3600


def pages(shop: Shop) -> Blueprint:
    """The routes of the shop window."""
    routes = Blueprint("catalogue", __name__)
    box, zone = shop.box, shop.box.settings.zone()

    @routes.get("/")
    @shop.pages.page
    def window() -> str:
        now = box.now_ms()
        conn = box.db.read()
        cards = catalogue.cards(conn, now)
        items = [(card, offers.said(card, now, zone, offers.gone(conn, card))) for card in cards]
        return render_template("catalogue.html", items=items, invitation=offers.invitation(cards), adding=adding(shop))

    @routes.get("/d/<drop>/cover")
    def cover_of(drop: str) -> AnyResponse:
        card = catalogue.card(box.db.read(), drop, box.now_ms())
        if card is None or card.cover is None:
            raise ids.unknown_page()
        return redirect(f"/cover/{card.cover}.jpg", 302)

    @routes.get("/cover/<sha256>.jpg")
    def cover(sha256: str) -> Response:
        if not _SHA256.fullmatch(sha256):
            raise ids.unknown_page()
        answer = send_from_directory(box.folder / "covers", f"{sha256}.jpg", mimetype="image/jpeg", max_age=_YEAR_S)
        answer.headers["Cache-Control"] = f"public, max-age={_YEAR_S}, immutable"
        return answer

    return routes
