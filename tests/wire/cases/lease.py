"""Leases of edition numbers: what one is by itself."""

from __future__ import annotations

from stall.wire import b64, lease
from tests.wire import documents as doc
from tests.wire.casebook import Claims, Document

_of = Claims("5.3", lease.TYP, doc.CREATOR)
make = doc.lease_claims

DOCUMENT = Document(
    name="lease",
    section="5.3",
    head={"typ": lease.TYP},
    read=lambda given: lease.verify(given["token"], doc.TRUSTED),
    parse=lease.parse,
    sign=lambda claims: lease.sign(doc.CREATOR, lease.parse(claims)),
    valid=[
        _of.good(make()),
        _of.good(make(ranges=[])),
        _of.good(make(ckpt={"size": 9, "root": doc.HASH})),
        _of.good(make(ranges=[[n, n] for n in range(1, 65)])),
    ],
    invalid=[
        _of.bad("unknown claim", "member-unknown", make(seq=1)),
        _of.bad("null claim", "member-null", {**make(), "ckpt": None}),
        _of.bad("epoch missing", "member-missing", make(epoch=None)),
        _of.bad("counter as text", "member-type", make(lease_seq="1")),
        _of.bad("counter from zero", "member-range", make(lease_seq=0)),
        _of.bad("epoch of 17 bytes", "member-form", make(epoch=b64.encode(bytes(17)))),
        _of.bad("epoch not canonical", "member-form", make(epoch="A" * 21 + "B")),
        _of.bad("number zero", "member-range", make(ranges=[[0, 3]])),
        _of.bad("65 ranges", "member-count", make(ranges=[[n, n] for n in range(1, 66)])),
        _of.bad("range of three numbers", "member-count", make(ranges=[[1, 2, 3]])),
        _of.bad("range backwards", "lease-ranges", make(ranges=[[5, 4]])),
        _of.bad("ranges overlap", "lease-ranges", make(ranges=[[1, 5], [5, 9]])),
        _of.bad("ranges out of order", "lease-ranges", make(ranges=[[6, 9], [1, 5]])),
        _of.bad("longer than 30 days", "lease-lifetime", make(exp=doc.NOW + 30 * doc.DAY + 1)),
        _of.bad("ends before it begins", "lease-lifetime", make(exp=doc.NOW)),
        _of.bad_token("signed by another than it names", "lease-wrong-signer", doc.forge(doc.CLOUD, lease.TYP, make())),
        _of.bad_token("claims larger than 4 KiB", "json-too-large",
                      doc.forge(doc.CREATOR, lease.TYP, make(drop="x" * 4096)), section="2.1"),
        _of.bad_token("a delegation", "token-wrong-type",
                      doc.forge(doc.CREATOR, "stall-delegation+jwt", make()), section="2.2"),
    ],
)  # fmt: skip
