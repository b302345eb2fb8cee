"""Add and change the people of a stall, and give them PINs. Names stand in the table only; the journal has numbers and roles."""

from __future__ import annotations

import dataclasses

from stall.domain.rights import Role
from stall.errors import Refused
from stall.flows import staff_pin
from stall.flows.tell_of_staff import Deed, tell
from stall.store import people, sessions
from stall.store.db import Tx
from stall.store.people import Person

NAME_CHARS = 40


def read_name(text: str) -> str:
    """A name as somebody typed it. Raises Refused `name-malformed` unless it is 1 to 40 printable characters."""
    name = " ".join(text.split())
    if not (1 <= len(name) <= NAME_CHARS and name.isprintable()):
        raise Refused("name-malformed", "A name is 1 to 40 characters on one line. Shorten it.")
    return name


def read_role(text: str) -> Role:
    """A role by its word. Raises Refused `role-unknown`."""
    try:
        return Role(text)
    except ValueError as error:
        raise Refused("role-unknown", f"A person is {', '.join(Role)}. Choose one of these.") from error


def add_person(tx: Tx, name: str, role: Role, pin_hash: str) -> int:
    """Add somebody with a PIN, given as its argon2 hash; return their number. Raises Refused `name-taken`."""
    _check_free(tx, name, 0)
    no = people.add(tx, name, role, pin_hash)
    tell(tx, Deed.ADDED, person=no, role=role.value, active=True)
    return no


def change_person(
    tx: Tx, no: int, *, name: str | None = None, role: Role | None = None, active: bool | None = None
) -> None:
    """Change what is given. With another role, or gone, somebody's sessions end.

    Raises Refused `person-unknown`, `name-taken`, `last-maker`.
    """
    before = get(tx, no)
    after = dataclasses.replace(
        before,
        name=before.name if name is None else name,
        role=before.role if role is None else role,
        active=before.active if active is None else active,
    )
    if after == before:
        return
    _check_free(tx, after.name, no)
    if before.role is Role.MAKER and before.active and not (after.role is Role.MAKER and after.active):
        _check_other_maker(tx, no)
    people.change(tx, after)
    if (after.role, after.active) != (before.role, before.active):
        sessions.end_of_person(tx, no)
    tell(tx, Deed.CHANGED, person=no, role=after.role.value, active=after.active)


def set_own_pin(tx: Tx, no: int, pin_hash: str, keep: bytes | None = None) -> None:
    """Give a person a new PIN; their sessions end, but for one to `keep`. Raises Refused `person-unknown`."""
    get(tx, no)
    people.set_pin_hash(tx, no, pin_hash)
    sessions.end_of_person(tx, no, but=keep)
    tell(tx, Deed.NEW_PIN, person=no)


def get(tx: Tx, no: int) -> Person:
    """One person. Raises Refused `person-unknown`."""
    found = people.find(tx.conn, no)
    if found is None:
        raise staff_pin.unknown()
    return found


def _check_free(tx: Tx, name: str, besides: int) -> None:
    taken = any(person.name.casefold() == name.casefold() for person in people.working(tx.conn) if person.no != besides)
    if taken:
        raise Refused("name-taken", "Somebody here has that name already. Add a letter, so that both find theirs.")


def _check_other_maker(tx: Tx, no: int) -> None:
    if not any(person.role is Role.MAKER and person.no != no for person in people.working(tx.conn)):
        raise Refused("last-maker", "This is the last maker of this stall. Make somebody else a maker first.")
