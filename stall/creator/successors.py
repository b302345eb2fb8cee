"""A new version of a drop against the one before it: what it changes for buyers, and what it may not.

Compares and refuses; signs nothing. What the wire forbids of versions stands in `stall.wire.manifest`.
"""

from __future__ import annotations

from collections.abc import Mapping

from stall.creator import ranges
from stall.creator.delegations import allocates
from stall.creator.ledger import Ledger
from stall.domain import money
from stall.errors import Refused
from stall.wire.manifest import Drop, Manifest, Price

Terms = tuple[Drop, tuple[Price, ...]]
"""What buyers are told of a drop, and what it costs."""

_SHOWN = 60  # of a long description


def changes(old: Manifest, new: Terms) -> list[str]:
    """Say each term that is another in the new version, like `title: Night → Day`."""
    before, after = _words((old.drop, old.price)), _words(new)
    return [f"{term}: {_short(before[term])} → {_short(after[term])}" for term in before if before[term] != after[term]]


def check_title(old: Manifest, drop: Drop) -> None:
    """Refuse to call a limited drop by another title: most often it is another drop's pack that stands in --after.

    Raises Refused `pack-renamed`.
    """
    if old.drop.edition is not None and old.drop.title != drop.title:
        raise Refused(
            "pack-renamed",
            f"This version would call the limited drop “{old.drop.title}” “{drop.title}” from now on. If it is another"
            " drop, give --after its own pack, or leave --after out; if that is what you want, add --rename.",
        )


def check_edition(book: Ledger, old: Manifest | None, drop: Drop) -> None:
    """Refuse an edition below a number that is leased: a box may have sold it, and its buyer was promised it.

    Raises Refused `pack-edition-leased`, `pack-edition-cloud`.
    """
    if drop.edition is None:
        return
    leased = ranges.joined(part for row in book.leases(drop.id) for part in row.ranges)
    beyond = ranges.without(leased, [(1, drop.edition)])
    if beyond:
        raise Refused(
            "pack-edition-leased",
            f"An edition of {drop.edition} leaves out numbers of “{drop.title}” that are leased and may be sold:"
            f" {ranges.text(beyond)}. Give --edition {leased[-1][1]} or more.",
        )
    before = old.drop.edition if old else None
    if before is not None and drop.edition < before and not allocates(book, drop.id):
        raise Refused(
            "pack-edition-cloud",
            f"A cloud leases the numbers of “{drop.title}”, and which of them is not known here. Give --edition {before}.",
        )


def _words(terms: Terms) -> Mapping[str, str]:
    drop, price = terms
    return {
        "title": drop.title,
        "kind": drop.kind,
        "edition": str(drop.edition or "without numbers"),
        "price": ", ".join(map(_price, price)) or "none",
        "licence": drop.licence,
        "description": drop.listing.desc if drop.listing else "none",
    }


def _price(price: Price) -> str:
    return money.text(price.minor, price.cur) + (f" for {price.cohort}" if price.cohort else "")


def _short(words: str) -> str:
    line = " ".join(words.split())
    return line if len(line) <= _SHOWN else f"{line[: _SHOWN - 1]}…"
