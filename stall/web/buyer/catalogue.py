"""The shop window: everything on the table, and the covers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

from flask import Blueprint, Response, redirect, render_template, send_from_directory
from werkzeug.wrappers import Response as AnyResponse

from stall.domain.drop import Offer
from stall.store import catalogue, previews
from stall.store.catalogue import DropCard
from stall.web import ids
from stall.web.buyer import offers
from stall.web.buyer.baskets import adding
from stall.web.buyer.offers import Said
from stall.web.buyer.shop import Shop

_COVER = re.compile(rf"([0-9a-f]{{64}})(-{previews.TILE})?")
_YEAR_S = 365 * 24 * 3600

#: What can be had comes first, in reach of the thumb; within a part the order is that in which things came.
Part = Literal["now", "soon", "over"]
_PARTS: tuple[Part, ...] = ("now", "soon", "over")
_GLYPHS = {Offer.EARLY: "wait", Offer.PAUSED: "closed", Offer.LATE: "over", Offer.SOLD_OUT: "sold"}


class Tile(NamedTuple):
    """One thing in the window: its card, how it stands, and the sign of that (None while it can simply be had)."""

    card: DropCard
    said: Said
    glyph: str | None


class Row(NamedTuple):
    """One part of the window."""

    part: Part
    tiles: Sequence[Tile]


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
        tiles = [_tile(card, offers.said(card, now, zone, offers.gone(conn, card))) for card in cards]
        return render_template(
            "catalogue.html",
            rows=rows(tiles),
            stands=stands(tiles),
            count=len(cards),
            invitation=offers.invitation(cards),
            adding=adding(shop),
        )

    @routes.get("/d/<drop>/cover")
    def cover_of(drop: str) -> AnyResponse:
        card = catalogue.card(box.db.read(), drop, box.now_ms())
        if card is None or card.cover is None:
            raise ids.unknown_page()
        return redirect(f"/cover/{card.cover}.jpg", 302)

    @routes.get("/cover/<name>.jpg")
    def cover(name: str) -> Response:
        found = _COVER.fullmatch(name)
        if found is None:
            raise ids.unknown_page()
        if found[2] and not previews.tile(box.folder, found[1]).exists():  # of a cover from before
            name = found[1]
        answer = send_from_directory(box.folder / "covers", f"{name}.jpg", mimetype="image/jpeg", max_age=_YEAR_S)
        answer.headers["Cache-Control"] = f"public, max-age={_YEAR_S}, immutable"
        return answer

    return routes


def stands(tiles: Sequence[Tile]) -> Literal["now", "soon", "break", "over", "empty"]:
    """How the whole stall stands: what a visitor is told before anything else."""
    parts = {_part(tile.said) for tile in tiles}
    if "soon" in parts and "now" not in parts:
        return "soon" if any(tile.card.offer is Offer.EARLY for tile in tiles) else "break"
    return "now" if "now" in parts else "over" if parts else "empty"


def rows(tiles: Sequence[Tile]) -> list[Row]:
    """Sort the window into its parts; none is empty."""
    found = [Row(part, [tile for tile in tiles if _part(tile.said) == part]) for part in _PARTS]
    return [row for row in found if row.tiles]


def _part(said: Said) -> Part:
    match said.tone:
        case "open" | "few":
            return "now"
        case "soon" | "over":
            return said.tone


def _tile(card: DropCard, said: Said) -> Tile:
    held = card.offer is Offer.SOLD_OUT and said.tone == "soon"  # numbers that may come back are not gone
    return Tile(card, said, "wait" if held else _GLYPHS.get(card.offer))
