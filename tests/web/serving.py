"""Apps on real sockets, for a browser: a till that is closed and opened again on the same address, and any other app."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask
from werkzeug.serving import make_server

from stall import app
from stall.web import serve
from stall.web.till.app import create_till_app
from tests.fakes.clock import FakeClock
from tests.fakes.stock import Stocked


@contextmanager
def served(folder: Path, port: int = 0) -> Iterator[tuple[Stocked, str]]:
    """Open a data folder and serve its till on loopback until the block ends."""
    clock = FakeClock()
    box = app.open_box(folder, clock=clock)
    sock = serve.listen("127.0.0.1", port)
    serving = serve.Serving(create_till_app(box), sock, "till", 4)
    try:
        yield Stocked(box, clock, folder), f"http://127.0.0.1:{sock.getsockname()[1]}"
    finally:
        serving.stop()
        box.close()


@contextmanager
def on_loopback(app: Flask) -> Iterator[str]:
    """Serve an app by Werkzeug's own server until the block ends; gives its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
