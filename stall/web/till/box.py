"""The box a till page speaks for, kept in the app that serves it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from flask import Flask, current_app

from stall.store.acting import Actor, acting
from stall.store.box import Box
from stall.store.db import Tx
from stall.web.till import signed

T = TypeVar("T")
_KEY = "stall.box"

#: The largest number of a sale, a person or a device that an address or a form may name; numbers count up from 1.
SALE = (1 << 40) - 1


class ActingBox:
    """A box as somebody at the till uses it: what is written while they act says who, on which device, allowed by whom."""

    def __init__(self, box: Box) -> None:
        """Wrap the box; everything but writing is its own."""
        self._box = box

    def __getattr__(self, name: str) -> Any:
        """Whatever else is asked of a box."""
        return getattr(self._box, name)

    def write(self, lane: str, work: Callable[[Tx], T]) -> T:
        """As `Box.write`. Who acts is read here: the writer's thread knows no request."""
        return self._box.write(lane, _by(signed.actor(), work))

    def begin(self, lane: str, work: Callable[[Tx], T]) -> T:
        """As `Box.begin`."""
        return self._box.begin(lane, _by(signed.actor(), work))


def _by(actor: Actor | None, work: Callable[[Tx], T]) -> Callable[[Tx], T]:
    """The same work, with who acts set for it alone: a transaction may hold that of several people."""

    def done(tx: Tx) -> T:
        with acting(tx, actor):
            return work(tx)

    return done


def keep_box(app: Flask, box: Box) -> None:
    """Give an app its box."""
    app.extensions[_KEY] = ActingBox(box)


def this_box() -> Box:
    """The box of the app that answers this request."""
    return cast("Box", current_app.extensions[_KEY])
