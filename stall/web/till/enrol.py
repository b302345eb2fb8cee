"""Enrol a phone or tablet: the one page that whoever is not enrolled sees over TLS.

The code stands behind the `#` of the address that the label's QR holds: browsers keep that to themselves, so no log has it.
"""

from __future__ import annotations

import hmac

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for

from stall.errors import Refused, StallError
from stall.flows import enrol_device, keep_people
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
    enrolled = box.write("payment", lambda tx: enrol_device.enrol(tx, code, name, where))
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
    """What a client's wrong tries are counted under: its address, hashed under a key of the box."""
    own = this_box().secrets.claim_key
    return f"enrol {hmac.digest(own, (request.remote_addr or '').encode(), 'sha256')[:12].hex()}"
