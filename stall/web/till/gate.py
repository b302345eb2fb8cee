"""What every request to the till passes after the guard: an enrolled device, a session, an open screen, the right its route needs.

A route without a right (`routes.RIGHTS`) is refused to everybody.
"""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from flask import Flask, Response, g, redirect, render_template, request, url_for

from stall.domain.rights import HOLDERS, HOME, Right, Role, has
from stall.errors import Refused, StallError
from stall.flows import sign_in
from stall.store import attempts, devices, sessions
from stall.store.box import Box
from stall.store.devices import Device
from stall.store.sessions import Session
from stall.web import error_pages, ids
from stall.web.till.box import this_box
from stall.web.till.routes import BY_ITSELF, NOT_ENROLLED, RIGHTS, WHILE_LOCKED
from stall.web.till.signed import DEVICE_COOKIE, device_no, is_remote, session_cookie
from stall.wire import b64

_TOKEN_CHARS = 22  # base64url of 16 bytes
_NOT_FOUND = 404
_LOOKS = frozenset({"GET", "HEAD"})


def close(app: Flask) -> None:
    """Let nobody in who may not. Raises Refused `signed-out`, `till-locked`, `right-missing`."""
    app.before_request(check)


def check() -> Response | None:
    """Find out who it is; send whoever may not to where they can go on."""
    box, endpoint = this_box(), request.endpoint
    now_ms = box.now_ms()
    g.device = _device(box)
    if is_remote() and g.device is None and endpoint not in NOT_ENROLLED:
        return _to_enrol()
    g.session = _session(box, now_ms)
    g.locked = g.session is not None and _is_locked(box, g.session, now_ms)
    right = RIGHTS.get(endpoint or "")
    if right is Right.ENTER:
        return None
    if g.session is None:
        return _to_sign_in()
    if g.locked and endpoint not in WHILE_LOCKED:
        return _to_unlock()
    if endpoint is None:
        return None  # an address that leads nowhere, or a wrong method: told as that
    _note_seen(box, g.session, now_ms)
    return _allow(g.session, right)


def _allow(session: Session, right: Right | None) -> Response | None:
    if right is not None and has(session.person.role, right):
        return None
    home = HOME[session.person.role]
    if request.path == "/" and request.method in _LOOKS and home != "/":
        return _go(home)
    raise missing(right)


def missing(right: Right | None) -> Refused:
    """What somebody is told who lacks a right."""
    who = "nobody" if right is None else " or ".join(sorted(_WHO[role] for role in HOLDERS[right]))
    return Refused(
        "right-missing", f"This is for {who} here. Sign in as somebody who may, or hand it to them; nothing was done."
    )


#: A role as one says whom something is for.
_WHO = {Role.MAKER: "a maker", Role.STAFF: "staff", Role.BOOKKEEPER: "a bookkeeper"}


def _device(box: Box) -> Device | None:
    """The enrolled device of this browser; on the box itself there is none and none is needed."""
    token = read_token(request.cookies.get(DEVICE_COOKIE, "")) if is_remote() else None
    return None if token is None else devices.by_token(box.db.read(), token)


def _to_enrol() -> Response:
    """Whoever is not enrolled sees the page for that at any address, and finds nothing else."""
    if request.method in _LOOKS and not error_pages.wants_data():
        page = render_template("till/enrol.html", name="", trouble=None)
        return Response(page, 200 if request.path == "/" else _NOT_FOUND, mimetype="text/html")
    raise unknown()


def _session(box: Box, now_ms: int) -> Session | None:
    token = read_token(request.cookies.get(session_cookie(), ""))
    return None if token is None else sessions.find(box.db.read(), token, device_no(), now_ms)


def read_token(text: str) -> bytes | None:
    """The token a cookie holds, or None."""
    if len(text) != _TOKEN_CHARS:
        return None
    try:
        return b64.decode(text)
    except StallError:
        return None


def _is_locked(box: Box, session: Session, now_ms: int) -> bool:
    """Whether the screen is locked, by hand or because nobody touched it; not where a payment runs that somebody watches."""
    if session.locked:
        return True
    if not session.idle(now_ms, box.settings.till.lock_minutes) or _watches_a_payment(box):
        return False
    if (
        request.endpoint not in BY_ITSELF
    ):  # else the page of a payment, which asks how the stall stands, would lock itself
        box.write("housekeeping", lambda tx: sign_in.lock(tx, session))
    return True


def _watches_a_payment(box: Box) -> bool:
    no = (request.view_args or {}).get("no")
    if not isinstance(no, int) or request.method not in _LOOKS or not (request.endpoint or "").startswith("till_pay."):
        return False
    return any(attempt.open for attempt in attempts.of_sale(box.db.read(), no))


def _note_seen(box: Box, session: Session, now_ms: int) -> None:
    """Write down now and then that somebody is there. Where that cannot be written, the page is answered all the same."""
    if request.endpoint in BY_ITSELF or now_ms - session.seen_ms < sessions.SEEN_EVERY_MS:
        return
    if session.idle(now_ms, box.settings.till.lock_minutes):
        return  # let in only to watch a payment, which keeps nothing else open
    try:
        box.write("housekeeping", lambda tx: sessions.see(tx, session.digest))
    except StallError:
        return


def _to_sign_in() -> Response:
    if request.method in _LOOKS and not error_pages.wants_data():
        return _go(url_for("till_sign_in.page", then=None if asked() == "/" else asked()))
    raise Refused("signed-out", "Nobody is signed in here. Sign in, then do it again.")


def _to_unlock() -> Response:
    if request.method in _LOOKS and not error_pages.wants_data():
        return _go(url_for("till_sign_in.locked", then=None if asked() == "/" else asked()))
    raise Refused("till-locked", "The screen is locked. Unlock it, then do it again; nothing was done.")


def _go(where: str) -> Response:
    answer = redirect(where, 303)
    assert isinstance(answer, Response)  # noqa: S101 - Flask's own class; tells the type checker
    return answer


def asked() -> str:
    """The address that was asked for, as a page to come back to: of a button, the page it stood on."""
    if request.method in _LOOKS:
        return request.full_path.rstrip("?")
    came = urlsplit(request.referrer or "")
    if came.netloc != request.host:
        return "/"
    return own_page(came.path + (f"?{came.query}" if came.query else ""))


def own_page(text: str) -> str:
    """A page of this till to go to, from an address somebody sent: whatever is not plainly one is the first page."""
    plain = text.startswith("/") and not text.startswith("//") and "\\" not in text
    return quote(text, safe="/?=&%-._~") if plain and text.isprintable() and len(text) <= 200 else "/"  # noqa: PLR2004 - longer than any page of the till


def keep_session(answer: Response, token: bytes) -> Response:
    """Give the browser its session."""
    answer.set_cookie(
        session_cookie(),
        b64.encode(token),
        max_age=sessions.LIFE_MS // 1000,
        path="/",
        secure=is_remote(),
        httponly=True,
        samesite="Strict",
    )
    return answer


def forget_session(answer: Response) -> Response:
    """Take it away again."""
    answer.delete_cookie(session_cookie(), path="/", secure=is_remote(), httponly=True, samesite="Strict")
    return answer


def unknown() -> Refused:
    """What whoever may know nothing is told."""
    return ids.unknown_page()
