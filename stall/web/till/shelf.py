"""What the till offers, as tiles: drops and products together, the drops first; and which of them a search finds."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from stall.domain import money
from stall.domain.drop import Offer
from stall.domain.product import ProductKind
from stall.store import catalogue, epochs, products
from stall.store.catalogue import DropCard
from stall.store.products import Product
from stall.web import words


@dataclass(frozen=True, slots=True)
class Tile:
    """One thing that can be pressed. `field` and `name` are the form's: `item` and a drop's id, or `product` and a sku.

    `asks`: its price is typed when it is sold. `back`: what a deposit gives back, as people write it.
    """

    field: str
    name: str
    title: str
    cover: str | None
    price: str
    facts: str
    on: bool
    asks: bool = False
    back: str | None = None
    also: str = ""

    @property
    def key(self) -> str:
        """What tells it from every other tile."""
        return f"{self.field}:{self.name}"


def tiles(conn: sqlite3.Connection, now_ms: int) -> list[Tile]:
    """Everything the till offers now, in its order."""
    drops = {card.drop_id: card for card in catalogue.cards(conn, now_ms)}
    frozen = epochs.frozen_drops(conn)
    things = products.on_sale(conn)
    return [
        *(_of_drop(card, now_ms, frozen=card.drop_id in frozen) for card in drops.values()),
        *(_of_product(conn, thing, drops) for thing in things),
    ]


def found(offered: Iterable[Tile], typed: str) -> list[Tile]:
    """The tiles that bear every word typed, in their title, their name or the names of their parts."""
    wanted = typed.casefold().split()
    return [
        tile for tile in offered if all(word in f"{tile.title} {tile.name} {tile.also}".casefold() for word in wanted)
    ]


def size_of(offered: Sequence[Tile]) -> str:
    """How large tiles are when there are so many: one, few, some or many."""
    return next((name for most, name in ((1, "one"), (4, "few"), (12, "some")) if len(offered) <= most), "many")


def _of_drop(card: DropCard, now_ms: int, *, frozen: bool) -> Tile:
    price = money.text(card.price_minor, card.cur) if card.price_minor else "Free"
    facts = _offer_words(card, now_ms, frozen=frozen)
    return Tile("item", card.drop_id, card.title, card.cover, price, facts, card.offer is Offer.OPEN)


def _offer_words(card: DropCard, now_ms: int, *, frozen: bool) -> str:
    match card.offer:
        case Offer.SOLD_OUT:
            return "Needs a new lease" if frozen else "Sold out"
        case Offer.EARLY:
            return "Not yet" if card.opens_ms is None else f"Opens {words.when(card.opens_ms, now_ms)}"
        case Offer.LATE:
            return "Over" if card.ended is None else "Closed for good"
        case Offer.PAUSED:
            return "Closed"
        case _:
            return "Open edition" if card.edition is None else f"{card.remaining} of {card.edition} left"


def _of_product(conn: sqlite3.Connection, thing: Product, drops: Mapping[str, DropCard]) -> Tile:
    asks = thing.price_minor is None
    price = "Any amount" if thing.price_minor is None else money.text(thing.price_minor, thing.cur)
    if thing.kind is ProductKind.BUNDLE:
        named, gone = _parts(conn, thing, drops)
        facts = f"{gone} not to be had" if gone else named
        return Tile("product", thing.sku, thing.title, thing.cover, price, facts, not gone, also=named)
    back = None
    if thing.kind is ProductKind.DEPOSIT and thing.price_minor is not None:
        back = money.text(-thing.price_minor, thing.cur)
    return Tile("product", thing.sku, thing.title, thing.cover, price, _facts(thing), on=True, asks=asks, back=back)


def _facts(thing: Product) -> str:
    return thing.left_words if thing.kind is ProductKind.ITEM else thing.kind.value.capitalize()


def _parts(conn: sqlite3.Connection, bundle: Product, drops: Mapping[str, DropCard]) -> tuple[str, str]:
    """What a bundle is made of, and the first of it that is not for sale now."""
    named, gone = [], ""
    for part in products.parts(conn, bundle.no):
        card = None if part.drop_id is None else drops.get(part.drop_id)
        inner = products.get(conn, part.product or 0) if card is None else None
        title = card.title if card is not None else inner.title if inner is not None else ""
        named.append(title if part.qty == 1 else f"{part.qty} × {title}")
        if (card is not None and card.offer is not Offer.OPEN) or (inner is not None and not inner.on_sale):
            gone = gone or title
    return " + ".join(named), gone
