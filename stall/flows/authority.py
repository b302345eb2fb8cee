"""May this box sell this, now, for that much? Asked before any payment begins."""

from __future__ import annotations

from collections.abc import Iterator

from stall.domain import money
from stall.domain.drop import Offer
from stall.errors import Refused
from stall.flows.fill_basket import check_offer
from stall.store import documents, for_sale
from stall.store.db import Tx
from stall.store.sales import Sale, lines
from stall.wire import delegation
from stall.wire.delegation import Delegation


def check_authority(tx: Tx, sale: Sale) -> None:
    """Check delegation, its dates and currency, and the windows of everything in a sale.

    A number that is already held still sells when its drop sold out meanwhile. A basket filled
    before a new version came is not sold: its price may be another, and what was open may be
    limited now. Raises Refused `sale-outdated`, `delegation-missing`, `delegation-currency`,
    `drop-not-open`, and what `delegation.check_use` raises.
    """
    for pack, item, delegated in _items(tx, sale):
        if item.pack != pack:
            raise Refused("sale-outdated", f"{item.title} was changed since it was chosen. Start a new sale of it.")
        if item.offer is not Offer.SOLD_OUT:
            check_offer(item)
        if delegated is None:
            raise Refused(
                "delegation-missing",
                f"The creator of {item.title} has not let this box sell it. Ask at the stall; there, run: stall accept",
            )
        delegation.check_use(delegated, "receipt", item.drop_id, tx.now_ms // 1000)
        if delegated.max is None or delegated.max.cur != sale.cur:
            raise Refused(
                "delegation-currency", f"This box is not allowed to sell in {sale.cur}. Ask the creator to delegate it."
            )


def check_card_cap(tx: Tx, sale: Sale, amount_minor: int) -> None:
    """Check the creators' cap on one card payment. Raises Refused `card-cap`."""
    for delegated in delegations(tx, sale):
        if delegated.max is None or amount_minor > delegated.max.sale:
            limit = money.text(delegated.max.sale if delegated.max else 0, sale.cur)
            raise Refused(
                "card-cap", f"The creator allows at most {limit} in one card payment. Take cash or split the sale."
            )


def delegations(tx: Tx, sale: Sale) -> list[Delegation]:
    """The delegations a sale rests on."""
    return [delegated for _, _, delegated in _items(tx, sale) if delegated is not None]


def _items(tx: Tx, sale: Sale) -> Iterator[tuple[int, for_sale.Item, Delegation | None]]:
    """Each pack of a sale with its drop as it is offered now and its creator's delegation to this box."""
    packs = {line.pack for line in lines(tx.conn, sale.no) if line.pack is not None}
    for pack in sorted(packs):
        row = tx.conn.execute(
            "SELECT d.drop_id, d.creator FROM packs p JOIN drops d ON d.no = p.drop_no WHERE p.no = ?", (pack,)
        ).fetchone()
        item = for_sale.find(tx.conn, row[0], tx.now_ms)
        found = documents.delegation_of(tx.conn, row[1], tx.secrets.signing.thumbprint)
        if item is not None:
            yield pack, item, None if found is None else found[1]
