"""Why a new life of a database begins, and the numbers it may use. Pure: the dice are given."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

#: Epochs are numbered below this, so that an event's key stays below 2^62 (design: ids packed into one integer).
EPOCH_NO_LIMIT = 1 << 22

#: Sales, attempts and grants of a new epoch begin at a multiple of this, below the limit while there is room.
NUMBER_STEP = 1_000_000
NUMBER_LIMIT = 1_000_000_000_000

#: How much of the room that is left one new epoch may skip: thousands of choices, and still room after two hundred of them.
_SHARE = 32


class Cause(StrEnum):
    """Why a database began a new epoch; the `reason` of its first event."""

    MOVED = "moved"
    """It lies on another board, file system or inode than before, or nobody knows where it lay."""

    PUT_BACK = "put_back"
    """A witness saw more of the journal, or another one, than the database holds."""

    REFUSED = "refused"
    """The cloud could not take its events in their places."""


def next_epoch_no(highest: int, below: Callable[[int], int]) -> int:
    """Choose the number of a new epoch above `highest`, by `below(n)`, a random number under n.

    A branch of this database that was lost may have opened an epoch too: names sealed from its number
    must open nothing here, so the number is not simply the next.
    """
    return highest + 1 + below(max(1, (EPOCH_NO_LIMIT - 1 - highest) // _SHARE))


def first_number(highest: int, below: Callable[[int], int]) -> int:
    """Choose where the sales, attempts and grants of a new epoch begin: above `highest`, for the same reason."""
    least = (highest // NUMBER_STEP + 1) * NUMBER_STEP
    return least + NUMBER_STEP * below(max(1, (NUMBER_LIMIT - least) // NUMBER_STEP // _SHARE))
