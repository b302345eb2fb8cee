"""Sign in, lock, unlock and sign out. The pages show nothing of the stall but its name and the names of who may sign in."""

from __future__ import annotations

from flask import Blueprint, Response, g, make_response, redirect, render_template, request, url_for

from stall.clock import Source
from stall.domain.rights import HOME, Right, has
from stall.errors import Refused, StallError
from stall.flows import sign_in as flow
from stall.flows.confirm_clock import confirm_clock, read_time
from stall.store import floor, people
from stall.store.acting import Actor, acting
from stall.store.db import Tx
from stall.store.people import Person
from stall.web.error_pages import status_of
from stall.web.till.box import SALE, this_box
from stall.web.till.enrol import keep_device
from stall.web.till.gate import asked, forget_session, keep_session, own_page
from stall.web.till.pin import LONGEST
from stall.web.till.signed import DEVICE_COOKIE, device_no, is_remote, session

pages = Blueprint("till_sign_in", __name__)


def wrong() -> Refused:
    """The one answer to every wrong try."""
    return Refused(
        "sign-in-wrong",
        "That PIN does not fit, or there were too many wrong ones. After five wrong ones it waits for 15 minutes.",
    )


@pages.get("/sign-in")
def page() -> str | Response:
    """Ask for name and PIN; whoever is signed in already goes on."""
    if session() is not None:
        return _on(_then())
    return _sign_in_page()


@pages.post("/sign-in")
def enter() -> Response | tuple[str, int]:
    """Check name and PIN, begin a session, and go on to the page asked for. A time that was offered (`utc`) is taken from a maker."""
    box, who, before = this_box(), request.form.get("who", 0, type=int), session()
    try:
        now_ms = _offered_ms()
    except Refused as malformed:
        return _sign_in_page(malformed, who), status_of(malformed)
    if not 0 < who <= SALE:
        working = people.working(box.db.read())
        who = working[0].no if len(working) == 1 else 0
    where = device_no()  # read before the work is handed over: the writer's thread knows no request
    made = box.write("payment", lambda tx: flow.begin_try(tx, who, where))
    if not flow.is_right(made, request.form.get("pin", "").strip()[:LONGEST]):
        box.write("payment", lambda tx: flow.fail(tx, made))
        trouble = wrong()
        return _sign_in_page(trouble, who), status_of(trouble)
    token = box.write("payment", lambda tx: flow.sign_in(tx, made, None if before is None else before.digest))
    person = people.find(box.db.read(), who)
    then = _then("/" if person is None else HOME[person.role])
    answer = keep_session(_on(_set_clock(person, where, now_ms) or then), token)
    kept = request.cookies.get(DEVICE_COOKIE)
    return answer if kept is None or not is_remote() else keep_device(answer, kept)  # browsers let it go after 400 days


@pages.post("/sign-out")
def leave() -> Response:
    """End the session."""
    own = session()
    if own is not None:
        this_box().write("payment", lambda tx: flow.sign_out(tx, own))
    return forget_session(_on(url_for("till_sign_in.page")))


@pages.post("/lock")
def lock() -> Response:
    """Lock the screen."""
    own = session()
    if own is not None:
        this_box().write("payment", lambda tx: flow.lock(tx, own))
    then = asked()
    return _on(url_for("till_sign_in.locked", then=None if then == "/" else then))


@pages.get("/locked")
def locked() -> str | Response:
    """Show whose PIN unlocks."""
    if session() is None:
        return _on(url_for("till_sign_in.page", then=request.args.get("then")))
    return _locked_page() if g.locked else _on(_then())


@pages.post("/locked")
def unlock() -> Response | tuple[str, int]:
    """Check the PIN of whoever locked, and go back to the page that was open. A time that was offered is taken as by signing in."""
    own = session()
    if own is None:
        return _on(url_for("till_sign_in.page", then=request.form.get("then")))
    try:
        now_ms = _offered_ms()
    except Refused as malformed:
        return _locked_page(malformed), status_of(malformed)
    box = this_box()
    made = box.write("payment", lambda tx: flow.begin_try(tx, own.person.no, own.device))
    if not flow.is_right(made, request.form.get("pin", "").strip()[:LONGEST]):
        box.write("payment", lambda tx: flow.fail(tx, made))
        trouble = wrong()
        return _locked_page(trouble), status_of(trouble)
    box.write("payment", lambda tx: flow.unlock(tx, own))
    return _on(_set_clock(own.person, own.device, now_ms) or _then(HOME[own.person.role]))


def _offered_ms() -> int | None:
    """The time of the device the PIN is typed on, where somebody offers it (ms UTC). Raises Refused `time-malformed`."""
    typed = request.form.get("utc", "").strip()
    return read_time(typed) if typed else None


def _set_clock(person: Person | None, device: int | None, now_ms: int | None) -> str | None:
    """Take the time that was offered, with the PIN that was just right, as the page of the clock does.

    Gives the page to go on to instead where it was not taken: this person may not, or it cannot be right.
    """
    box = this_box()
    if person is None or now_ms is None or floor.moment(box.db.read(), box.clock).source is not Source.FLOOR:
        return None
    if not has(person.role, Right.CLOCK):
        return url_for("till_day.clock")

    def work(tx: Tx) -> None:
        with acting(tx, Actor(person.no, device)):
            confirm_clock(tx, now_ms)

    try:
        box.write("payment", work)
    except StallError:
        return url_for("till_day.clock")
    return None


def _sign_in_page(trouble: Refused | None = None, who: int = 0) -> str:
    working = people.working(this_box().db.read())
    return render_template(
        "till/sign_in.html", people=working, who=who, then=_then(""), trouble=trouble, typed=_typed()
    )


def _locked_page(trouble: Refused | None = None) -> str:
    own = session()
    return render_template(
        "till/locked.html", name=own and own.person.name, then=_then(""), trouble=trouble, typed=_typed()
    )


def _typed() -> str:
    return request.form.get("utc", "")[:40]


def _then(otherwise: str = "/") -> str:
    """The page to go on to, from the address or the form."""
    named = request.values.get("then", "")
    return own_page(named) if named else otherwise


def _on(where: str) -> Response:
    return make_response(redirect(where, 303))
