"""The owner code of a sale: drawn when asked for, shown on the till's screen for as long as that page is open, kept nowhere."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from stall.errors import StallError
from stall.flows.name_owner import name_owner
from stall.store import sales
from stall.web import ids
from stall.web.error_pages import status_of
from stall.web.till.box import SALE, this_box
from stall.wire import ownercode

owner = Blueprint("till_owner", __name__)


@owner.post(f"/sale/<int(min=1, max={SALE}):no>/owner")
def draw(no: int) -> str | tuple[str, int]:
    """Draw the code and show it, to be written down or printed. The same press shows the same code."""
    box = this_box()
    try:
        press = ids.read_press(request.form.get("press", ""))
        code = box.write("payment", lambda tx: name_owner(tx, no, press))
    except StallError as trouble:
        return _page(no, None, trouble), status_of(trouble)
    return _page(no, ownercode.encode(code), None)


def _page(no: int, code: str | None, trouble: StallError | None) -> str:
    conn = this_box().db.read()
    return render_template(
        "till/owner.html", sale=sales.find(conn, no), lines=sales.lines(conn, no), code=code, trouble=trouble
    )
