"""What a crowd asks for, answered in front of the framework: the kept pages, how an order stands, files for nginx, the one button.

Only what is plain in every respect is answered here, and without waiting for anybody; all else goes on to a thread and the
framework, which answers the same (a test compares them). So a page that many look at costs neither of them anything.
"""

from __future__ import annotations

import re

from stall.errors import StallError
from stall.web import direct, guard, ids
from stall.web.buyer import handed
from stall.web.buyer.shop import Shop
from stall.web.buyer.takes import Takes, usual_host
from stall.web.direct import Exchange

#: Headers that ask for something other than the whole page.
_CONDITIONS = frozenset({"IF_NONE_MATCH", "IF_MATCH", "IF_MODIFIED_SINCE", "IF_UNMODIFIED_SINCE", "IF_RANGE", "RANGE"})
_STATE = re.compile(r"/o/([A-Za-z0-9_-]{22})/state")
_FILE = re.compile(r"/(?:g/[^/]+/|d/[^/]+/sample/|thumb/|preview/|cover/).")


class Front:
    """Answers the usual requests of one buyers' app."""

    def __init__(self, shop: Shop, rules: guard.Rules) -> None:
        """Answer for `shop` whom `rules` admit."""
        self._shop, self._rules = shop, rules
        self._takes = Takes(shop, rules)
        self._seal = guard.sealed([("Content-Type", "application/json")], with_form=False)

    def take_on(self, exchange: Exchange) -> bool:
        """Answer at once what is kept in memory; have a press written with the others."""
        request = exchange.request
        if request.method == "POST":
            return self._takes.take_on(exchange)
        host = request.headers.get("HOST", "")
        if not usual_host(host, self._rules):
            return False
        answer = self._file(exchange) or self._page(exchange) or self._state(exchange)
        if answer is None:
            return False
        agent = request.headers.get("USER_AGENT", "")
        self._shop.portal.looked(request.path, exchange.client, agent)
        exchange.answer(answer)
        return True

    def is_file(self, path: str) -> bool:
        """A file under a grant, or a picture of one (`downloads`, `samples`)."""
        return _FILE.match(path) is not None

    def stop(self) -> None:
        """Take on nothing more, and wait a moment for what is not answered yet."""
        self._takes.stop()

    def _file(self, exchange: Exchange) -> bytes | None:
        headers = handed.headers(self._shop, exchange.request)
        return None if headers is None else self._compose(headers, b"")

    def _page(self, exchange: Exchange) -> bytes | None:
        request = exchange.request
        if not _CONDITIONS.isdisjoint(request.headers):
            return None
        kept = self._shop.pages.find(request.path, request.query, request.headers.get("ACCEPT_LANGUAGE", ""))
        if kept is None:
            return None
        by_nginx = self._shop.pages.kept_by_nginx(request.headers.get("X_STALL_KEEPS"))
        return self._compose(*kept.answer(by_nginx=by_nginx, now_ms=self._shop.box.clock.boottime_ms()))

    def _state(self, exchange: Exchange) -> bytes | None:
        found = _STATE.fullmatch(exchange.request.path)
        if found is None or exchange.request.query or not _CONDITIONS.isdisjoint(exchange.request.headers):
            return None
        try:
            now = self._shop.live.remembered(ids.order_sale(self._shop.box.secrets, found[1]))
        except StallError:  # the framework finds the same, and counts it as a guess
            return None
        if now is None:
            return None
        told = now.told()
        return self._compose([*self._seal, ("Content-Length", str(len(told)))], told)

    def _compose(self, headers: list[tuple[str, str]], body: bytes) -> bytes:
        return direct.compose("200 OK", headers, self._shop.box.clock.wall_ms() // 1000) + body
