"""The shop window: everything on the table, one item, and the covers."""

from __future__ import annotations

import re
from collections.abc import Sequence

from flask import Blueprint, Response, redirect, render_template, send_from_directory
from werkzeug.wrappers import Response as AnyResponse

from stall.domain.drop import Offer
from stall.store import catalogue
from stall.store.catalogue import NOTHING_GONE, DropCard, Gone
from stall.web import ids, words
from stall.web.buyer.shop import Shop
from stall.web.guard import page_has_form

_SHA256 = re.compile(r"[0-9a-f]{64}")
_YEAR_S = 365 * 24 * 3600
#: Below so many left, the number is worth a second look.
FEW = 5


def pages(shop: Shop) -> Blueprint:
    """The routes of the shop window."""
    routes = Blueprint("catalogue", __name__)
    box = shop.box

    @routes.get("/")
    def window() -> str:
        now = box.now_ms()
        cards = catalogue.cards(box.db.read(), now)
        items = [(card, offer_words(card, now, _gone(card))) for card in cards]
        return render_template("catalogue.html", items=items, invitation=invitation(cards))

    @routes.get("/d/<drop>")
    def item(drop: str) -> str:
        now = box.now_ms()
        conn = box.db.read()
        card = catalogue.card(conn, drop, now)
        if card is None:
            raise ids.unknown_page()
        page_has_form()
        files = catalogue.files(conn, card.pack)
        return render_template("item.html", card=card, said=offer_words(card, now, _gone(card)), files=files, now=now)

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

    def _gone(card: DropCard) -> Gone:
        return catalogue.gone(box.db.read(), card) if card.offer is Offer.SOLD_OUT else NOTHING_GONE

    return routes


def invitation(cards: Sequence[DropCard]) -> str:
    """Say what a visitor can do here now; nothing where nothing is on the table."""
    on_sale = [card for card in cards if card.offer is Offer.OPEN]
    if any(not card.free for card in on_sale):
        return "Choose, pay here, and it is on your phone."
    if on_sale:
        return "Take what is free, and it is on your phone."
    return "Nothing can be had right now." if cards else ""


def offer_words(card: DropCard, now_ms: int, gone: Gone = NOTHING_GONE) -> tuple[str, str]:
    """Say how a drop stands, as (tone, sentence); tone is open, few, soon or over. `gone` tells a sold-out one."""
    match card.offer:
        case Offer.EARLY if card.opens_ms is not None:
            return "soon", f"Opens {words.when(card.opens_ms, now_ms)}"
        case Offer.LATE:
            return "over", "The sale is over"
        case Offer.SOLD_OUT:
            return _sold_out_words(card, gone)
        case Offer.PAUSED:
            return "soon", "Not on sale right now"
    if card.edition is None:
        return "open", "Open edition"
    left = card.remaining or 0
    return ("few" if left <= FEW else "open"), f"{left} of {card.edition} left"


def _sold_out_words(card: DropCard, gone: Gone) -> tuple[str, str]:
    """Tell numbers that may come back, being paid or waiting for a lease, from those that are sold."""
    if gone.waits:
        return "soon", "Not on sale right now. Ask at the stall."
    if gone.held:
        paying = "the last one is" if gone.held == 1 else f"the last {gone.held} are"
        return "soon", f"None free right now: {paying} being paid"
    if card.edition is not None and gone.sold >= card.edition:
        return "over", f"Sold out, all {card.edition} gone"
    return "over", "Sold out here"
