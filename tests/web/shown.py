"""The buyers' tour in a browser: each answer as it was given, with everything it loads from the running app."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from playwright.sync_api import Browser, Page, Route

from stall.web import serve
from tests.web.buyer_tour import Stop, Tour

PHONE, TABLET, NARROW = (390, 844), (1024, 768), (320, 568)
_PLACE = "/tour/"
#: A page that turns by itself would turn away from under whoever looks at it.
_TURNS = re.compile(r'<meta http-equiv="refresh"[^>]*>')


class Shown:
    """One window that goes from stop to stop."""

    def __init__(self, tour: Tour, page: Page, sites: dict[str, str]) -> None:
        self.tour, self.page, self._sites = tour, page, sites
        self._now: tuple[Stop, str] | None = None
        page.route(f"**{_PLACE}**", self._answer)

    def open(self, stop: Stop, lang: str = "de") -> Page:
        """Show the answer at a stop, whatever was asked to get it."""
        self._now = stop, lang
        n = self.tour.stops.index(stop)
        self.page.goto(f"{self._sites[stop.table]}{_PLACE}{n}/{lang}")
        return self.page

    def size(self, size: tuple[int, int]) -> None:
        self.page.set_viewport_size({"width": size[0], "height": size[1]})

    def _answer(self, route: Route) -> None:
        assert self._now is not None
        answer = self.tour.look(*self._now)
        headers = {
            name: value for name, value in answer.headers if name.lower() not in {"content-length", "retry-after"}
        }
        route.fulfill(status=answer.status_code, headers=headers, body=_TURNS.sub("", answer.text))


@contextmanager
def shown(tour: Tour, browser: Browser, **more: Any) -> Iterator[Shown]:
    """Serve the apps of the tour and open a window; all of it ends with the block."""
    with ExitStack() as stack:
        sites = {}
        for table, app in tour.apps.items():
            sock = stack.enter_context(serve.listen("127.0.0.1", 0))
            stack.callback(serve.Serving(app, sock, table, 4).stop)
            sites[table] = f"http://127.0.0.1:{sock.getsockname()[1]}"
        context = browser.new_context(viewport={"width": PHONE[0], "height": PHONE[1]}, **more)
        stack.callback(context.close)
        context.set_default_timeout(20_000)
        yield Shown(tour, context.new_page(), sites)


def shapes(tour: Tour, lang: str = "de", *, coloured: bool = False) -> list[Stop]:
    """One page of each shape: those made of the same elements stand alike, and with the same classes they are coloured alike."""
    found: dict[frozenset[str], Stop] = {}
    for stop in tour.pages:
        found.setdefault(_shape(tour.look(stop, lang).text, coloured=coloured), stop)
    return list(found.values())


def _shape(html: str, *, coloured: bool) -> frozenset[str]:
    """Every kind of element there is, by its tag and the names of its attributes, and by its classes if wanted."""
    kinds = set()
    drawn = re.compile(r"(<svg\b[^>]*>).*?</svg>", re.DOTALL)  # what is inside a drawing stands nowhere by itself
    for name, rest in re.findall(r"<([a-z0-9]+)((?:\s[^>]*)?)>", drawn.sub(r"\1", html)):
        classes = re.findall(r'class="([^"]*)"', rest)
        kinds.add(f"{name} {re.findall(r'([a-z-]+)=', rest)} {classes if coloured else ''}")
    return frozenset(kinds)
