"""One item: what it is, how it stands, what is inside, and the way to get it.

Between two phones of one language nothing differs but the key of the form. What it says of the time holds when it is made, so
nobody may keep it longer than a second.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from functools import partial, reduce
from typing import NamedTuple

from flask import Blueprint, Response, jsonify, render_template
from markupsafe import Markup

from stall.domain import contents
from stall.domain.contents import Kind
from stall.domain.drop import Offer
from stall.store import catalogue
from stall.store.catalogue import DropCard, Gone, PackFile
from stall.web import ids
from stall.web.buyer import offers, samples
from stall.web.buyer.baskets import adding
from stall.web.buyer.shop import Shop
from stall.web.guard import page_has_form
from stall.web.language import t

MINUTE_S, HOUR_S = 60, 3600
#: How long before its end an offer says how long it is still open (s).
CLOSING_S = 6 * HOUR_S
#: How many other items a page offers where this one cannot be had.
OTHERS = 4
_COUNTS = {
    Kind.PICTURE: "item.pictures",
    Kind.SONG: "item.songs",
    Kind.FILM: "item.films",
    Kind.READING: "item.readings",
    Kind.OTHER: "item.files",
}


class Standing(NamedTuple):
    """How an item stands, by name and glyph; what a person can expect; and how often a page looks whether it still does so (s)."""

    name: str
    glyph: str
    hope: str | None
    every_s: int


_STANDINGS = {
    Offer.OPEN: Standing("open", "ok", None, 20),
    Offer.EARLY: Standing("early", "wait", "item.early_next", 30),
    Offer.LATE: Standing("late", "over", None, 0),
    Offer.PAUSED: Standing("paused", "none", "item.paused_next", 30),
    Offer.SOLD_OUT: Standing("sold_out", "sold", "item.sold_out_next", 30),
}
_BEING_PAID = Standing("being_paid", "pay", "item.being_paid_next", 5)
_WAITS = Standing("waits", "none", None, 30)


def pages(shop: Shop) -> Blueprint:
    """The routes of an item: its page, and how it stands as data for the script of that page."""
    routes = Blueprint("item", __name__)
    box, zone = shop.box, shop.box.settings.zone()

    @routes.get("/d/<drop>")
    @shop.pages.page
    def item(drop: str) -> str:
        now, conn = box.now_ms(), box.db.read()
        card = _known(conn, drop, now)
        gone = offers.gone(conn, card)
        standing = standing_of(card, gone)
        others = [] if card.offer is Offer.OPEN else _others(conn, card, now)
        files = catalogue.files(conn, card.pack)
        shown = samples.of_files(card, files)
        page_has_form()
        return render_template(
            "item.html",
            card=card,
            now=now,
            adding=adding(shop),
            standing=standing,
            said=offers.said(card, now, zone, gone),
            until=counted_down_to(card, now),
            left=time_left(card, now),
            refresh_s=refresh_s(card, standing, now),
            files=files,
            counts=_counts(files),
            pictures=[one for one in shown if one.preview and one.sha256 != card.cover],
            cover_preview=next((one for one in shown if one.preview and one.sha256 == card.cover), None),
            played=_played(shown),
            tastes=[(contents.kind_of(one.type), one) for one in files if one.snippet and card.switched_on],
            sample_at=partial(samples.address, card),
            called=contents.spoken_name,
            others=[(one, offers.said(one, now, zone)) for one in others],
        )

    @routes.get("/d/<drop>/state")
    @shop.pages.page
    def state(drop: str) -> Response:
        now, conn = box.now_ms(), box.db.read()
        card = _known(conn, drop, now)
        gone = offers.gone(conn, card)
        tone, words = offers.said(card, now, zone, gone)
        facts = {"now": now, "to": counted_down_to(card, now), "state": standing_of(card, gone).name}
        answer = jsonify(facts | {"tone": tone, "said": str(words), "left": str(time_left(card, now) or "")})
        answer.headers["Cache-Control"] = "public, max-age=1"
        return answer

    return routes


def standing_of(card: DropCard, gone: Gone) -> Standing:
    """How an item stands."""
    if card.offer is Offer.SOLD_OUT and (gone.waits or gone.held):
        return _WAITS if gone.waits else _BEING_PAID
    return _STANDINGS[card.offer]


def counted_down_to(card: DropCard, now_ms: int) -> int | None:
    """The moment (ms UTC) that a page counts down to: the opening, or the end where that is near."""
    if card.offer is Offer.EARLY:
        return card.opens_ms
    near = card.closes_ms is not None and card.closes_ms - now_ms <= CLOSING_S * 1000
    return card.closes_ms if card.offer is Offer.OPEN and near else None


def time_left(card: DropCard, now_ms: int) -> Markup | None:
    """About how long it is until then, for whoever has no script that counts."""
    to = counted_down_to(card, now_ms)
    if to is None:
        return None
    left_s = max(0, to - now_ms) // 1000
    if left_s < MINUTE_S:
        return t("item.very_soon")
    if left_s < 2 * HOUR_S:
        return t("item.in_minutes", min=left_s // MINUTE_S)
    return t("item.in_hours", h=left_s // HOUR_S)


def refresh_s(card: DropCard, standing: Standing, now_ms: int) -> int:
    """After how many seconds a page without script asks again; 0 for never.

    Before the opening once a minute in the last two hours, so that what it says of the time stays true; then at the opening itself.
    """
    if card.offer is Offer.EARLY and card.opens_ms is not None:
        left_s = -(-(card.opens_ms - now_ms) // 1000)
        return max(1, min(left_s, MINUTE_S if left_s <= 2 * HOUR_S else 10 * MINUTE_S))
    if card.offer in {Offer.OPEN, Offer.LATE}:
        return 0  # somebody may be typing a number; what is over stays over
    return max(15, 2 * standing.every_s)


def _known(conn: sqlite3.Connection, drop: str, now_ms: int) -> DropCard:
    card = catalogue.card(conn, drop, now_ms)
    if card is None:
        raise ids.unknown_page()
    return card


def _others(conn: sqlite3.Connection, card: DropCard, now_ms: int) -> list[DropCard]:
    """Some of what can be had now, with a picture if possible."""
    there = [one for one in catalogue.cards(conn, now_ms) if one.offer is Offer.OPEN and one.no != card.no]
    return sorted(there, key=lambda one: one.cover is None)[:OTHERS]


def _counts(files: Sequence[PackFile]) -> Markup:
    """How many of each kind there are: `20 pictures, 3 tracks`."""
    said = [t(_COUNTS[kind], n=n) for kind, n in contents.counted(file.type for file in files).items()]
    return reduce(lambda one, more: t("item.and", one=one, more=more), said)


def _played(shown: Sequence[PackFile]) -> list[tuple[Kind, PackFile]]:
    """Samples that are no pictures: played in the page, or handed out as files."""
    kinds = [(contents.kind_of(one.type), one) for one in shown if not one.preview]
    return [(kind if contents.shown_inline(one.type) else Kind.OTHER, one) for kind, one in kinds]
