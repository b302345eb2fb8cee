"""A till on a real socket, for a browser; closed and opened again on the same address."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from waitress import wasyncore
from waitress.server import create_server

from stall import app
from stall.web.till.app import create_till_app
from tests.fakes.clock import FakeClock
from tests.fakes.stock import Stocked


@contextmanager
def served(folder: Path, port: int = 0) -> Iterator[tuple[Stocked, str]]:
    """Open a data folder and serve its till on loopback until the block ends."""
    clock = FakeClock()
    box = app.open_box(folder, clock=clock)
    channels: dict[int, Any] = {}
    server: Any = create_server(create_till_app(box), map=channels, host="127.0.0.1", port=port, threads=4)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield Stocked(box, clock, folder), f"http://127.0.0.1:{server.effective_port}"
    finally:
        # On its own thread, and with every connection a browser keeps open: the loop ends when none is left.
        server.trigger.pull_trigger(lambda: wasyncore.close_all(channels, ignore_all=True))
        thread.join(timeout=10)
        server.task_dispatcher.shutdown(timeout=1)
        box.close()
