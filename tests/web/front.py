"""The buyers' app as phones meet it: on waitress alone, or behind a real nginx with the shipped configuration."""

from __future__ import annotations

import http.client
import secrets
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from stall import app
from stall.demo import nginx as shipped
from stall.demo.nginx import Places
from stall.flows.claim import redeem_code
from stall.store import link_secret
from stall.store.box import Box
from stall.store.writer import CrowdWriter
from stall.web import guard, ids, serve
from stall.web.buyer import front as crowd
from stall.web.buyer.shop import Shop
from stall.web.datagrams import Datagrams
from stall.web.factory import create_buyer_app, shop_of
from stall.wire import claimcode
from tests.fakes import stock
from tests.fakes.clock import FakeClock
from tests.fakes.stock import FILES, PRINTS, Stocked
from tests.web import phone

PATIENCE_S = 20.0
#: Names that each reader of addresses could take for something else.
ODD = "notes/Grüße – 写真 'one' 100%25 a+b;c=d&e#f~.txt"
#: Its creator signed another type than its name tells.
UNTOLD = "cover.untold"
MORE = {ODD: "Grüße\n".encode() * 40, UNTOLD: b"\xff\xd8untold" * 40}


def stocked_today(folder: Path) -> Stocked:
    """A box whose clock is the machine's, with files of odd names, and downloads without end."""
    now = int(time.time())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stock, "NOW_S", now)
        patch.setattr(stock, "FILES", {**FILES, PRINTS: {**FILES[PRINTS], **MORE}})
        patch.setattr(stock, "_TYPES", {**stock._TYPES, ".untold": "image/jpeg"})
        stock.stock(folder, FakeClock(wall=now * 1000))
    stocked = opened(folder)
    with stocked.box.db.transaction() as tx:
        tx.conn.execute("UPDATE packs SET max_downloads = 1000000")
    return stocked


def opened(folder: Path) -> Stocked:
    """A box by the machine's clock, which nginx goes by too."""
    return Stocked(app.open_box(folder), FakeClock(), folder)


def until(look: Callable[[], bool]) -> None:
    """Wait until it is so."""
    end = time.monotonic() + PATIENCE_S
    while not look():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)


def grant(stocked: Stocked, *drops: str) -> str:
    """Sell, open the code; give the name of the grant."""
    code = phone.code_of(stocked, phone.sell(stocked, *drops))
    press = secrets.token_bytes(16)
    no = stocked.box.write("claim", lambda tx: redeem_code(tx, claimcode.decode(code), press, None))
    return ids.grant_id(stocked.box.secrets, no)


def enlarge(stocked: Stocked, path: str, size: int) -> str:
    """Make a file of the prints so large, as a hole on the disk; give the hash it goes by."""
    sha = secrets.token_hex(32)
    with (stocked.folder / "files" / sha).open("wb") as file:
        file.truncate(size)
    with stocked.box.db.transaction() as tx:
        tx.conn.execute("UPDATE files SET size = ?, sha256 = ? WHERE path = ?", (size, sha, path))
    return sha


@dataclass
class Answer:
    status: int
    headers: Message
    body: bytes


