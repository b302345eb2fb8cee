"""What a sale needs to know of a drop, in one read that costs the same however large its edition is.

Whether numbers are left is asked of the index of free numbers; how many, only pages ask (store.catalogue).
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any

from stall.domain.drop import Offer, Window, offer
from stall.store.numbers import FREE_NOW

_ITEM = f"""
SELECT d.no, d.drop_id, d.pack, d.creator, p.title, p.price_minor, p.cur, p.manifest_hash, p.code_ttl_s, d.edition, d.switched_on,
       p.opens_ms, min(coalesce(p.closes_ms, p.expires_ms), p.expires_ms),
       d.edition IS NULL OR EXISTS (SELECT 1 {FREE_NOW} AND n.id BETWEEN d.no << 20 AND (d.no << 20) + d.edition)
FROM drops d JOIN packs p ON p.no = d.pack WHERE d.drop_id = :drop_id
"""


@dataclass(frozen=True, slots=True)
class Item:
    """One drop as it can be sold now. Money in minor units; `left` says whether any number is, never how many."""

    no: int
    drop_id: str
    pack: int
    creator: int
    title: str
    price_minor: int
    cur: str
    manifest_hash: str
    code_ttl_s: int
    edition: int | None
    left: bool
    offer: Offer


def find(conn: sqlite3.Connection, drop_id: str, now_ms: int) -> Item | None:
    """One drop by its id, or None."""
    row = conn.execute(_ITEM, {"drop_id": drop_id, "now_ms": now_ms}).fetchone()
    if row is None:
        return None
    *terms, switched_on, opens_ms, closes_ms, left = row
    remaining = None if left else 0
    stands = offer(Window(opens_ms, closes_ms), now_ms=now_ms, switched_on=bool(switched_on), remaining=remaining)
    item: list[Any] = [*terms, bool(left), stands]
    return Item(*item)
