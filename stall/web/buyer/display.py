"""A screen at the stall, read from three metres away: the two codes that lead here, what opens or is left, and what went last.

Works without a script, by loading itself anew; with one it asks `/display.json` quietly and ticks the countdown itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from typing import NamedTuple

from flask import Blueprint, Response, json, render_template
from markupsafe import Markup

from stall.domain.drop import Offer
from stall.settings import Wifi
from stall.store import catalogue, last_sold, moments
from stall.store.catalogue import DropCard
from stall.store.last_sold import Sold
from stall.web import qr
from stall.web.buyer import offers
from stall.web.buyer.about import in_digits
from stall.web.buyer.shop import Shop
from stall.web.language import t
from stall.wire import wifi_qr

#: How many drops a screen has room for, read from three metres, how many of them under a countdown, and how many sold editions.
MOST_DROPS, MOST_BELOW, MOST_SOLD = 5, 3, 3
#: A countdown runs through the last day; before, the moment alone is told.
_COUNTED_MS = 24 * 3600 * 1000
_SECOND_MS, _MINUTE_MS = 1000, 60_000
#: What was sold longer ago than this is no news.
_NEWS_MS = 60 * _MINUTE_MS


class Line(NamedTuple):
    """One drop on the screen: its title, how it stands, and the number that is read from afar (None where there is none)."""

    title: str
    tone: str
    words: Markup
    left: int | None


class Shown(NamedTuple):
    """What the screen shows now. `opens_ms` is the next opening while nothing can be had; `more` are drops without room."""

    now_ms: int
    opens_ms: int | None
    lines: Sequence[Line]
    more: int
    sold: Sequence[Markup]

    @property
    def shape(self) -> str:
        """What the page is built from; when it changes, the page is drawn anew rather than changed in place."""
        return f"{self.opens_ms}-{self.more}-{len(self.sold)}-" + "".join(
            "n" if line.left is not None else "w" for line in self.lines
        )


def pages(shop: Shop) -> Blueprint:
    """The routes of the screen."""
    routes = Blueprint("display", __name__)
    settings = shop.box.settings
    wifi = settings.wifi

    @routes.get("/display")
    @shop.pages.page
    def display() -> str:
        return _page(step=1)

    @routes.get("/display/<int(min=1, max=2):step>")
    @shop.pages.page
    def one_code(step: int) -> str:
        return _page(step=step)

    @routes.get("/display.json")
    @shop.pages.page
    def data() -> Response:
        now = shown(shop, settings.zone())
        told = {
            "now": now.now_ms,
            "shape": now.shape,
            "lines": [{"tone": line.tone, "left": line.left, "words": line.words} for line in now.lines],
            "sold": now.sold,
        }
        return Response(json.dumps(told, ensure_ascii=False), mimetype="application/json")

    def _page(step: int) -> str:
        now = shown(shop, settings.zone())
        address = settings.web.address.rstrip("/")
        return render_template(
            "display.html",
            now=now,
            step=step if wifi.name else 2,
            wifi=wifi,
            join=qr.svg(_join(wifi), "M", str(t("display.join_code"))) if wifi.name else None,
            open=qr.svg(f"{address}/", "M", str(t("display.open_code"))),
            address=in_digits(address),
            countdown=countdown(now),
        )

    return routes


def _join(wifi: Wifi) -> str:
    return wifi_qr.text(wifi.name, wifi.password)


def shown(shop: Shop, zone: tzinfo) -> Shown:
    """Look at what is for sale now."""
    conn, now_ms = shop.box.db.read(), shop.box.now_ms()
    cards = catalogue.cards(conn, now_ms)
    lines = [_line(card, offers.said(card, now_ms, zone, offers.gone(conn, card))) for card in cards]
    lines.sort(key=lambda line: ("open", "few", "soon", "over").index(line.tone) // 2)
    can_be_had = any(card.offer is Offer.OPEN for card in cards)
    opens_ms = None if can_be_had else moments.next_opening(conn, now_ms)
    sold = [one for one in last_sold.latest(conn, MOST_SOLD) if now_ms - one.paid_ms < _NEWS_MS]
    room = MOST_DROPS if opens_ms is None else MOST_BELOW
    return Shown(now_ms, opens_ms, lines[:room], max(0, len(lines) - room), [_sold(one, now_ms) for one in sold])


def countdown(now: Shown) -> str | None:
    """The time until the next opening as a clock (`12:07`, `1:12:07`), through its last day; None before, and without one."""
    if now.opens_ms is None or now.opens_ms - now.now_ms > _COUNTED_MS:
        return None
    minutes, seconds = divmod(-(-(now.opens_ms - now.now_ms) // _SECOND_MS), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def _line(card: DropCard, said: offers.Said) -> Line:
    return Line(card.title, said.tone, said.words, card.remaining if said.tone in {"open", "few"} else None)


def _sold(one: Sold, now_ms: int) -> Markup:
    """`No. 12 of Harbour, just now`."""
    minutes = max(0, now_ms - one.paid_ms) // _MINUTE_MS
    ago = t("display.ago", n=minutes) if minutes else t("display.just_now")
    return t("display.sold", ed=one.ed, title=one.title, ago=ago)
