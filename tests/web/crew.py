"""The people of a stocked box for tests: one of each role, and one who left. Everybody has the stocked PIN."""

from __future__ import annotations

from functools import cache

from stall.domain.rights import Role
from stall.flows.staff_pin import HASHER
from stall.store import people
from stall.store.box import Box
from stall.store.db import Tx
from stall.store.people import Person
from tests.fakes.stock import PIN

MAKER, SELLER, BOOKKEEPER, LEFT = 1, 2, 3, 4
NUMBERS = {Role.MAKER: MAKER, Role.STAFF: SELLER, Role.BOOKKEEPER: BOOKKEEPER}


@cache
def pin_hash() -> str:
    """The hash of the stocked PIN, made once."""
    return HASHER.hash(PIN)


def hire(box: Box) -> None:
    """Add somebody of each role beside the maker, and one who does not work here any more."""

    def add(tx: Tx) -> None:
        people.add(tx, "Seller", Role.STAFF, pin_hash())
        people.add(tx, "Books", Role.BOOKKEEPER, pin_hash())
        left = people.add(tx, "Gone", Role.MAKER, pin_hash())
        people.change(tx, Person(left, Role.MAKER, "Gone", active=False))

    box.write("payment", add)
