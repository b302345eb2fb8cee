"""A creator's new lease of the limited drop in a stocked box."""

from __future__ import annotations

import secrets

from stall.flows.accept_document import accept_lease
from stall.store import catalogue, journal
from stall.wire import b64, jws, lease
from tests.fakes.stock import CREATOR, DAY_S, PRINTS, Stocked


def lease_anew(stall: Stocked, *ranges: tuple[int, int], lease_seq: int = 2) -> None:
    """Lease numbers of the limited drop to the epoch that runs, and let the box accept that."""
    conn = stall.box.db.read()
    now_s = stall.clock.wall // 1000
    token = lease.sign(
        CREATOR,
        lease.Lease(
            iss=CREATOR.thumbprint,
            sub=stall.box.secrets.signing.thumbprint,
            jti=b64.encode(secrets.token_bytes(16)),
            iat=now_s - 60,
            exp=now_s + 20 * DAY_S,
            drop=PRINTS,
            man=jws.token_hash(catalogue.manifest_token(conn, PRINTS) or ""),
            epoch=journal.read_head(conn).epoch_text,
            lease_seq=lease_seq,
            ranges=ranges,
        ),
    )
    with stall.box.db.transaction() as tx:
        accept_lease(tx, token)
