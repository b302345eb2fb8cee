"""Sign in, lock, unlock and sign out. One answer to every wrong try: an unknown person, a wrong PIN and a locked one look the same.

A try is counted before its PIN is compared, which happens between two transactions, outside the door.
"""

from __future__ import annotations

from dataclasses import dataclass

from stall.errors import Refused
from stall.flows import staff_pin
from stall.flows.tell_of_staff import Deed, tell
from stall.store import people, sessions, tries
from stall.store.acting import Actor, acting
from stall.store.db import Tx
from stall.store.sessions import Session


@dataclass(frozen=True, slots=True)
class Try:
    """A try that was counted: of whom, on which device, and the hash to compare with. What is not `open` is never right.

    Where the device was `shut` before, nothing was counted.
    """

    person: int
    device: int | None
    pin_hash: str
    open: bool
    shut: bool = False


def place_of(device: int | None) -> str:
    """What the wrong tries on a device are counted under; None is the box itself."""
    return "here" if device is None else f"device {device}"


def begin_try(tx: Tx, person: int, device: int | None) -> Try:
    """Count a try of a person on a device."""
    found = people.find(tx.conn, person)
    here = tries.count(tx, place_of(device), staff_pin.DEVICE_TRIES, staff_pin.LOCK_MS)
    if found is None or not found.active:
        return Try(person, device, staff_pin.NOBODY, open=False, shut=not here)
    unlocked = not staff_pin.is_locked(tx.conn, person, tx.now_ms)
    if unlocked and here:
        staff_pin.count(tx, person)
    return Try(person, device, _hash_of(tx, person), open=unlocked and here, shut=not here)


def _hash_of(tx: Tx, person: int) -> str:
    return str(tx.conn.execute("SELECT pin_hash FROM staff WHERE no = ?", (person,)).fetchone()[0])


def is_right(made: Try, pin: str) -> bool:
    """Compare the PIN, which takes as long for whoever is unknown. Never inside the door."""
    same = staff_pin.matches(made.pin_hash, pin)
    return same and made.open


def fail(tx: Tx, made: Try) -> None:
    """Write down a wrong try, without what was typed; on a device that is shut, none: else whoever holds it fills the journal."""
    if made.shut:
        return
    known = people.find(tx.conn, made.person) is not None
    shut = known and staff_pin.is_locked(tx.conn, made.person, tx.now_ms)
    with acting(tx, None):  # whoever typed it, it was not proved to be them
        tell(tx, Deed.SHUT_OUT if shut else Deed.WRONG_PIN, person=made.person if known else None, device=made.device)


def sign_in(tx: Tx, made: Try, ending: bytes | None = None) -> bytes:
    """Begin a session after a right PIN and return its token; the browser's session before it (`ending`) is over.

    Raises Refused `signed-out` where the person left, or was given another PIN, while this one was compared.
    """
    found = people.find(tx.conn, made.person)
    if found is None or not found.active or _hash_of(tx, made.person) != made.pin_hash:
        raise Refused("signed-out", "Nobody is signed in here. Sign in, then do it again.")
    staff_pin.forgive(tx, made.person, place_of(made.device))
    if ending is not None:
        sessions.end(tx, ending)
    with acting(tx, Actor(made.person, made.device)):
        tell(tx, Deed.SIGNED_IN)
    return sessions.begin(tx, made.person, made.device)


def lock(tx: Tx, session: Session) -> None:
    """Lock the screen, once."""
    if sessions.lock(tx, session.digest):
        with acting(tx, Actor(session.person.no, session.device)):
            tell(tx, Deed.LOCKED)


def unlock(tx: Tx, session: Session) -> None:
    """Open the screen again after a right PIN."""
    staff_pin.forgive(tx, session.person.no, place_of(session.device))
    sessions.unlock(tx, session.digest)
    with acting(tx, Actor(session.person.no, session.device)):
        tell(tx, Deed.UNLOCKED)


def sign_out(tx: Tx, session: Session) -> None:
    """End a session."""
    sessions.end(tx, session.digest)
    with acting(tx, Actor(session.person.no, session.device)):
        tell(tx, Deed.SIGNED_OUT)
