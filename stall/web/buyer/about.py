"""The page that explains the stall: what it is, why there is no internet, how buying works, where help is. And the one that checks papers."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from flask import Blueprint, Response, current_app, redirect, render_template
from markupsafe import Markup
from werkzeug.wrappers import Response as WerkzeugResponse

from stall.web.buyer.shop import Shop
from stall.wire.pack import PAGE_NAME

#: What checks a certificate, as a link.
_PROGRAM = Markup('<a href="/verify.html"><code>verify.html</code></a>')
_POLICY_IN_PAGE = re.compile(r'http-equiv="Content-Security-Policy" content="([^"]+)"')


def pages(shop: Shop) -> Blueprint:
    """The route of the page."""
    routes = Blueprint("about", __name__)
    web = shop.box.settings.web

    @routes.get("/about")
    def about() -> str:
        return render_template("about.html", address=in_digits(web.address), program=_PROGRAM)

    @routes.get("/verify.html")
    def checker() -> Response:
        answer = current_app.send_static_file(PAGE_NAME)
        answer.headers["Cache-Control"] = "no-cache"  # the newest, by its ETag
        answer.headers["Content-Security-Policy"] = _policy(Path(current_app.static_folder or "") / PAGE_NAME)
        return answer

    @routes.get("/verify")
    def checker_typed() -> WerkzeugResponse:
        return redirect("/verify.html")

    return routes


@cache
def _policy(page: Path) -> str:
    """The policy that the page that checks papers gives itself: its own script and style by their hashes, and no request to anybody."""
    found = _POLICY_IN_PAGE.search(page.read_text(encoding="utf-8"))
    return (found[1] if found else "default-src 'none'") + "; frame-ancestors 'none'"


def in_digits(address: str) -> Markup:
    """The stall's address as somebody types it, in one piece."""
    return Markup('<b class="whole">{}</b>').format(address.partition("://")[2] or address)
