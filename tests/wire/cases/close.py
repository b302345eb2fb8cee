"""Closing statements: what became of every copy, in the statement itself or by the root of its list."""

from __future__ import annotations

from typing import Any

from stall.wire import b64, closing, jws, manifest, merkle
from tests.wire import documents as doc
from tests.wire.casebook import Case, Claims, Document, Given

_of = Claims("5.9", closing.TYP, doc.CREATOR)
make, entry = doc.close_claims, doc.entry_claims

_OPEN = [entry(ed=None, cert=cert) for cert in sorted([doc.HASH, doc.ROOT])]
_LONG = [closing.Entry(ed=number, st="unsold") for number in range(1, 10_004)]
_LEAVES = [merkle.leaf_hash(closing.entry_bytes(one)) for one in _LONG]
_BY_ROOT: doc.Claims = {"editions": None, "root": closing.root_of(_LONG), "count": len(_LONG)}
_THREE = doc.forge(doc.CREATOR, manifest.TYP, doc.manifest_claims(drop=doc.drop_claims(edition=3)))
_FIFTY = doc.forge(doc.CREATOR, manifest.TYP, doc.manifest_claims())


def _hash(token: str) -> str:
    return jws.token_hash(token)


def _shown(ed: int, index: int, **changes: Any) -> Given:
    """A long list's statement with the proof that an unsold number stands at `index`."""
    proof = [b64.encode(node) for node in merkle.inclusion_proof(6, _LEAVES)]
    return {
        **_of.good(make(**{**_BY_ROOT, **changes})),
        "entry": {"ed": ed, "st": "unsold"},
        "index": index,
        "proof": proof,
    }


def _beside(token: str, **changes: Any) -> Given:
    """A statement beside the manifest it should be of."""
    return {**_of.good(make(**{"man": _hash(token), **changes})), "manifest": token}


def _read(given: Given) -> None:
    close = closing.verify(given["token"], doc.TRUSTED)
    if "manifest" in given:
        closing.check_manifest(close, manifest.verify(given["manifest"], doc.TRUSTED), given["manifest"])
    if "entry" in given:
        shown = closing.Entry(**given["entry"])
        closing.check_entry(close, shown, given["index"], [b64.decode(node) for node in given["proof"]])


def _token_only(rule: str, code: str, given: Given, section: str = "5.9") -> Case:
    return Case(section, rule, code, {name: value for name, value in given.items() if name != "claims"})


DOCUMENT = Document(
    name="close",
    section="5.9",
    head={"typ": closing.TYP},
    read=_read,
    parse=closing.parse,
    sign=lambda claims: closing.sign(doc.CREATOR, closing.parse(claims)),
    valid=[
        _of.good(make()),
        _beside(_THREE),
        _of.good(make(editions=_OPEN, log=None)),
        _shown(7, 6),
    ],
    invalid=[
        _of.bad("time of closing twice", "member-unknown", make(closed_at=doc.NOW)),
        _of.bad("null claim", "member-null", {**make(), "root": None}),
        _of.bad("no manifest named", "member-missing", make(man=None)),
        _of.bad("list as object", "member-type", make(editions={"1": "sold"})),
        _of.bad("number zero", "member-range", make(editions=[entry(ed=0)])),
        _of.bad("journal of another form", "member-form", make(log=[{"origin": "stall.example", "size": 1, "root": doc.ROOT}])),
        _of.bad("unknown end", "member-choice", make(editions=[entry(st="lost", cert=None)])),
        _of.bad("101 journals", "member-count", make(log=[{"origin": doc.ORIGIN, "size": 1, "root": doc.ROOT}] * 101)),
        _of.bad("creator with a weak key", "key-low-order", make(iss=doc.WEAK_DID), section="3"),
        _of.bad("neither list nor root", "close-list", make(editions=None)),
        _of.bad("list and root", "close-list", {**make(), "root": doc.ROOT, "count": 20_000}),
        _of.bad("root without count", "close-list", make(editions=None, root=doc.ROOT)),
        _of.bad("short list by its root", "close-count", make(editions=None, root=doc.ROOT, count=10_000)),
        _of.bad("a number left out", "close-numbers", make(editions=[entry(), entry(ed=3, cert=None)])),
        _of.bad("a number twice", "close-numbers", make(editions=[entry(), entry(cert=None)])),
        _of.bad("numbers out of order", "close-numbers", make(editions=[entry(ed=2), entry(cert=None)])),
        _of.bad("one copy without number", "close-numbers", make(editions=[entry(), entry(ed=None, cert=doc.ROOT)])),
        _of.bad("unsold with a certificate", "close-certificate", make(editions=[entry(st="unsold")])),
        _of.bad("sold without number and certificate", "close-no-certificate", make(editions=[entry(ed=None, cert=None)])),
        _of.bad("one certificate for two copies", "close-certificate-twice", make(editions=[entry(), entry(ed=2)])),
        _of.bad("certificates out of order", "close-order", make(editions=_OPEN[::-1])),
        _of.bad("one journal twice", "close-log", make(log=[{"origin": doc.ORIGIN, "size": n, "root": doc.ROOT} for n in (1, 2)])),
        _of.bad_token("signed by another than its creator", "close-wrong-signer", doc.forge(doc.CLOUD, closing.TYP, make())),
        _token_only("of another manifest", "close-other-manifest", _beside(_THREE, man=doc.HASH)),
        _token_only("not all numbers of the edition", "close-incomplete", _beside(_FIFTY)),
        _token_only("proof of an entry that is listed", "close-listed", _shown(7, 6, editions=make()["editions"], root=None, count=None)),
        _token_only("proof of another entry", "proof-not-included", _shown(8, 6), "7.3"),
    ],
)  # fmt: skip
