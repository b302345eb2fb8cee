"""Papers of creator and stranger, true and false: any handful of them is a heap to judge."""

from __future__ import annotations

from stall.creator.papers import Content, Text
from stall.wire import b64, certificate, decline, delegation, jws, lease, lease_return, receipt
from tests.creator.heap import (
    LEASE,
    MANIFEST,
    NAME,
    OURS,
    THEIRS,
    certified,
    exported,
    logged,
    revoking,
    sold,
    taken_back,
    to_cloud,
)
from tests.wire import documents as doc
from tests.wire.documents import BOX, CLOUD, CREATOR, DAY, NOW, OTHER_JTI, STRANGER, forge

SECOND_ID = "22345678-1234-4123-8123-123456789abc"
POOL: list[Content] = [
    MANIFEST,
    OURS,
    THEIRS,
    LEASE,
    sold(),
    sold(ed=8, seq=18, jti=OTHER_JTI),
    sold(seq=30, iat=NOW + DAY, jti=b64.encode(bytes(16))),
    sold(STRANGER),
    taken_back(),
    taken_back(receipt.REFUND),
    taken_back(receipt.REFUND, seq=22, jti=b64.encode(bytes([7]) * 16)),
    forge(CREATOR, delegation.TYP, doc.delegation_to(STRANGER, jti=OTHER_JTI)),
    certified(sold()),
    certified(sold(), id=SECOND_ID),
    certified(sold(), CREATOR, delegation=None),
    revoking("box", BOX.thumbprint, NOW + 30),
    revoking("lease", jws.token_hash(LEASE), NOW),
    revoking("cert", certificate.digest(certified(sold())), NOW),
    to_cloud(),
    to_cloud(cap=["decline"], seq=5, jti=OTHER_JTI, iat=NOW + 1),
    logged(certified(sold())),
    exported(CREATOR),
    exported(),
    Text(doc.checkpoint_note()),
    forge(BOX, lease_return.TYP, doc.lease_return_claims()),
    forge(STRANGER, lease.TYP, doc.lease_claims(iss=STRANGER.thumbprint, man=NAME, ranges=[[1, 50]])),
    forge(CREATOR, lease.TYP, doc.lease_claims(man=NAME, sub=STRANGER.thumbprint, jti=OTHER_JTI, ranges=[[5, 6]])),
    forge(CLOUD, decline.TYP, doc.decline_claims(rcpt=jws.token_hash(sold()))),
]
