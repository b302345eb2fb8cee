"""What comes back of a line that was sold: its share to the cent, and how far its files are out already. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum

#: Why what was opened comes back all the same: a word for the journal, and how the till says it.
REASONS: Mapping[str, str] = {
    "faulty": "It is damaged or does not open",
    "mistake": "The wrong item was sold",
    "twice": "It was paid twice",
    "goodwill": "Goodwill",
}


class Out(IntEnum):
    """How far the files of a line are out; `NOTHING` has no files."""

    NOTHING = 0
    CLOSED = 1
    OPENED = 2
    DOWNLOADED = 3


def share(minor: int, of_qty: int, before: int, qty: int) -> int:
    """What `qty` of `of_qty` copies are worth, of which `before` came back earlier; `minor` is what all of them cost.

    However it is divided, all parts together are `minor`, and no part is of another sign.
    """
    return _upto(minor, of_qty, before + qty) - _upto(minor, of_qty, before)


def _upto(minor: int, of_qty: int, count: int) -> int:
    """The part of the first `count` copies, half a unit rounded away from zero."""
    sign = -1 if minor < 0 else 1
    return sign * ((2 * abs(minor) * count + of_qty) // (2 * of_qty))
