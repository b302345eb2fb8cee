"""How a drop stands, in the person's language: for the shop window, the item's page, and whoever shows a drop."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import tzinfo
from typing import Literal, NamedTuple

from markupsafe import Markup

from stall.domain.drop import Offer
from stall.i18n import formats
from stall.store import catalogue
from stall.store.catalogue import NOTHING_GONE, DropCard, Gone
from stall.store.closings import Ended
from stall.web import language
from stall.web.language import t

Tone = Literal["open", "few", "soon", "over"]

#: Below so many left, the number is worth a second look.
FEW = 5


class Said(NamedTuple):
    """How a drop stands: the tone it is drawn in, and the words without a full stop."""

    tone: Tone
    words: Markup


def gone(conn: sqlite3.Connection, card: DropCard) -> Gone:
    """What `said` needs of a sold-out drop; of another nothing is read."""
    return catalogue.gone(conn, card) if card.offer is Offer.SOLD_OUT else NOTHING_GONE


def said(card: DropCard, now_ms: int, zone: tzinfo, gone: Gone = NOTHING_GONE) -> Said:
    """Say how a drop stands. `gone` tells a sold-out one; `zone` is the stall's."""
    match card.offer:
        case Offer.EARLY if card.opens_ms is not None:
            return Said("soon", t("item.opens", at=formats.when(language.current(), card.opens_ms, now_ms, zone)))
        case Offer.LATE:
            return Said("over", t("item.over") if card.ended is None else _ended(card.ended))
        case Offer.SOLD_OUT:
            return _sold_out(card, gone)
        case Offer.PAUSED:
            return Said("soon", t("item.paused"))
    if card.edition is None:
        return Said("open", t("item.open_edition"))
    left = card.remaining or 0
    return Said("few" if left <= FEW else "open", t("item.left", n=left, of=card.edition))


def _ended(ended: Ended) -> Markup:
    """Say that the creator closed the edition for good, and what became of it."""
    if ended.sold is None:
        return t("item.closed")
    sold = t("item.closed_sold", n=ended.sold)
    return t("item.closed_burned", sold=sold, n=ended.burned) if ended.burned else sold


def _sold_out(card: DropCard, gone: Gone) -> Said:
    """Tell numbers that may come back, being paid or waiting for a lease, from those that are sold."""
    if gone.waits:
        return Said("soon", t("item.waits"))
    if gone.held:
        return Said("soon", t("item.being_paid", n=gone.held))
    if card.edition is not None and gone.sold >= card.edition:
        return Said("over", t("item.all_gone", n=card.edition))
    return Said("over", t("item.sold_out_here"))


def invitation(cards: Sequence[DropCard]) -> Markup:
    """Say what a visitor can do here now; nothing where nothing is on the table."""
    on_sale = [card for card in cards if card.offer is Offer.OPEN]
    if any(not card.free for card in on_sale):
        return t("item.invite_pay")
    if on_sale:
        return t("item.invite_take")
    return t("item.invite_nothing") if cards else Markup()
