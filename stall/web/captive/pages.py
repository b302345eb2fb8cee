"""The pages of the portal: what an Apple sheet shows, its way out to Safari, and the question of RFC 8908.

At most 10 KB with everything they load, no script. `/cna/go` is a GET that changes something: the box's memory of one phone,
for two hours, and nothing else; a form's POST would be asked about by the sheet when it reloads.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, Response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from stall.web import language, qr
from stall.web.buyer.shop import Shop
from stall.web.captive import agents, sheets
from stall.web.captive.agents import Sheet, System
from stall.web.captive.clients import Stage

#: How often the way out looks again, once a second, before it says what to do by hand.
MOST_LOOKS = 20
_CODE_S = 300


def pages(shop: Shop) -> Blueprint:
    """The routes of the portal."""
    routes = Blueprint("captive", __name__)
    portal = shop.portal

    @routes.get("/captive/api")
    def api() -> Response:
        return portal.answer_api()

    @routes.get("/cna")
    def welcome() -> AnyResponse | str:
        portal.reached(Stage.PAGE)
        if agents.system_of(_agent()) is System.ANDROID:  # its sheet is the shop itself
            return redirect(_shop(language.at("/")), 302)
        return _page("welcome", in_sheet=agents.sheet_of(_agent()) is Sheet.APPLE)

    @routes.get("/cna/go")
    def leave() -> AnyResponse | str:
        to = sheets.local(request.args.get("to", "/"))
        looks = request.args.get("n", 0, int)
        client = portal.reached(Stage.RELEASED)
        if agents.sheet_of(_agent()) is not Sheet.APPLE:
            return redirect(_shop(language.at(to)), 302)
        if client.confirmed:
            return _page("ready", to=to)
        if looks >= MOST_LOOKS:
            return _page("stuck", to=to)
        return _page("waiting", to=to, look=max(looks, 0) + 1)

    @routes.get("/cna/code.svg")
    def code() -> Response:
        drawn = qr.svg(f"{portal.world.address}/".upper(), "M", portal.world.address)
        answer = Response(drawn, mimetype="image/svg+xml")
        answer.headers["Cache-Control"] = f"public, max-age={_CODE_S}"
        return answer

    def _shop(path: str) -> str:
        """The same path; from the certificate's name at the one address everything has."""
        own = urlsplit(portal.world.certificate).netloc
        return portal.world.address + path if own and request.host == own else path

    def _page(state: str, to: str = "/", **more: object) -> str:
        address = portal.world.address.removeprefix("http://")
        return render_template("cna.html", state=state, to=to, shop=_shop(language.at(to)), address=address, **more)

    return routes


def _agent() -> str:
    return request.headers.get("User-Agent", "")
