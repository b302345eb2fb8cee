"""The one button a crowd presses, answered without the web framework: POST /d/<drop>/take, when all is as usual.

A claim has a few hundred microseconds of processor on one core, and the framework would take half of them. What is
unusual in any way (another header, another form, a drop nobody took yet, a refusal) goes on to the framework,
which asks and answers as for every other address. So nothing is decided here that is not decided there as well.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

from stall.flows.fill_basket import Wish
from stall.flows.take_cash import take_free
from stall.web import guard, ids
from stall.web.buyer.shop import Shop

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

#: Where the view of the same address finds what a take was refused for, to tell it as a page.
REFUSAL = "stall.refusal"
_PATH = re.compile(r"/d/([a-z0-9-]{3,64})/take")
_FORM = re.compile(rb"press=([A-Za-z0-9_-]{22})")
_FORM_BYTES = "28"
_HEADERS = [*guard.SEAL.items(), ("Content-Type", "text/html; charset=utf-8"), ("Content-Length", "0")]


class Takes:
    """Stands before the buyers' app."""

    def __init__(self, app: WSGIApplication, shop: Shop, rules: guard.Rules) -> None:
        """Answer takes of `shop` for those `rules` admit; give everything else to `app`."""
        self._app, self._shop, self._rules = app, shop, rules

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        drop = self._usual(environ)
        return self._app(environ, start_response) if drop is None else self._take(drop, environ, start_response)

    def _usual(self, environ: WSGIEnvironment) -> str | None:
        """The drop that is being taken, when nothing about the request needs a closer look."""
        if environ["REQUEST_METHOD"] != "POST":
            return None
        found = _PATH.fullmatch(environ.get("PATH_INFO", ""))
        host = environ.get("HTTP_HOST", "")
        if (
            found is None
            or found[1] not in self._shop.selling
            or environ.get("CONTENT_LENGTH") != _FORM_BYTES
            or environ.get("CONTENT_TYPE") != "application/x-www-form-urlencoded"
            or environ.get("HTTP_ORIGIN") != f"{environ['wsgi.url_scheme']}://{host}"
            or not self._rules.answer_to(host)
            or self._shop.box.room.full()
        ):
            return None
        return found[1]

    def _take(self, drop: str, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        form = environ["wsgi.input"].read(int(_FORM_BYTES))
        press = _FORM.fullmatch(form)
        if press is None:
            environ["wsgi.input"] = io.BytesIO(form)
            return self._app(environ, start_response)
        try:
            sale = self._write(drop, press[1].decode("ascii"), environ.get("REMOTE_ADDR", ""))
        except Exception as refusal:  # noqa: BLE001 - whatever it is, the framework tells it as a page
            self._shop.selling.discard(drop)
            environ[REFUSAL], environ["wsgi.input"] = refusal, io.BytesIO(form)
            return self._app(environ, start_response)
        start_response("303 See Other", [("Location", f"/o/{ids.order_id(self._shop.box.secrets, sale)}"), *_HEADERS])
        return (b"",)

    def _write(self, drop: str, press: str, client: str) -> int:
        self._shop.tries.press(client)
        box = self._shop.box
        work = partial(take_free, wish=Wish(drop), key=ids.read_press(press), vat_bp=box.settings.vat_bp)
        return box.write("claim", work)
