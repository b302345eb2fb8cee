"""What the stall sells that is no drop: things handed over, bundles, vouchers, deposits. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from stall.errors import Refused

#: How the name of a voucher begins on a receipt; behind it stands its number. Nothing else may be called so.
VOUCHER = "voucher/"

#: The most pieces of a thing that are counted, and what is few enough to be said at its tile.
MOST_STOCK, FEW = 1_000_000, 5
_VAT = re.compile(r"([0-9]{1,3})(?:[.,]([0-9]{1,2}))?\s*%?", re.ASCII)
_STOCK = re.compile(r"-?[0-9]{1,7}", re.ASCII)
_NAME_MAX = 60


class ProductKind(StrEnum):
    """What selling it means: a thing is handed over, a bundle is sold as its parts, a voucher is a debt, a deposit comes back."""

    ITEM = "item"
    BUNDLE = "bundle"
    VOUCHER = "voucher"
    DEPOSIT = "deposit"


def is_voucher(sku: str | None) -> bool:
    """Whether a line's article is a voucher: money owed, no turnover."""
    return sku is not None and sku.startswith(VOUCHER)


def read_vat(text: str) -> int:
    """Read a rate of VAT in percent as people type it (`19`, `5.5`, `7 %`) into basis points. Raises Refused `product-vat`."""
    found = _VAT.fullmatch(text.strip())
    rate = -1 if found is None else int(found[1]) * 100 + int((found[2] or "0").ljust(2, "0"))
    if not 0 <= rate <= 10_000:  # noqa: PLR2004 - a whole, in basis points
        raise Refused("product-vat", f"“{text}” is no rate of VAT in percent. Write it like 19 or 5.5.")
    return rate


def read_stock(text: str) -> int:
    """Read how many pieces there are. Raises Refused `product-stock`."""
    plain = text.strip()
    if _STOCK.fullmatch(plain) is None or abs(int(plain)) > MOST_STOCK:
        raise Refused("product-stock", f"“{text}” is no number of pieces. Write it like 40, or leave it empty.")
    return int(plain)


def stock_words(stock: int | None) -> str:
    """What a tile says of how many are left: nothing while there are plenty, or nobody counts them."""
    if stock is None or stock > FEW:
        return ""
    return f"{stock} left" if stock > 0 else "None left"


def sku_of(title: str) -> str:
    """Make a product's name on receipts from its title: `Größe M, blue` gives `grosse-m-blue`; `product` where no letter is Latin."""
    plain = unicodedata.normalize("NFKD", title.casefold()).encode("ascii", "ignore").decode()
    return "-".join(re.findall(r"[a-z0-9]+", plain))[:_NAME_MAX].strip("-") or "product"


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
