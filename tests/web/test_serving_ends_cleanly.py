"""Ending a server: what is handed to its loop in that very moment finds it, or is let go; never another's descriptor."""

from __future__ import annotations

import time
from typing import Any

from flask import Flask

from stall.web import serve

LIMIT_S = 10.0


def test_whoever_wakes_the_loop_for_its_end_writes_to_no_closed_pipe(buyer_app: Flask) -> None:
    serving = serve.Serving(buyer_app, serve.listen("127.0.0.1", 0), "test", 1)
    server: Any = serving._server
    wake = server.trigger._physical_pull

    def slowly() -> None:
        """Another thread wakes the loop just before: it has ended when this one comes to write."""
        wake()
        ends = time.monotonic() + LIMIT_S
        while server._map and time.monotonic() < ends:
            time.sleep(0.001)
        wake()

    server.trigger._physical_pull = slowly
    serving.stop()
    assert not serving._thread.is_alive()
    server.task_dispatcher.on_the_loop(server, lambda: None)  # too late: let go
