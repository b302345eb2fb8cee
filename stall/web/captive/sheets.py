"""For templates: in what kind of window a page is shown, and the way out of it.

An Apple sheet saves no downloads, so what is to be kept opens in Safari: `<a href="{{ leave_sheet('/g/…') }}">`. In an Android
sheet everything works where it is; leaving it may mean mobile data, so there a page says to stay.
A page that asks is not the same for everybody: it answers `Vary: User-Agent`, and is better not one that is cached for all.
"""

from __future__ import annotations

import re
from urllib.parse import quote

from flask import Flask, Response, after_this_request, has_request_context, request

from stall.web import language
from stall.web.buyer import remembered
from stall.web.captive import agents

_LOCAL = re.compile(r"/(?!/)[A-Za-z0-9._~%/?=&+,;:@-]{0,300}")


def captive_sheet() -> str:
    """`apple` or `android` when the page at hand is asked for by a captive sheet of that system, else nothing."""
    if not has_request_context():
        return ""
    remembered.not_for_all()
    after_this_request(_varies)
    sheet = agents.sheet_of(request.headers.get("User-Agent", ""))
    return sheet.value if sheet else ""


def leave_sheet(path: str) -> str:
    """The address that leads from an Apple sheet to `path` of ours in Safari; anywhere else it leads to `path` at once.

    Keeps the language that was chosen, so neither it nor `path` goes through `at`.
    """
    return language.at(f"/cna/go?to={quote(local(path), safe='/')}")


def local(path: str) -> str:
    """A path of ours as it is, anything that could lead elsewhere as `/`."""
    return path if _LOCAL.fullmatch(path) else "/"


def tell(app: Flask) -> None:
    """Let the templates of an app ask both."""
    app.jinja_env.globals.update(captive_sheet=captive_sheet, leave_sheet=leave_sheet)


def _varies(response: Response) -> Response:
    response.vary.add("User-Agent")
    return response
