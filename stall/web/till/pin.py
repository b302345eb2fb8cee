"""Ask for a PIN where the design names it: that of whoever is signed in, or of somebody who may and whom the phone is handed to.

The slow hash is computed outside the door. Who allowed it stands in the events that follow (`store.acting`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import g, redirect, request
from werkzeug.wrappers import Response

from stall.domain.rights import Right, has
from stall.errors import Refused, StallError
from stall.flows import sign_in, staff_pin
from stall.store import people, tries
from stall.store.box import Box
from stall.store.db import Tx
from stall.store.people import Person
from stall.web.error_pages import status_of
from stall.web.till.box import this_box
from stall.web.till.gate import missing
from stall.web.till.signed import device_no, session

#: Longer input is no PIN and is not hashed.
LONGEST = 64


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose PIN is asked for: the words beside the field, and who can be chosen where there are several."""

    words: str
    people: list[Person]


def asked_for(box: Box, right: str | None = None) -> Asked:
    """Whose PIN a form for something that needs `right` asks for."""
    able = _able(box, Right(right) if right else Right.PEOPLE)
    own = session()
    if own is not None and [person.no for person in able] == [own.person.no]:
        return Asked("Your PIN", [])
    if len(able) == 1:
        return Asked(f"PIN of {able[0].name}", [])
    return Asked("Their PIN", able)


def check_pin(box: Box, pin: str, right: Right) -> int:
    """Let the right PIN of somebody with this right through, and note who it was; return their number.

    Raises Refused `pin-wrong`, `pin-locked`, `right-missing`; Broken `pin-missing`.
    """
    person = _person(box, right)
    where = sign_in.place_of(device_no())

    def begin(tx: Tx) -> str:
        if not tries.count(tx, where, staff_pin.DEVICE_TRIES, staff_pin.LOCK_MS):
            raise Refused("pin-locked", f"Too many wrong PINs here. Try again in {_LOCK_MINUTES} minutes.")
        return staff_pin.begin_try(tx, person)

    pin_hash = box.write("payment", begin)
    if len(pin) > LONGEST or not staff_pin.matches(pin_hash, pin.strip()):
        made = sign_in.Try(person, device_no(), pin_hash, open=True)
        box.write("payment", lambda tx: sign_in.fail(tx, made))
        raise Refused("pin-wrong", f"That PIN is not right. {_left_words(box, person)}")
    box.write("payment", lambda tx: staff_pin.forgive(tx, person, where))
    g.allowed = person
    return person


def with_pin(
    work: Callable[[Tx], None], right: Right, page: Callable[[StallError], str], then: str
) -> Response | tuple[str, int]:
    """Check the PIN, do it, and go on to `then`; a refusal is told on `page`."""
    box = this_box()
    try:
        check_pin(box, request.form.get("pin", ""), right)
        box.write("payment", work)
    except StallError as trouble:
        return page(trouble), status_of(trouble)
    return redirect(then, 303)


_LOCK_MINUTES = staff_pin.LOCK_MS // 60_000


def _able(box: Box, right: Right) -> list[Person]:
    """Whoever is signed in, if they have the right themselves; else everybody who has it."""
    own = session()
    if own is not None and has(own.person.role, right):
        return [own.person]
    return people.with_right(box.db.read(), right)


def _person(box: Box, right: Right) -> int:
    able = [person.no for person in _able(box, right)]
    if not able:
        raise missing(right)
    chosen = request.form.get("who", 0, type=int)
    return chosen if chosen in able else able[0]


def _left_words(box: Box, person: int) -> str:
    left = staff_pin.tries_left(box.db.read(), box.now_ms(), person)
    if left == 0:
        return f"It is locked now; try again in {_LOCK_MINUTES} minutes."
    words = "One try is" if left == 1 else f"{left} tries are"
    return f"{words} left before it is locked for {_LOCK_MINUTES} minutes."
