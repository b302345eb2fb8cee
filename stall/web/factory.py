"""Builds the buyers' app: pages, guard, errors and static files around one box. `stall.web.serve` runs it."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from flask import Flask, render_template, url_for

from stall.errors import StallError
from stall.store.box import Box
from stall.web import error_pages, guard, ids, words

PACKAGE = Path(__file__).parent
STATIC = PACKAGE.parent / "static"
_YEAR_S = 365 * 24 * 3600


def new_app(name: str, box: Box) -> Flask:
    """An empty app with templates, static files and the words every page uses; both apps start from it."""
    app = Flask(name, root_path=str(PACKAGE), template_folder="templates", static_folder=str(STATIC))
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = _YEAR_S  # addresses of static files carry their digest
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(stall=box.settings.name, place=box.settings.place, asset=asset, press=ids.new_press)
    app.jinja_env.filters.update(words.FILTERS)
    return app


def asset(name: str) -> str:
    """The address of a static file, with its digest, so that it may be cached for ever."""
    return url_for("static", filename=name, v=_digest(name))


def create_buyer_app(box: Box) -> Flask:
    """The app phones talk to."""
    app = new_app("stall.web.buyer", box)
    guard.protect(app, guard.buyer_rules(box.settings.web))
    error_pages.register(app, _error_page)
    return app


def _error_page(error: StallError, status: int) -> str:
    return render_template("error.html", error=error, status=status)


@cache
def _digest(name: str) -> str:
    return hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:10]