@dataclass
class Front:
    """A running stall, by its address; `reports` only behind nginx."""

    port: int
    box: Box
    running: Shop | None
    run: Path
    reports: Datagrams | None = None
    pid: int = 0
    stop_app: Callable[[], None] = lambda: None
    pages: Flask | None = None
    framework: list[str] = field(default_factory=list)

    @property
    def shop(self) -> Shop:
        """What the app's pages share, where it runs in this process."""
        assert self.running is not None
        return self.running

    def count_what_reaches_the_framework(self) -> None:
        """From now on `framework` holds the path of every request that a thread and the framework answer."""
        assert self.pages is not None
        behind = self.pages.wsgi_app

        def noting(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
            self.framework.append(environ["PATH_INFO"])
            return behind(environ, start_response)

        self.pages.wsgi_app = noting  # type: ignore[method-assign]  # so Flask's manual says to do it

    def ask(self, path: str, method: str = "GET", body: str | None = None, **headers: str) -> Answer:
        """One request as its answer, redirects not followed. An underscore in a header's name is a hyphen."""
        conn = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        conn.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = conn.getresponse()
        data = answer.read()
        conn.close()
        return Answer(answer.status, answer.headers, data)

    def follow(self, path: str, method: str = "GET", **headers: str) -> Answer:
        """The same, going where a redirect leads, with the same headers, as browsers do."""
        answer = self.ask(path, method, **headers)
        return self.follow(answer.headers["Location"], method, **headers) if answer.status == 302 else answer

    def rest(self, path: str, first: int) -> tuple[int, int, str]:
        """Fetch a file from an offset on; give how many bytes came, the size of all of it, and its tag. Keeps no byte."""
        conn = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        conn.request("GET", path, headers={"Range": f"bytes={first}-"})
        answer = conn.getresponse()
        got = 0
        while more := len(answer.read(1 << 20)):
            got += more
        conn.close()
        return got, int(answer.headers["Content-Range"].rpartition("/")[2]), answer.headers["ETag"]

    def written(self) -> None:
        """Wait until every transfer told so far is written down; the next ones are not any more."""
        if self.reports is not None:
            self.reports.stop()
        self.shop.transfers.stop()


@contextmanager
def alone(box: Box, threads: int = 4) -> Iterator[Front]:
    """The app on waitress, nothing before it."""
    with ExitStack() as stack:
        pages = create_buyer_app(box)
        stack.callback(shop_of(pages).stop)
        sock = stack.enter_context(serve.listen("127.0.0.1", 0))
        serving = serve.Serving(pages, sock, "test", threads)
        stack.callback(serving.stop)
        yield Front(sock.getsockname()[1], box, shop_of(pages), box.folder)


@contextmanager
def behind_nginx(box: Box, nginx: str, run: Path, threads: int = 4, *, watch: bool = False) -> Iterator[Front]:
    """The app on a unix socket, and nginx before it. The clock of the box must be the machine's: nginx judges links by it.

    With `watch` pages are kept, by the app and by nginx.
    """
    port = free_port()
    if box.crowd is None:
        box.crowd = CrowdWriter(box.db)
    places = Places(box.folder, run, "127.0.0.1", port)
    with ExitStack() as stack:
        pages = create_buyer_app(box, watch=watch, behind_nginx=True)
        stack.callback(shop_of(pages).stop)
        link_secret.keep(box.folder / "keys", box.secrets)
        arguments = shipped.lay_out(places)
        reports = Datagrams(run / serve.REPORTS_SOCKET, box, shop_of(pages).transfers)
        stack.callback(reports.stop)
        sock = stack.enter_context(serve.listen_unix(places.socket, "web"))
        taker = crowd.Front(shop_of(pages), guard.buyer_rules(box.settings.web, box.settings.captive.https))
        serving = serve.Serving(pages, sock, "test", threads, taker, behind_nginx=True)
        app_stack = stack.enter_context(ExitStack())
        app_stack.callback(serving.stop)
        checked = subprocess.run([nginx, *arguments[:-2], "-t"], check=False, capture_output=True, text=True)
        assert checked.returncode == 0, checked.stderr
        with (run / "error").open("ab") as log:
            running = subprocess.Popen([nginx, *arguments], stderr=log)
        stack.callback(running.wait, PATIENCE_S)
        stack.callback(running.terminate)
        until_it_listens(port)
        yield Front(port, box, shop_of(pages), run, reports, running.pid, app_stack.close, pages)


def free_port() -> int:
    """A port nobody uses just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until_it_listens(port: int) -> None:
    """Wait for nginx."""
    for _ in range(200):
        with socket.socket() as probe:
            probe.settimeout(0.05)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise AssertionError("nginx does not listen")
