"""Where an error page leads: no page of the stall is a dead end."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import quote

from flask import request

from stall.errors import Retry, StallError
from stall.web.language import at


class WayOn(NamedTuple):
    """The one button of an error page: the text it bears, and where it leads."""

    text: str
    href: str


_TO_THE_TABLE = "error.way_table"
#: What a code typed anew may mend, and what another choice on the item's own page may.
_CODES = frozenset({"claim-unknown", "claim-code-malformed", "claim-code-of-order", "claim-devices", "grant-over"})
_ITEMS = frozenset(
    {"edition-number-taken", "edition-number-wrong", "press-malformed", "origin-foreign", "method-wrong"}
)


def from_here(error: StallError) -> WayOn:
    """The way on from what went wrong with the request at hand.

    An address that names nothing leads to the table whatever it was: the page tells nobody what it was taken for.
    """
    parts = request.view_args or {}
    if error.code in _CODES:
        return WayOn("error.way_code", at("/t"))
    if error.code == "page-unknown":
        return WayOn(_TO_THE_TABLE, at("/"))
    if request.method in {"GET", "HEAD"}:
        return (
            WayOn("error.way_again", f"?{request.query_string.decode('ascii', 'ignore')}")
            if isinstance(error, Retry)
            else _home()
        )
    if "drop" in parts and (error.code in _ITEMS or isinstance(error, Retry)):
        return WayOn("error.way_item", at(f"/d/{quote(parts['drop'], safe='')}"))
    if request.path.startswith("/o/") and "name" in parts:
        return WayOn("error.way_order", at(f"/o/{quote(parts['name'], safe='')}"))
    return _home()


def _home() -> WayOn:
    return WayOn(_TO_THE_TABLE, at("/"))
