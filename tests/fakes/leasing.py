"""A creator's new lease of the limited drop in a stocked box."""

from __future__ import annotations

import secrets

from stall.flows.accept_document import accept_lease
from stall.store import catalogue
from tests.fakes.papers import Leasing
from tests.fakes.stock import PRINTS, Stocked


def lease_anew(stall: Stocked, *ranges: tuple[int, int], lease_seq: int = 2) -> None:
    """Lease numbers of the limited drop to the epoch that runs, and let the box accept that."""
    leasing = Leasing(secrets.token_bytes(16), stall.clock.wall // 1000, ranges, lease_seq)
    token = leasing.sign(stall.box, PRINTS, catalogue.manifest_token(stall.box.db.read(), PRINTS) or "")
    with stall.box.db.transaction() as tx:
        accept_lease(tx, token)
