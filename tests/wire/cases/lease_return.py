"""Lease returns: numbers a box gives back unsold."""

from __future__ import annotations

from stall.wire import lease_return
from tests.wire import documents as doc
from tests.wire.casebook import Claims, Document

_of = Claims("5.7", lease_return.TYP, doc.BOX)
make = doc.lease_return_claims

DOCUMENT = Document(
    name="lease_return",
    section="5.7",
    head={"typ": lease_return.TYP},
    read=lambda given: lease_return.verify(given["token"], doc.TRUSTED),
    parse=lease_return.parse,
    sign=lambda claims: lease_return.sign(doc.BOX, lease_return.parse(claims)),
    valid=[
        _of.good(make()),
        _of.good(make(ranges=[[7, 7]], clk="floor")),
        _of.good(make(ranges=[[n, n] for n in range(2, 129, 2)])),
    ],
    invalid=[
        _of.bad("the lease named", "member-unknown", make(lease=doc.JTI)),
        _of.bad("null claim", "member-null", {**make(), "clk": None}),
        _of.bad("no drop", "member-missing", make(drop=None)),
        _of.bad("ranges as text", "member-type", make(ranges="9-10")),
        _of.bad("number beyond 100000", "member-range", make(ranges=[[9, 100_001]])),
        _of.bad("drop id in capitals", "member-form", make(drop="Night-Prints")),
        _of.bad("unknown clock", "member-choice", make(clk="gps")),
        _of.bad("no range", "member-count", make(ranges=[])),
        _of.bad("65 ranges", "member-count", make(ranges=[[n, n] for n in range(2, 131, 2)])),
        _of.bad("ranges out of order", "lease-return-ranges", make(ranges=[[25, 30], [9, 10]])),
        _of.bad("range backwards", "lease-return-ranges", make(ranges=[[10, 9]])),
        _of.bad("ranges that share a number", "lease-return-ranges", make(ranges=[[9, 10], [10, 12]])),
        _of.bad_token("signed by another than it names", "lease-return-wrong-signer",
                      doc.forge(doc.CLOUD, lease_return.TYP, make())),
        _of.bad_token("a lease", "token-wrong-type", doc.forge(doc.BOX, "stall-lease+jwt", make()), section="2.2"),
        _of.bad_token("claims larger than 4 KiB", "json-too-large",
                      doc.forge(doc.BOX, lease_return.TYP, make(drop="x" * 4096)), section="2.1"),
    ],
)  # fmt: skip
