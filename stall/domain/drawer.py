"""The cash drawer: what its notes and coins are worth, why cash goes in and out of it, and counting it. Pure, in minor units."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from stall.domain import money
from stall.errors import Refused

#: Notes and coins of each currency, the largest first, in minor units: those a stall meets, as their central banks list them.
PIECES: Mapping[str, tuple[int, ...]] = {
    "EUR": (20000, 10000, 5000, 2000, 1000, 500, 200, 100, 50, 20, 10, 5, 2, 1),
    "CHF": (100000, 20000, 10000, 5000, 2000, 1000, 500, 200, 100, 50, 20, 10, 5),
    "GBP": (5000, 2000, 1000, 500, 200, 100, 50, 20, 10, 5, 2, 1),
    "USD": (10000, 5000, 2000, 1000, 500, 200, 100, 50, 25, 10, 5, 1),
    "DKK": (100000, 50000, 20000, 10000, 5000, 2000, 1000, 500, 200, 100, 50),
    "SEK": (100000, 50000, 20000, 10000, 5000, 2000, 1000, 500, 200, 100),
    "NOK": (100000, 50000, 20000, 10000, 5000, 2000, 1000, 500, 100),
    "PLN": (50000, 20000, 10000, 5000, 2000, 1000, 500, 200, 100, 50, 20, 10, 5, 2, 1),
    "CZK": (500000, 200000, 100000, 50000, 20000, 10000, 5000, 2000, 1000, 500, 200, 100),
    "JPY": (10000, 5000, 2000, 1000, 500, 100, 50, 10, 5, 1),
}

#: More of one piece than this no drawer holds.
MOST_PIECES = 10_000


class Way(StrEnum):
    """What happened to the drawer without a sale."""

    FLOAT = "float"
    IN = "in"
    OUT = "out"
    COUNT = "count"


REASONS: Mapping[Way, tuple[str, ...]] = {
    Way.IN: ("change", "other"),
    Way.OUT: ("to the bank", "supplies", "tips paid out", "change", "other"),
}
"""Why cash is paid in or out; what else there is to say stands in words that can be erased."""


def of_currency(cur: str) -> tuple[int, ...]:
    """The notes and coins of a currency, the largest first. Raises Refused `currency-unknown`."""
    money.exponent_of(cur)
    return PIECES[cur]


def counted(pieces: Mapping[int, int], cur: str) -> int:
    """What so many of each piece are worth together. Raises Refused `count-piece`, `count-too-many`, `amount-too-large`."""
    known = of_currency(cur)
    for worth, count in pieces.items():
        if worth not in known:
            raise Refused(
                "count-piece", "One of the pieces counted is no note or coin of this currency. Open the page again."
            )
        if not 0 <= count <= MOST_PIECES:
            raise Refused(
                "count-too-many",
                f"No drawer holds {count} pieces of {money.text(worth, cur)}. Look at that number again.",
            )
    total = sum(worth * count for worth, count in pieces.items())
    if total > money.LIMIT_MINOR:
        raise Refused(
            "amount-too-large", "That is above the largest amount this box can take. Look at the numbers again."
        )
    return total


def read_count(text: str) -> int:
    """Read how many pieces were counted; nothing typed means none. Raises Refused `count-malformed`."""
    typed = text.strip()
    if not typed:
        return 0
    if not (typed.isascii() and typed.isdecimal() and len(typed) <= len(str(MOST_PIECES))):
        raise Refused(
            "count-malformed", f"“{typed[:20]}” is not a number of pieces. Type digits only, or leave it empty."
        )
    return int(typed)


def check_reason(way: Way, reason: str) -> None:
    """Refuse a reason that is not one of the list. Raises Refused `drawer-reason`."""
    if reason not in REASONS.get(way, ("",)):
        raise Refused("drawer-reason", "Choose why the cash goes in or out, then press again.")
