"""The people of the stall: add, rename, give a new PIN, change what they may, let them go; and everybody's own PIN.

The slow hash of a new PIN is computed before the door.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from stall.domain.rights import HOME, Right, Role
from stall.errors import StallError
from stall.flows import keep_people, sign_in, staff_pin
from stall.store import people as rows
from stall.store.db import Tx
from stall.web.error_pages import status_of
from stall.web.till.box import SALE, this_box
from stall.web.till.gate import unknown
from stall.web.till.pin import LONGEST, check_pin
from stall.web.till.sign_in import wrong
from stall.web.till.signed import device_no, session

people = Blueprint("till_people", __name__)

Answer = Response | tuple[str, int]


@people.get("/people")
def page() -> str:
    """Show who works here and who did."""
    return _page()


@people.post("/people")
def add() -> Answer:
    """Add a person, with the PIN of somebody who may."""
    form = request.form

    def prepared() -> Callable[[Tx], object]:
        name, role = keep_people.read_name(form.get("name", "")), keep_people.read_role(form.get("role", ""))
        pin_hash = staff_pin.hash_new(form.get("new_pin", ""))
        return lambda tx: keep_people.add_person(tx, name, role, pin_hash)

    return _do(prepared, 0)


@people.post(f"/people/<int(max={SALE}):no>")
def change(no: int) -> Answer:
    """Change name, role or PIN of a person, or let them go, or take them back."""
    form, deed = request.form, request.form.get("deed", "keep")

    def prepared() -> Callable[[Tx], object]:
        if deed in {"leave", "return"}:
            return lambda tx: keep_people.change_person(tx, no, active=deed == "return")
        name, role = keep_people.read_name(form.get("name", "")), keep_people.read_role(form.get("role", ""))
        typed = form.get("new_pin", "").strip()
        pin_hash = staff_pin.hash_new(typed) if typed else None
        own = session()
        keep = own.digest if own is not None and own.person.no == no else None

        def work(tx: Tx) -> None:
            keep_people.change_person(tx, no, name=name, role=role)
            if pin_hash is not None:
                keep_people.set_own_pin(tx, no, pin_hash, keep)

        return work

    return _do(prepared, no)


@people.get("/pin")
def own() -> str:
    """Ask for the old PIN and a new one."""
    return _own()


@people.post("/pin")
def set_own() -> Answer:
    """Change one's own PIN, after the old one."""
    box, signed, where = this_box(), session(), device_no()
    if signed is None:
        raise unknown()
    try:
        pin_hash = staff_pin.hash_new(request.form.get("new_pin", ""))
        made = box.write("payment", lambda tx: sign_in.begin_try(tx, signed.person.no, where))
        if not sign_in.is_right(made, request.form.get("pin", "").strip()[:LONGEST]):
            box.write("payment", lambda tx: sign_in.fail(tx, made))
            raise wrong()

        def work(tx: Tx) -> None:
            staff_pin.forgive(tx, signed.person.no, sign_in.place_of(where))
            keep_people.set_own_pin(tx, signed.person.no, pin_hash, signed.digest)

        box.write("payment", work)
    except StallError as trouble:
        return _own(trouble), status_of(trouble)
    return redirect(url_for("till_people.own", changed=1), 303)


def _do(prepared: Callable[[], Callable[[Tx], object]], no: int) -> Answer:
    """Read what was typed, check the PIN, do it, and show the list again; a refusal is told beside what was pressed."""
    box = this_box()
    try:
        work = prepared()
        check_pin(box, request.form.get("pin", ""), Right.PEOPLE)
        box.write("payment", work)
    except StallError as trouble:
        return _page(trouble, no), status_of(trouble)
    if session() is not None and not _may_stay():
        return redirect(url_for("till_sign_in.page"), 303)
    return redirect(url_for("till_people.page", done=no or "new"), 303)


def _may_stay() -> bool:
    """Whether whoever changed themselves may still see this page."""
    own_session = session()
    now = None if own_session is None else rows.find(this_box().db.read(), own_session.person.no)
    return now is not None and now.active and now.role is Role.MAKER


def _page(trouble: StallError | None = None, asked: int | None = None) -> str:
    everybody = rows.every(this_box().db.read())
    return render_template(
        "till/people.html",
        working=[person for person in everybody if person.active],
        gone=[person for person in everybody if not person.active],
        roles=list(Role),
        done=request.args.get("done", ""),
        typed={name: value[:60] for name, value in request.form.items() if "pin" not in name},
        asked=asked,
        trouble=trouble,
    )


def _own(trouble: StallError | None = None) -> str:
    signed = session()
    home = "/" if signed is None else HOME[signed.person.role]
    return render_template("till/own_pin.html", changed="changed" in request.args, home=home, trouble=trouble)
