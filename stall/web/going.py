"""What must go on in `stall web` while it serves, for the self-check that feeds the watchdog (`stall.alive`)."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Protocol

from stall.alive import Alive, Listening
from stall.flows import housekeeping
from stall.store.box import Box
from stall.store.db import Tx
from stall.web.buyer.shop import Shop
from stall.web.datagrams import Datagrams

#: What the self-check asks each app for: it goes the way of every request, and costs little.
_ASKED = {"buyers": "/healthz", "till": "/static/tokens.css", "till-tls": "/static/tokens.css"}
#: How long this process may go without a row written before the self-check writes one (s); as often as a quiet box keeps its clock.
WRITE_S = 600.0


class Serves(Protocol):
    """An app that is being served."""

    address: str | tuple[str, int]


def on(box: Box, shop: Shop, reports: Datagrams | None, serving: Mapping[str, Serves]) -> Alive:
    """What must go on while the web serves: every app answers, changes are seen, the writer goes through the door and back."""
    turns = {"watcher": shop.live.turns}
    if reports is not None:
        turns["reports"] = lambda: reports.turns
    return Alive(
        turns=turns,
        listening={name: Listening(app.address, _ASKED[name]) for name, app in serving.items()},
        done={"writer": _Writes(box)},
    )


class _Writes:
    """Goes through the door as a sale does; writes a row only where this process wrote none of it for a while: the card wears."""

    def __init__(self, box: Box) -> None:
        self._box, self._wrote_s = box, time.monotonic()

    def __call__(self) -> None:
        due = time.monotonic() - self._wrote_s >= WRITE_S
        self._box.write("housekeeping", housekeeping.keep_time if due else _nothing)
        if due:
            self._wrote_s = time.monotonic()


def _nothing(_tx: Tx) -> None:
    """Through the door and out again: it takes both locks and begins a transaction, and costs the disk nothing."""
