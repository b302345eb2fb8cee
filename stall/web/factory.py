"""Builds the buyers' app: pages, guard, errors and static files around one box. `stall.web.serve` runs it."""

from __future__ import annotations

import hashlib
from functools import cache, partial
from pathlib import Path

from flask import Flask, Response, render_template, request, url_for
from markupsafe import Markup

from stall.errors import StallError
from stall.i18n.languages import NAMES
from stall.store import link_secret
from stall.store.box import Box
from stall.web import error_pages, guard, ids, language, words
from stall.web.buyer import (
    about,
    baskets,
    claims,
    covers,
    data,
    display,
    downloads,
    item,
    orders,
    papers,
    samples,
    ways_on,
)
from stall.web.buyer import catalogue as catalogue_pages
from stall.web.buyer.draughts import Draughts
from stall.web.buyer.live import LiveOrders
from stall.web.buyer.remembered import Pages
from stall.web.buyer.shop import Shop
from stall.web.captive import pages as captive_pages
from stall.web.captive import sheets
from stall.web.captive.portal import Portal
from stall.web.links import Links
from stall.web.templates_kept import KeptTemplates
from stall.web.transfers import Transfers

PACKAGE = Path(__file__).parent
STATIC = PACKAGE.parent / "static"
_YEAR_S = 365 * 24 * 3600
NOT_FOUND = 404


def new_app(name: str, box: Box) -> Flask:
    """An empty app with templates, static files and the words every page uses; both apps start from it."""
    app = Flask(name, root_path=str(PACKAGE), template_folder="templates", static_folder=str(STATIC))
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = _YEAR_S  # addresses of static files carry their digest
    app.jinja_env.bytecode_cache = KeptTemplates(box.folder)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(stall=box.settings.name, place=box.settings.place, asset=asset, press=ids.new_press)
    app.jinja_env.filters.update(words.FILTERS)
    app.jinja_env.filters["cover_size"] = partial(covers.size_of, box.folder)
    return app


def asset(name: str) -> str:
    """The address of a static file, with its digest, so that it may be cached for ever."""
    return url_for("static", filename=name, v=_digest(name))


def create_buyer_app(box: Box, *, watch: bool = False, behind_nginx: bool = False, draws: bool = False) -> Flask:
    """The app phones talk to. `shop_of(app).stop()` ends its threads, before the box closes.

    With `watch` the states of orders and the pages that are everybody's are remembered until the database changes;
    `stall web` wants that.
    `behind_nginx`: nginx sends the files. `draws`: papers are drawn as PDF and picture, by a process beside.
    """
    app = new_app("stall.web.buyer", box)
    links = Links(link_secret.derive(box.secrets))
    portal = Portal(box)
    pages = Pages(box, watch=watch, nginx=behind_nginx and not portal.is_open)  # an open portal must see who looks
    shop = Shop(
        box, LiveOrders(box, watch=watch, also=pages.forget), pages, Transfers(box), portal, links, behind_nginx,
        draughts=Draughts(box.folder if draws else None),
    )  # fmt: skip
    app.extensions["stall"] = shop
    app.jinja_env.globals.update(
        press=pages.press,
        t=language.t,
        at=language.at,
        told=language.error,
        spoken=language.current,
        tongues=language.ways,
        languages=NAMES,
    )
    app.jinja_env.filters.update(language.filters(box.settings.zone()))
    rules = guard.buyer_rules(box.settings.web, box.settings.captive.https)
    guard.protect(app, rules, shop.portal.answer_foreign if shop.portal.is_open else None)
    shop.portal.watch(app)
    sheets.tell(app)
    error_pages.register(app, _error_page)
    for noun in (
        catalogue_pages, about, item, samples, data, display, orders, baskets, claims, downloads, papers, captive_pages,
    ):  # fmt: skip
        app.register_blueprint(noun.pages(shop))

    @app.after_request
    def count_guesses(response: Response) -> Response:
        if response.status_code == NOT_FOUND and request.endpoint not in {None, "static"}:
            shop.tries.guessed_wrong()
        return response

    return app


def shop_of(app: Flask) -> Shop:
    """What the pages of a buyers' app share."""
    shop = app.extensions["stall"]
    assert isinstance(shop, Shop)  # noqa: S101 - put there above; tells the type checker
    return shop


def _error_page(error: StallError, status: int) -> str:
    return render_template(
        "error.html",
        error=error,
        status=status,
        way=ways_on.from_here(error),
        wait_s=error_pages.wait_s(error),
        tongues=partial(language.ways, bare=status == NOT_FOUND),
        code=Markup('<b class="whole">{}</b>').format(error.code),
    )


@cache
def _digest(name: str) -> str:
    return hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:10]
