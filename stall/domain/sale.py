"""What a sale adds up to: lines, VAT per rate, change. Pure arithmetic in minor units."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from stall.domain import money
from stall.domain.product import spread
from stall.errors import Refused

#: A receipt holds at most this many items (docs/protocol.md, receipt).
MAX_LINES = 200
#: And as many rates of VAT.
MAX_RATES = 20


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a sale; `minor` is its total including VAT, after the discount `disc`. What is taken back is below zero.

    `product` is what it sells that is no drop, `bundle` the product it was sold as a part of, `of_line` the line of another
    sale that it takes back (numbers of the box).
    """

    n: int
    title: str
    qty: int
    minor: int
    vat_bp: int
    pack: int | None = None
    ed: int | None = None
    sku: str | None = None
    disc: int = 0
    product: int | None = None
    bundle: int | None = None
    of_line: int | None = None

    @property
    def list_minor(self) -> int:
        """What it costs without the discount, in minor units."""
        return self.minor + self.disc


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


def discounted(lines: Sequence[Line], disc_minor: int, lasting: Sequence[int] | None = None) -> list[Line]:
    """The same lines with one discount over all of them, in place of any they had but what of it is `lasting`, line by line.

    It is spread in proportion to what each costs without, and so over the rates of VAT; what is taken back gets none.
    Raises Refused `discount-too-large` when it is more than there is to discount, `discount-negative` below zero.
    """
    kept = [0] * len(lines) if lasting is None else lasting
    shares = [max(line.list_minor - disc, 0) for line, disc in zip(lines, kept, strict=True)]
    check_discount(disc_minor, sum(shares))
    parts = [disc + more for disc, more in zip(kept, spread(disc_minor, shares), strict=True)]
    return [replace(line, minor=line.list_minor - disc, disc=disc) for line, disc in zip(lines, parts, strict=True)]


def check_discount(disc_minor: int, worth_minor: int) -> None:
    """Refuse a discount below zero, or above what it is taken off. Raises Refused `discount-negative`, `discount-too-large`."""
    if disc_minor < 0:
        raise Refused("discount-negative", "A discount cannot make something dearer. Type it without a minus.")
    if disc_minor > worth_minor:
        raise Refused("discount-too-large", "The discount is more than the price. Type a smaller one, or give it free.")


def percent_of(minor: int, basis_points: int) -> int:
    """A part of an amount in hundredths of a percent, half a unit rounded up; of nothing or less, nothing."""
    return (max(minor, 0) * basis_points * 2 + 10_000) // 20_000


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
