"""What the stall sells that is no drop: things handed over, bundles, vouchers, deposits. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

#: How the name of a voucher begins on a receipt; behind it stands its number. Nothing else may be called so.
VOUCHER = "voucher/"


class ProductKind(StrEnum):
    """What selling it means: a thing is handed over, a bundle is sold as its parts, a voucher is a debt, a deposit comes back."""

    ITEM = "item"
    BUNDLE = "bundle"
    VOUCHER = "voucher"
    DEPOSIT = "deposit"


def is_voucher(sku: str | None) -> bool:
    """Whether a line's article is a voucher: money owed, no turnover."""
    return sku is not None and sku.startswith(VOUCHER)


def spread(total_minor: int, shares: Sequence[int]) -> list[int]:
    """Split an amount over shares in their proportion, to the cent: the largest remainders get what is left, first come first.

    With nothing to go by (all shares 0) the first one takes it all. The parts add up to the amount always, and no part is of
    another sign than the amount. Shares are 0 or more.
    """
    whole = sum(shares)
    if not shares:
        return []
    if whole == 0:
        return [total_minor, *[0] * (len(shares) - 1)]
    sign, amount = (-1 if total_minor < 0 else 1), abs(total_minor)
    parts = [amount * share // whole for share in shares]
    by_rest = sorted(range(len(shares)), key=lambda n: (-(amount * shares[n] % whole), n))
    for n in by_rest[: amount - sum(parts)]:
        parts[n] += 1
    return [sign * part for part in parts]


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a bundle: what a single one costs alone (minor units), and how many of it a bundle has."""

    price_minor: int
    qty: int


def bundle_prices(price_minor: int, parts: Sequence[Part]) -> list[int]:
    """What each part of a bundle costs in it, for all its pieces: the price split in proportion to what they cost alone."""
    return spread(price_minor, [part.price_minor * part.qty for part in parts])
