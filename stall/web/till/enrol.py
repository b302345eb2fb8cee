"""Enrol a phone or tablet: the one page that whoever is not enrolled sees over TLS.

The code stands behind the `#` of the address that the label's QR holds: browsers keep that to themselves, so no log has it.
"""

from __future__ import annotations

import contextlib
import hmac
import ipaddress

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for

from stall.errors import Refused, StallError
from stall.flows import enrol_device, keep_people
from stall.store import tries
from stall.web.error_pages import status_of
from stall.web.till.box import this_box
from stall.web.till.gate import unknown
from stall.web.till.signed import DEVICE_COOKIE, device, is_remote
from stall.wire import b64

enrol = Blueprint("till_enrol", __name__)

#: What a browser keeps a cookie for at most (RFC 6265bis).
KEPT_S = 400 * 24 * 3600
WRONG = Refused(
    "enrol-wrong", "That code does not fit, or there were too many wrong ones. Look at it again, or wait 15 minutes."
)


@enrol.get("/enrol")
def page() -> str | Response:
    """Ask for the code; whoever is enrolled, or on the box itself, goes on."""
    if not is_remote() or device() is not None:
        return make_response(redirect(url_for("till_sign_in.page"), 303))
    return shown()


@enrol.post("/enrol")
def take() -> Response | tuple[str, int]:
    """Enrol this browser by its code."""
    if not is_remote():
        raise unknown()
    box, where = this_box(), _where()
    code = enrol_device.read_code(request.form.get("code", "").rpartition("#")[2])
    try:
        name = keep_people.read_name(request.form.get("name", "") or "Phone")
    except StallError as trouble:
        return shown(trouble), status_of(trouble)
    shut = tries.is_shut(box.db.read(), where, box.now_ms())  # else whoever tries on takes the door from those who sell
    enrolled = None if shut else box.write("housekeeping", lambda tx: enrol_device.enrol(tx, code, name, where))
    if enrolled is None:
        return shown(WRONG), status_of(WRONG)
    return keep_device(make_response(redirect(url_for("till_sign_in.page"), 303)), b64.encode(enrolled.token))


def shown(trouble: StallError | None = None) -> str:
    """The page."""
    return render_template("till/enrol.html", name=request.form.get("name", "")[:40], trouble=trouble)


def keep_device(answer: Response, token: str) -> Response:
    """Give the browser the token of its device."""
    answer.set_cookie(DEVICE_COOKIE, token, max_age=KEPT_S, path="/", secure=True, httponly=True, samesite="Strict")
    return answer


def _where() -> str:
    """What a client's wrong tries are counted under: its address, of IPv6 the network it can choose one from, hashed under a key of the box."""
    own, address = this_box().secrets.claim_key, request.remote_addr or ""
    with contextlib.suppress(ValueError):
        if ipaddress.ip_address(address).version == 6:  # noqa: PLR2004 - IPv6
            address = str(ipaddress.ip_network(f"{address.partition('%')[0]}/64", strict=False))
    return f"enrol {hmac.digest(own, address.encode(), 'sha256')[:12].hex()}"
