"""How much of a sale one payment takes: all that is due, or a part that somebody named, in at most four payments."""

from __future__ import annotations

from stall.errors import Refused
from stall.flows.settle import paid_so_far
from stall.store import attempts
from stall.store.db import Tx
from stall.store.sales import Sale

#: A receipt names at most so many payments (docs/protocol.md, receipt).
MOST = 4


def due_of(tx: Tx, sale: Sale) -> int:
    """What is still to pay of a sale, in minor units; below zero where the stall pays out."""
    return sale.total_minor - paid_so_far(tx, sale.no)


def to_take(tx: Tx, sale: Sale, part_minor: int | None) -> int:
    """What this payment takes: what is due, or the part of it that was named (minor units, above zero).

    Raises Refused `part-wrong`, `parts-too-many`.
    """
    return _part(tx, sale, due_of(tx, sale), part_minor)


def to_give(tx: Tx, sale: Sale, part_minor: int | None) -> int:
    """What of the money that a sale owes goes out now: all of it, or the part that was named; as `to_take`."""
    return _part(tx, sale, -due_of(tx, sale), part_minor)


def _part(tx: Tx, sale: Sale, due: int, part_minor: int | None) -> int:
    if part_minor is None or part_minor == due:
        return due
    if not 0 < part_minor < due:
        raise Refused(
            "part-wrong", "A part is more than nothing and less than what is due. Type it again, or take the rest."
        )
    if len(attempts.standing(attempts.of_sale(tx.conn, sale.no))) >= MOST - 1:
        raise Refused("parts-too-many", "A sale is paid in four parts at most. Take all of the rest with this one.")
    return part_minor
