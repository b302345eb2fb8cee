"""What is left of the sales in an exported journal after what was given back of them. Fed by `books`, in order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from stall.wire import receipt, takeback
from stall.wire.receipt import Item, Receipt
from stall.wire.takeback import Part


@dataclass
class Sold:
    """What one receipt sold and nobody gave back yet: copies and money by part, the tip."""

    sale: object
    jti: str
    copies: Counter[Part] = field(default_factory=Counter)
    money: Counter[Part] = field(default_factory=Counter)
    tip: int = 0
    void: bool = False

    @property
    def closed(self) -> bool:
        """Whether there were files and none of them is left."""
        files = [part for part in self.copies if part[0] is not None]
        return self.void or (bool(files) and not any(self.copies[part] for part in files))

    def take(self, typ: str, told: Receipt) -> list[Item] | None:
        """Take off what a paper gives back, and return those lines; None where that is more than is left."""
        back = takeback.returned(typ, told)
        for item in back:
            part = item.drop, item.ed, item.sku
            self.copies[part] -= item.qty
            self.money[part] += item.minor
            if self.copies[part] < 0 or self.money[part] < 0:
                return None
        self.tip += min(told.tip, 0)
        if self.tip < 0 or self.void or (typ == receipt.VOID and any(self.copies.values())):
            return None
        self.void = typ == receipt.VOID
        return back


def sold_by(sale: object, told: Receipt) -> Sold:
    """What a receipt sold."""
    sold = Sold(sale, told.jti, tip=max(told.tip, 0))
    for item in told.items:
        if item.minor >= 0:
            sold.copies[item.drop, item.ed, item.sku] += item.qty
            sold.money[item.drop, item.ed, item.sku] += item.minor
    return sold


@dataclass
class Payment:
    """A payment that was taken, and what of it was not given back; minor units."""

    sale: object
    tender: str
    left: int


@dataclass
class Payments:
    """The payments of a journal by their number."""

    taken: dict[object, Payment] = field(default_factory=dict)

    def take(self, number: object, sale: object, tender: str, minor: int) -> None:
        """Remember a payment that was taken."""
        self.taken[number] = Payment(sale, tender, minor)

    def give(self, of: object, tender: str, minor: int) -> object | None:
        """Give money of a payment back; the sale it was taken for, None where there is no such payment or not so much left."""
        found = self.taken.get(of)
        if found is None or found.tender != tender or found.left < minor:
            return None
        found.left -= minor
        return found.sale


def own_money(parts: Sequence[tuple[str, int]], told: Receipt) -> bool:
    """Whether a receipt names just these payments."""
    return sorted(parts) == sorted((part.m, part.minor) for part in told.pay)
