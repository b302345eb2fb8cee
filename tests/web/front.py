"""The buyers' app as phones meet it: on waitress alone, or behind a real nginx with the shipped configuration."""

from __future__ import annotations

import http.client
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from stall.demo import nginx as shipped
from stall.demo.nginx import Places
from stall.store import link_secret
from stall.store.box import Box
from stall.store.writer import CrowdWriter
from stall.web import guard, serve
from stall.web.buyer.shop import Shop
from stall.web.buyer.takes import Takes
from stall.web.datagrams import Datagrams
from stall.web.factory import create_buyer_app, shop_of

PATIENCE_S = 20.0


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


@dataclass
class Front:
    """A running stall, by its address; `reports` only behind nginx."""

    port: int
    box: Box
    shop: Shop
    run: Path
    reports: Datagrams | None = None
    pid: int = 0

    def ask(self, path: str, method: str = "GET", body: str | None = None, **headers: str) -> Answer:
        """One request as its answer, redirects not followed. An underscore in a header's name is a hyphen."""
        conn = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        conn.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = conn.getresponse()
        data = answer.read()
        conn.close()
        return Answer(answer.status, dict(answer.getheaders()), data)

    def follow(self, path: str, method: str = "GET", **headers: str) -> Answer:
        """The same, going where a redirect leads, with the same headers, as browsers do."""
        answer = self.ask(path, method, **headers)
        return self.follow(answer.headers["Location"], method, **headers) if answer.status == 302 else answer


@contextmanager
def alone(box: Box, threads: int = 4) -> Iterator[Front]:
    """The app on waitress, nothing before it."""
    with ExitStack() as stack:
        app = create_buyer_app(box)
        stack.callback(shop_of(app).stop)
        sock = stack.enter_context(serve.listen("127.0.0.1", 0))
        serving = serve.Serving(app, sock, "test", threads)
        stack.callback(serving.stop)
        yield Front(sock.getsockname()[1], box, shop_of(app), box.folder)


@contextmanager
def behind_nginx(box: Box, nginx: str, run: Path, threads: int = 4) -> Iterator[Front]:
    """The app on a unix socket, and nginx before it. The clock of the box must be the machine's: nginx judges links by it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    if box.crowd is None:
        box.crowd = CrowdWriter(box.db)
    places = Places(box.folder, run, "127.0.0.1", port)
    with ExitStack() as stack:
        app = create_buyer_app(box, behind_nginx=True)
        stack.callback(shop_of(app).stop)
        link_secret.keep(box.folder / "keys", box.secrets)
        arguments = shipped.lay_out(places)
        reports = Datagrams(run / serve.REPORTS_SOCKET, box, shop_of(app).transfers)
        stack.callback(reports.stop)
        sock = stack.enter_context(serve.listen_unix(places.socket, "web"))
        taker = Takes(shop_of(app), guard.buyer_rules(box.settings.web))
        serving = serve.Serving(app, sock, "test", threads, taker, behind_nginx=True)
        stack.callback(serving.stop)
        checked = subprocess.run([nginx, *arguments[:-2], "-t"], check=False, capture_output=True, text=True)
        assert checked.returncode == 0, checked.stderr
        with (run / "error").open("ab") as log:
            running = subprocess.Popen([nginx, *arguments], stderr=log)
        stack.callback(running.wait, PATIENCE_S)
        stack.callback(running.terminate)
        _until_it_listens(port)
        yield Front(port, box, shop_of(app), run, reports, running.pid)


def _until_it_listens(port: int) -> None:
    for _ in range(200):
        with socket.socket() as probe:
            probe.settimeout(0.05)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise AssertionError("nginx does not listen")
