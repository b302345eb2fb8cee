"""May this box sell this, now, for that much? Asked before any payment begins."""

from __future__ import annotations

from collections.abc import Sequence

from stall.domain import money
from stall.domain.at_risk import Cap, Caps
from stall.domain.drop import Offer
from stall.errors import Refused
from stall.flows.fill_basket import check_offer
from stall.store import documents, for_sale, goods
from stall.store.db import Tx
from stall.store.for_sale import Item
from stall.store.goods import Good
from stall.store.sales import Sale
from stall.wire import delegation
from stall.wire.delegation import Delegation


def check_authority(tx: Tx, sale: Sale, sold: Sequence[Good]) -> None:
    """Check delegation, its dates and currency, and the windows of everything in a sale.

    A number that is already held still sells when its drop sold out meanwhile. A basket filled
    before a new version came is not sold: its price may be another, and what was open may be
    limited now. Raises Refused `sale-outdated`, `drop-not-open`, and what `check_delegated` raises.
    """
    for pack, drop_id in _drops(sold).items():
        item = for_sale.find(tx.conn, drop_id, tx.now_ms)
        if item is None:
            continue
        if item.pack != pack:
            raise Refused(
                "sale-outdated",
                f"{item.title} was changed since it was chosen. Start a new sale of it.",
                title=item.title,
            )
        if item.offer is not Offer.SOLD_OUT:
            check_offer(item)
        check_delegated(tx, item, sale.cur)


def check_delegated(tx: Tx, item: Item, cur: str) -> None:
    """Check that the creator of an item lets this box sell it, now and in this currency.

    Raises Refused `delegation-missing`, `delegation-currency`, and what `delegation.check_use` raises.
    """
    found = documents.delegation_of(tx.conn, item.creator, tx.secrets.signing.thumbprint)
    if found is None:
        raise Refused(
            "delegation-missing",
            f"The creator of {item.title} has not let this box sell it. Ask at the stall; there, run: stall accept",
        )
    delegated = found[1]
    delegation.check_use(delegated, "receipt", item.drop_id, tx.now_ms // 1000)
    if delegated.max is None or delegated.max.cur != cur:
        raise Refused(
            "delegation-currency", f"This box is not allowed to sell in {cur}. Ask the creator to delegate it."
        )


def check_card_cap(tx: Tx, sale: Sale, amount_minor: int) -> None:
    """Check the creators' cap on one card payment. Raises Refused `card-cap`."""
    for delegated in delegations(tx, sale):
        if delegated.max is None or amount_minor > delegated.max.sale:
            limit = money.text(delegated.max.sale if delegated.max else 0, sale.cur)
            raise Refused(
                "card-cap", f"The creator allows at most {limit} in one card payment. Take cash or split the sale."
            )


def check_own_caps(caps: Caps, reached: Cap | None, cur: str) -> None:
    """Refuse what the stall's own limits for cards read offline do not allow.

    Raises Refused `offline-never`, `offline-sale`, `offline-total`, `offline-count`, `offline-age`.
    """
    if reached is Cap.ONLINE_ONLY:
        raise Refused("offline-never", "This stall takes no card offline. Take cash, or connect the terminal.")
    if reached is Cap.SALE:
        most = money.text(caps.sale_minor, cur)
        raise Refused(
            "offline-sale", f"Offline this stall takes at most {most} by card. Take cash, or connect the terminal."
        )
    if reached is Cap.TOTAL:
        most = money.text(caps.total_minor, cur)
        raise Refused(
            "offline-total",
            f"{most} approved offline is the most this stall risks, and that is reached. Take cash; connect the terminal and close its day.",
        )
    if reached is Cap.COUNT:
        raise Refused(
            "offline-count",
            f"{caps.count} payments approved offline are the most this stall risks. Take cash; connect the terminal and close its day.",
        )
    if reached is Cap.AGE:
        raise Refused(
            "offline-age",
            f"A payment approved offline waits for {caps.red_h} hours and more. Take cash; connect the terminal and close its day.",
        )


def delegations(tx: Tx, sale: Sale) -> list[Delegation]:
    """The delegations a sale rests on."""
    creators = dict.fromkeys(
        good.creator for good in goods.of_sale(tx.conn, sale.no) if good.creator is not None and not good.returned
    )
    given = [documents.delegation_of(tx.conn, creator, tx.secrets.signing.thumbprint) for creator in creators]
    return [found[1] for found in given if found is not None]


def _drops(sold: Sequence[Good]) -> dict[int, str]:
    """The packs of a sale, each with its drop, in the order they came to the box."""
    return dict(
        sorted(
            (good.line.pack, good.drop_id)
            for good in sold
            if good.line.pack is not None and good.drop_id and not good.returned
        )
    )
