"""What every page of the till shares besides the strip: colours for bright sun, and the page of everything else."""

from __future__ import annotations

import re

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from stall.web.till.gate import own_page

pages = Blueprint("till_screen", __name__)

COOKIE = "scheme"
#: Black on white with nothing pale, for bright sun; else the device says light or dark.
OUTDOOR = "outdoor"
_YEAR_S = 365 * 24 * 3600
_SALE = re.compile(r"/sale/[0-9]{1,13}")


def scheme() -> str:
    """The colours chosen on this device: outdoor, or empty for those of the device itself."""
    return OUTDOOR if request.cookies.get(COOKIE) == OUTDOOR else ""


def here() -> str:
    """The address that shows this page again: its own, or that of the sale a button belongs to."""
    if request.method == "GET":
        return request.full_path.rstrip("?")
    sale = _SALE.match(request.path)
    return sale[0] if sale else "/"


@pages.get("/more")
def more() -> str:
    """Everything that is not needed with a buyer waiting."""
    return render_template("till/more.html")


@pages.post("/scheme")
def choose() -> Response:
    """Take the colours chosen, and go back to the page they were chosen on."""
    chosen = request.form.get("scheme", "")
    answer = redirect(own_page(request.form.get("then", "/")), 303)
    if chosen == OUTDOOR:
        answer.set_cookie(COOKIE, OUTDOOR, max_age=_YEAR_S, secure=request.is_secure, httponly=True, samesite="Strict")
    else:
        answer.delete_cookie(COOKIE)
    return answer
