"""Refunds, voids, exchanges and declines against the receipt they take back: never more than was bought (design 6, 7).

Judges documents that others have verified, each with its delegation; reads no clock.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from stall.errors import WireError
from stall.wire import jws
from stall.wire.decline import Decline
from stall.wire.receipt import RECEIPT, VOID, Item, Receipt

Part = tuple[str | None, int | None, str | None]
"""What a line is of: drop, number, article."""

Sibling = tuple[str, Receipt]
"""A refund, void or exchange with its type."""


def check(original: Receipt, typ: str, sibling: Receipt, earlier: Sequence[Sibling] = ()) -> None:
    """Check that a refund, void or exchange (`typ`) takes back what `original` sold and the `earlier` ones left.

    Raises WireError `receipt-refers-itself` or `takeback-…`.
    """
    _check_reference(original, sibling)
    taken, money = _taken(original, earlier)
    bought, worth = _bought(original)
    for item in returned(typ, sibling):
        part = _part(item)
        if part not in bought:
            raise WireError(
                "takeback-not-bought", "It takes back what its receipt did not sell. Look for the right receipt."
            )
        taken[part] += item.qty
        money[part] -= item.minor
        if taken[part] > bought[part]:
            raise WireError("takeback-twice", "It takes back more copies than are left to take back. Do not pay twice.")
        if money[part] > worth[part]:
            raise WireError("takeback-too-much", "It gives back more money than was paid for it. Do not pay it out.")
    tips = -sum(one.tip for _, one in [*earlier, (typ, sibling)] if one.tip < 0)
    if tips > max(original.tip, 0):
        raise WireError("takeback-tip", "It gives back more than the tip that was given. Do not pay it out.")
    if typ == VOID and taken != bought:
        raise WireError("takeback-part", "A void takes back all that is left of a sale. Write a refund for a part.")


def returned(typ: str, sibling: Receipt) -> list[Item]:
    """List the lines that take something back: all of a refund or void, those below 0 of a drop in an exchange.

    What else stands below 0 in an exchange, as a deposit, may have been bought anywhere.
    """
    return [item for item in sibling.items if typ != RECEIPT or (item.minor < 0 and item.drop is not None)]


def check_decline(original: Receipt, token: str, decline: Decline) -> None:
    """Check that a decline refuses a stored payment of `original`, whose token is `token`, whole. Raises WireError."""
    if (decline.box, decline.ref, decline.rcpt) != (original.iss, original.jti, jws.token_hash(token)):
        raise WireError("decline-other-receipt", "The decline is for another receipt. Add the one it names.")
    if decline.pay >= len(original.pay) or original.pay[decline.pay].st != "stored":
        raise WireError("decline-not-stored", "The decline is for a payment that was not read offline. Ask the cloud.")
    tender = original.pay[decline.pay]
    if (decline.cur, decline.minor) != (tender.cur, tender.minor):
        raise WireError("decline-amount", "The decline is for another amount than was to be paid. Ask the cloud.")
    sold = {(item.drop, item.ed) for item in original.items if item.minor >= 0}
    if any((item.drop, item.ed) not in sold for item in decline.items or ()):
        raise WireError("decline-not-bought", "The decline names a copy its receipt did not sell. Ask the cloud.")


def _check_reference(original: Receipt, sibling: Receipt) -> None:
    if sibling.jti == original.jti:  # the same document twice
        raise WireError("receipt-refers-itself", "A receipt cannot take itself back. Sign it again.")
    if sibling.iss != original.iss:
        raise WireError("takeback-other-box", "Another box sold it. Only the box that sold it takes it back.")
    if sibling.ref != original.jti:
        raise WireError("takeback-other-receipt", "It takes back another receipt. Add the one it names.")
    if sibling.pay[0].cur != original.pay[0].cur:
        raise WireError("takeback-currency", "It gives back another currency than was paid. Sign it again.")
    if sibling.epoch == original.epoch and sibling.seq <= original.seq:
        raise WireError("takeback-before", "It stands in the journal before what it takes back. Do not rely on it.")


def _part(item: Item) -> Part:
    return item.drop, item.ed, item.sku


def _bought(original: Receipt) -> tuple[Counter[Part], Counter[Part]]:
    """How many copies of each part were sold, and for how much."""
    copies: Counter[Part] = Counter()
    worth: Counter[Part] = Counter()
    for item in original.items:
        if item.minor >= 0:
            copies[_part(item)] += item.qty
            worth[_part(item)] += item.minor
    return copies, worth


def _taken(original: Receipt, earlier: Iterable[Sibling]) -> tuple[Counter[Part], Counter[Part]]:
    """How many copies of each part, and how much for them, others gave back before."""
    copies: Counter[Part] = Counter()
    money: Counter[Part] = Counter()
    for typ, one in earlier:
        if (one.iss, one.ref) == (original.iss, original.jti):
            for item in returned(typ, one):
                copies[_part(item)] += item.qty
                money[_part(item)] -= item.minor
    return copies, money
