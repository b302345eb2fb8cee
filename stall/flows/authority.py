"""May this box sell this, now, for that much? Asked before any payment begins."""

from __future__ import annotations

from collections.abc import Iterator

from stall.domain import money
from stall.errors import Refused
from stall.flows.fill_basket import check_offer
from stall.store import catalogue, documents
from stall.store.db import Tx
from stall.store.sales import Sale, lines
from stall.wire.delegation import Delegation


def check_authority(tx: Tx, sale: Sale) -> None:
    """Check delegation, its dates and caps, and the windows of everything in a sale.

    A number that is already held still sells when its drop sold out meanwhile. Raises Refused
    `delegation-missing`, `delegation-over`, `delegation-drop`, `delegation-currency`,
    `delegation-cap`, `drop-not-open`, `drop-sold-out`.
    """
    for card, delegated in _items(tx, sale):
        if card.remaining != 0:
            check_offer(card)
        if delegated is None or "receipt" not in delegated.cap:
            raise Refused("delegation-missing", f"The creator of {card.title} has not delegated this box. Accept a delegation first.")
        _check_dates(tx, card.title, delegated)
        if "*" not in delegated.drops and card.drop_id not in delegated.drops:
            raise Refused("delegation-drop", f"This box may not sell {card.title}. Ask its creator to delegate it.")
        _check_caps(sale, delegated)


def delegations(tx: Tx, sale: Sale) -> list[Delegation]:
    """The delegations a sale rests on."""
    return [delegated for _, delegated in _items(tx, sale) if delegated is not None]


def _items(tx: Tx, sale: Sale) -> Iterator[tuple[catalogue.DropCard, Delegation | None]]:
    packs = {line.pack for line in lines(tx.conn, sale.no) if line.pack is not None}
    for pack in sorted(packs):
        row = tx.conn.execute(
            "SELECT d.drop_id, d.creator FROM packs p JOIN drops d ON d.no = p.drop_no WHERE p.no = ?", (pack,)
        ).fetchone()
        card = catalogue.card(tx.conn, row[0], tx.now_ms)
        found = documents.delegation_of(tx.conn, row[1], tx.secrets.signing.thumbprint)
        if card is not None:
            yield card, None if found is None else found[1]


def _check_dates(tx: Tx, title: str, delegated: Delegation) -> None:
    if not delegated.nbf * 1000 <= tx.now_ms < delegated.exp * 1000:
        raise Refused("delegation-over", f"The delegation for {title} is not valid today. Ask its creator for a new one, or check the clock.")


def _check_caps(sale: Sale, delegated: Delegation) -> None:
    caps = delegated.max
    if caps is None or caps.cur != sale.cur:
        raise Refused("delegation-currency", f"This box is not allowed to sell in {sale.cur}. Ask the creator to delegate it.")
    if sale.total_minor > caps.sale:
        limit = money.text(caps.sale, caps.cur)
        raise Refused("delegation-cap", f"This sale is above {limit}, the most the creator allows for one sale. Split it.")
