"""The box a till page speaks for, kept in the app that serves it."""

from __future__ import annotations

from typing import cast

from flask import Flask, current_app

from stall.store.box import Box

_KEY = "stall.box"

#: The largest sale number an address may name; numbers count up from 1.
SALE = (1 << 40) - 1


def keep_box(app: Flask, box: Box) -> None:
    """Give an app its box."""
    app.extensions[_KEY] = box


def this_box() -> Box:
    """The box of the app that answers this request."""
    return cast("Box", current_app.extensions[_KEY])
