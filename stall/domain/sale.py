"""What a sale adds up to: lines, VAT per rate, change. Pure arithmetic in minor units."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from stall.domain import money
from stall.errors import Refused

#: A receipt holds at most this many items (docs/protocol.md, receipt).
MAX_LINES = 200


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a sale; `minor` is its total including VAT, after any discount."""

    n: int
    title: str
    qty: int
    minor: int
    vat_bp: int
    pack: int | None = None
    ed: int | None = None
    sku: str | None = None


@dataclass(frozen=True, slots=True)
class TaxShare:
    """What one VAT rate contributes to a sale, in minor units."""

    rate_bp: int
    net: int
    vat: int


def total(lines: Iterable[Line]) -> int:
    """Add up the lines, in minor units."""
    return sum(line.minor for line in lines)


def tax_shares(lines: Sequence[Line]) -> tuple[TaxShare, ...]:
    """Split the turnover by VAT rate, rates rising.

    VAT is computed once per rate on the sum of that rate, not line by line, so that many small
    lines do not drift by many half cents.
    """
    gross: dict[int, int] = {}
    for line in lines:
        gross[line.vat_bp] = gross.get(line.vat_bp, 0) + line.minor
    return tuple(TaxShare(rate, *money.share_of_vat(gross[rate], rate)) for rate in sorted(gross))


def change(due_minor: int, given_minor: int, cur: str) -> int:
    """Say what to hand back. Raises Refused `cash-short` when less than the amount due was given."""
    if given_minor < due_minor:
        missing = money.text(due_minor - given_minor, cur)
        raise Refused("cash-short", f"{missing} is missing. Take the rest or cancel the sale.")
    return given_minor - due_minor


def note_buttons(due_minor: int) -> tuple[int, ...]:
    """Offer the amounts a buyer is likely to hand over, smallest first, for a two-decimal currency.

    The exact amount comes first; then the next round sums that single notes make.
    """
    steps = (500, 1000, 2000, 5000, 10_000)
    rounded = {-(-due_minor // step) * step for step in steps}
    return (due_minor, *sorted(amount for amount in rounded if amount > due_minor)[:4])
