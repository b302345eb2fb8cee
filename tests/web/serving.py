"""A till on a real socket, for a browser; closed and opened again on the same address."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

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
