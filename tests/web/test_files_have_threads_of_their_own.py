"""Whoever asks for a page never waits behind a crowd that asks for files."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING

from stall.web import serve
from stall.web.direct import FILE_THREADS, Exchange

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

CROWD = 20


class Beside:
    """Takes nothing on; says what a file is as the buyers' side does."""

    def take_on(self, exchange: Exchange) -> bool:
        return False

    def is_file(self, path: str) -> bool:
        return path.startswith("/g/")

    def stop(self) -> None:
        return None


def test_a_page_is_there_while_every_file_waits() -> None:
    go, begun = threading.Event(), threading.Semaphore(0)

    def app(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"].startswith("/g/"):
            begun.release()
            assert go.wait(20)
        start("200 OK", [("Content-Length", "2")])
        return [b"ok"]

    sock = serve.listen("127.0.0.1", 0)
    port = sock.getsockname()[1]
    serving = serve.Serving(app, sock, "buyers", 4, Beside())
    crowd = [http.client.HTTPConnection("127.0.0.1", port, timeout=20) for _ in range(CROWD)]
    try:
        for each in crowd:
            each.request("GET", "/g/grant/file.jpg")
        for _ in range(FILE_THREADS):
            assert begun.acquire(timeout=10)
        page = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        page.request("GET", "/o/order")
        assert page.getresponse().read() == b"ok"
        assert not begun.acquire(blocking=False), "more files are looked for than there are threads for"
        page.close()
        go.set()
        assert [each.getresponse().read() for each in crowd] == [b"ok"] * CROWD
    finally:
        go.set()
        for each in crowd:
            each.close()
        serving.stop()
        sock.close()
