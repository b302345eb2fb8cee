"""The one page that explains the stall: what it is, why there is no internet, how buying works, and where help is."""

from __future__ import annotations

from flask import Blueprint, render_template
from markupsafe import Markup

from stall.web.buyer.shop import Shop

#: What checks a certificate from a command line.
_PROGRAM = Markup("<code>stall verify</code>")


def pages(shop: Shop) -> Blueprint:
    """The route of the page."""
    routes = Blueprint("about", __name__)
    web = shop.box.settings.web

    @routes.get("/about")
    def about() -> str:
        return render_template("about.html", address=in_digits(web.address), program=_PROGRAM)

    return routes


def in_digits(address: str) -> Markup:
    """The stall's address as somebody types it, in one piece."""
    return Markup('<b class="whole">{}</b>').format(address.partition("://")[2] or address)
