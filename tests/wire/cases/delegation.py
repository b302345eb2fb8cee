"""Delegations: what a creator may let a key do, and for how long."""

from __future__ import annotations

from stall.wire import b64, delegation
from tests.wire import documents as doc
from tests.wire import ed25519
from tests.wire.casebook import Claims, Document

_of = Claims("5.2", delegation.TYP, doc.CREATOR)
make, to = doc.delegation_claims, doc.delegation_to
_CLOUD = {"role": "cloud", "cap": ["cosign", "decline", "lease"], "max": None, "drops": ["*"]}
_OTHER_KEY = {"jwk": {"kty": "OKP", "crv": "Ed25519", "x": b64.encode(doc.CLOUD.public)}}
_NO_POINT = (2).to_bytes(32, "little")
_ABOVE_P = (ed25519.P + 3).to_bytes(32, "little")

DOCUMENT = Document(
    name="delegation",
    section="5.2",
    head={"typ": delegation.TYP},
    read=lambda given: delegation.verify(given["token"], doc.TRUSTED),
    parse=delegation.parse,
    sign=lambda claims: delegation.sign(doc.CREATOR, delegation.parse(claims)),
    valid=[
        _of.good(make()),
        _of.good(to(doc.CLOUD, exp=doc.NOW + 400 * doc.DAY, **_CLOUD)),
        _of.good(to(doc.SIGNER, role="signer", cap=["manifest"], max=None)),
        _of.good(make(name="Till", hw=doc.HASH)),
    ],
    invalid=[
        _of.bad("unknown claim", "member-unknown", make(aud="x")),
        _of.bad("null claim", "member-null", {**make(), "name": None}),
        _of.bad("no seq", "member-missing", make(seq=None)),
        _of.bad("cap as text", "member-type", make(cap="log")),
        _of.bad("stored for longer than a year", "member-range",
                make(max={"cur": "EUR", "sale": 1, "stored_total": 1, "stored_age_h": 8761})),
        _of.bad("drop id in capitals", "member-form", make(drops=["Night-Prints"])),
        _of.bad("a drop that is null", "member-null", make(drops=["night-prints", None])),
        _of.bad("delegate named by another method", "member-form", make(sub=doc.NO_DID)),
        _of.bad("delegate with a key of another kind", "did-not-ed25519", make(sub=doc.FOREIGN_DID), section="3"),
        _of.bad("delegate whose key is no point", "key-not-a-point", make(sub=doc.did_of(_NO_POINT)), section="3"),
        _of.bad("delegate whose key has another spelling", "key-not-canonical", make(sub=doc.did_of(_ABOVE_P)), section="3"),
        _of.bad("cnf is another key", "delegation-key", make(cnf=_OTHER_KEY)),
        _of.bad("cnf with a private key", "member-unknown", make(cnf={"jwk": {**_OTHER_KEY["jwk"], "d": doc.HASH}})),
        _of.bad("delegate with a weak key", "key-low-order", make(sub=doc.WEAK_DID), section="3"),
        _of.bad("delegate is the signer", "delegation-self", to(doc.CREATOR)),
        _of.bad("box may lease", "delegation-role", make(cap=["receipt", "lease"])),
        _of.bad("box may sign manifests", "delegation-role", make(cap=["manifest"])),
        _of.bad("cloud may sign receipts", "delegation-role", to(doc.CLOUD, **{**_CLOUD, "cap": ["receipt"]})),
        _of.bad("no rights", "member-count", make(cap=[])),
        _of.bad("a right twice", "delegation-role", make(cap=["log", "log"])),
        _of.bad("unknown right", "member-choice", make(cap=["root"])),
        _of.bad("all drops and one", "delegation-drops", make(drops=["*", "night-prints"])),
        _of.bad("no drops", "member-count", make(drops=[])),
        _of.bad("box without caps on money", "delegation-max", make(max=None)),
        _of.bad("cloud with caps on money", "delegation-max", to(doc.CLOUD, **{**_CLOUD, "max": make()["max"]})),
        _of.bad("over before it is issued", "delegation-lifetime", make(nbf=doc.NOW - doc.DAY, exp=doc.NOW)),
        _of.bad("box longer than 120 days", "delegation-lifetime", make(exp=doc.NOW + 120 * doc.DAY + 1)),
        _of.bad("ends before it begins", "delegation-lifetime", make(exp=doc.NOW)),
        _of.bad_token("signed by another than its creator", "delegation-wrong-signer",
                      doc.forge(doc.CLOUD, delegation.TYP, make())),
    ],
)  # fmt: skip
