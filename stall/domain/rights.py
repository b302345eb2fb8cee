"""Who may do what at the till: roles, rights, and the one table that says which role has which.

A page or an action names the right it needs (`stall.web.till.routes`); nothing is allowed that stands in no row here.
"""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What somebody is at this stall."""

    MAKER = "maker"
    STAFF = "staff"
    BOOKKEEPER = "bookkeeper"


class Right(StrEnum):
    """What a page or an action needs. `ENTER` is everybody's, signed in or not; `SIGNED` that of whoever is signed in."""

    ENTER = "enter"
    SIGNED = "signed"
    SELL = "sell"
    GIVE_BACK = "give_back"
    GIVE_BACK_OPENED = "give_back_opened"
    GIVE_FREE = "give_free"
    DECIDE = "decide"
    SHIFT = "shift"
    DRAWER = "drawer"
    TERMINAL = "terminal"
    READ_DAY = "read_day"
    EXPORT = "export"
    TRAIL = "trail"
    DROPS = "drops"
    PRODUCTS = "products"
    CLOCK = "clock"
    POWER = "power"
    PEOPLE = "people"
    DEVICES = "devices"


_EVERYBODY = frozenset(Role)
_SELLERS = frozenset({Role.MAKER, Role.STAFF})
_READERS = frozenset({Role.MAKER, Role.BOOKKEEPER})
_MAKER = frozenset({Role.MAKER})

#: Which roles have a right.
HOLDERS: dict[Right, frozenset[Role]] = {
    Right.ENTER: _EVERYBODY,
    Right.SIGNED: _EVERYBODY,
    Right.SELL: _SELLERS,
    Right.GIVE_BACK: _SELLERS,
    Right.GIVE_BACK_OPENED: _MAKER,
    Right.GIVE_FREE: _MAKER,
    Right.DECIDE: _MAKER,
    Right.SHIFT: _SELLERS,
    Right.DRAWER: _MAKER,
    Right.TERMINAL: _SELLERS,
    Right.READ_DAY: _READERS,
    Right.EXPORT: _READERS,
    Right.TRAIL: _READERS,
    Right.DROPS: _MAKER,
    Right.PRODUCTS: _MAKER,
    Right.CLOCK: _MAKER,
    Right.POWER: _MAKER,
    Right.PEOPLE: _MAKER,
    Right.DEVICES: _MAKER,
}

#: What a right is for, as a page says it.
WORDS: dict[Right, str] = {
    Right.ENTER: "open the sign-in page",
    Right.SIGNED: "see how the stall stands, lock the screen, change one's own PIN, sign out",
    Right.SELL: "sell, and see the last sales",
    Right.GIVE_BACK: "give back what was not downloaded",
    Right.GIVE_BACK_OPENED: "give back what was downloaded",
    Right.GIVE_FREE: "give a sale free",
    Right.DECIDE: "decide what became of an unclear payment",
    Right.SHIFT: "open and close the shift",
    Right.DRAWER: "pay money into and out of the drawer, and open it without a sale",
    Right.TERMINAL: "ask the card terminal for its end of day, its last slip or its state",
    Right.READ_DAY: "read the day and its reports",
    Right.EXPORT: "export the books and the journal",
    Right.TRAIL: "read the trail of who did what",
    Right.DROPS: "open and close drops",
    Right.PRODUCTS: "change what is for sale",
    Right.CLOCK: "set the clock",
    Right.POWER: "switch the box off and start it again",
    Right.PEOPLE: "add and change people",
    Right.DEVICES: "enrol and end phones and tablets",
}

#: The page a role begins at.
HOME = {Role.MAKER: "/", Role.STAFF: "/", Role.BOOKKEEPER: "/day"}


def has(role: str, right: Right) -> bool:
    """Whether a role has a right; a role nobody knows has none."""
    return role in HOLDERS[right]


def roles_with(right: Right) -> tuple[Role, ...]:
    """The roles that have a right, in the order of `Role`."""
    return tuple(role for role in Role if role in HOLDERS[right])
