"""The buyers' app as `stall web` serves it, in front and behind, and what its framework was asked for."""

from __future__ import annotations

import http.client
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from stall.store.writer import CrowdWriter
from stall.web import guard, serve
from stall.web.buyer.front import Front
from stall.web.factory import create_buyer_app, shop_of
from tests.fakes.stock import Stocked

LIMIT_S = 20.0


@dataclass
class Answer:
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def without_date(self) -> list[tuple[str, str]]:
        return [(name, value) for name, value in self.headers if name not in {"Date", "Connection"}]


@dataclass
class Served:
    """A served app; `asked` are the paths its framework was asked for."""

    stocked: Stocked
    port: int
    asked: list[str] = field(default_factory=list)

    def get(self, path: str, **headers: str) -> Answer:
        """Ask as a phone does."""
        conn = http.client.HTTPConnection("127.0.0.1", self.port, timeout=LIMIT_S)
        conn.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        answer = conn.getresponse()
        body = answer.read()
        conn.close()
        return Answer(answer.status, answer.getheaders(), body)

    def get_behind(self, path: str, **headers: str) -> Answer:
        """The same in a way that is left to the framework, on a connection that ends with it."""
        return self.get(path, Connection="close", **headers)


@contextmanager
def served(stocked: Stocked, *, behind_nginx: bool = False) -> Iterator[Served]:
    """Serve the buyers' app of a box until the block ends."""
    box = stocked.box
    box.crowd = CrowdWriter(box.db)
    app = create_buyer_app(box, watch=True, behind_nginx=behind_nginx)
    sock = serve.listen("127.0.0.1", 0)
    seen = Served(stocked, sock.getsockname()[1])
    behind = app.wsgi_app

    def noting(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        seen.asked.append(environ["PATH_INFO"])
        return behind(environ, start_response)

    app.wsgi_app = noting  # type: ignore[method-assign]  # so Flask's manual says to do it
    serving = serve.Serving(app, sock, "test", 4, Front(shop_of(app), guard.buyer_rules(box.settings.web)))
    try:
        yield seen
    finally:
        serving.stop()
        shop_of(app).stop()
