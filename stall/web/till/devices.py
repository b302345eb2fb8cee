"""The enrolled phones and tablets: see them, name them, end them, and show the code that enrols another one."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from stall.domain.rights import Right
from stall.errors import StallError
from stall.flows import enrol_device, keep_people
from stall.settings import Settings
from stall.store import devices as rows
from stall.store.db import Tx
from stall.web import qr
from stall.web.error_pages import status_of
from stall.web.till.box import SALE, this_box
from stall.web.till.pin import check_pin
from stall.web.till.signed import device_no
from stall.wire import claimcode

devices = Blueprint("till_devices", __name__)

Answer = Response | tuple[str, int]

TLS_PORT = 8443


@devices.get("/devices")
def page() -> str:
    """Show every device that may open the till, and those that might once."""
    return _page()


@devices.post("/devices")
def code() -> Answer | str:
    """Show a code that enrols one device within 15 minutes, with the PIN."""
    box = this_box()
    try:
        check_pin(box, request.form.get("pin", ""), Right.DEVICES)
        made = box.write("payment", lambda tx: enrol_device.new_code(tx, once=True))
    except StallError as trouble:
        return _page(trouble, 0), status_of(trouble)
    return _page(code=claimcode.encode(made))


@devices.post(f"/devices/<int(max={SALE}):no>")
def change(no: int) -> Answer:
    """Name a device, or end it."""
    form = request.form

    def prepared() -> Callable[[Tx], object]:
        if form.get("deed") == "end":
            return lambda tx: enrol_device.end_device(tx, no)
        name = keep_people.read_name(form.get("name", ""))
        return lambda tx: enrol_device.rename_device(tx, no, name)

    box = this_box()
    try:
        work = prepared()
        check_pin(box, form.get("pin", ""), Right.DEVICES)
        box.write("payment", work)
    except StallError as trouble:
        return _page(trouble, no), status_of(trouble)
    return redirect(url_for("till_devices.page", done=no), 303)


def address_of(settings: Settings) -> str:
    """Where phones and tablets reach the till."""
    return settings.till.address or f"https://{urlsplit(settings.web.address).hostname}:{TLS_PORT}"


def _page(trouble: StallError | None = None, asked: int | None = None, code: str | None = None) -> str:
    box = this_box()
    everything = rows.every(box.db.read())
    address = address_of(box.settings)
    link = None if code is None else f"{address}/enrol#{code}"
    return render_template(
        "till/devices.html",
        running=[device for device in everything if device.ended_ms is None],
        ended=[device for device in everything if device.ended_ms is not None],
        this_one=device_no(),
        address=address,
        code=code,
        drawn=None if link is None else qr.svg(link, "M", "Code for the new phone or tablet to scan"),
        now_ms=box.now_ms(),
        asked=asked,
        trouble=trouble,
    )
