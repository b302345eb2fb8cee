"""When a drop sells and what a buyer is told otherwise. Computed at each look, never by a timer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Offer(StrEnum):
    """What the catalogue says about a drop right now."""

    OPEN = "open"
    EARLY = "early"
    LATE = "late"
    PAUSED = "paused"
    SOLD_OUT = "sold_out"


@dataclass(frozen=True, slots=True)
class Window:
    """The selling window a manifest sets, in ms UTC; None where it sets no bound."""

    opens_ms: int | None
    closes_ms: int | None


def offer(window: Window, *, now_ms: int, switched_on: bool, remaining: int | None) -> Offer:
    """Say how a drop stands. `remaining` is None for an open edition.

    Order matters to the reader: a drop that is over is late even when sold out earlier, and one
    that is sold out is not merely paused.
    """
    if window.closes_ms is not None and now_ms >= window.closes_ms:
        return Offer.LATE
    if window.opens_ms is not None and now_ms < window.opens_ms:
        return Offer.EARLY
    if remaining == 0:
        return Offer.SOLD_OUT
    return Offer.OPEN if switched_on else Offer.PAUSED
