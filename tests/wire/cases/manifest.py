"""Manifests of a drop: what one is by itself."""

from __future__ import annotations

from stall.wire import manifest
from tests.wire import documents as doc
from tests.wire.casebook import Claims, Document

_of = Claims("5.1", manifest.TYP, doc.CREATOR)
make, drop, file = doc.manifest_claims, doc.drop_claims, doc.file_claims
_BOTH = [{"box": "*", "lo": 1, "hi": 10}, {"box": doc.BOX.thumbprint, "lo": 11, "hi": 50}]
_OPEN = drop(kind="open", edition=None)

DOCUMENT = Document(
    name="manifest",
    section="5.1",
    head={"typ": manifest.TYP},
    read=lambda given: manifest.verify(given["token"], doc.TRUSTED),
    parse=manifest.parse,
    sign=lambda claims: manifest.sign(doc.CREATOR, manifest.parse(claims)),
    valid=[
        _of.good(make()),
        _of.good(make(ver=2, prev=doc.HASH, alloc=_BOTH, ext={"anything": [None, {"goes": True}]})),
        _of.good(make(drop=_OPEN, limits={"max_devices": 10}, price=[])),
        _of.good(make(revoked=[{"kind": "box", "ref": doc.BOX.thumbprint, "at": doc.NOW}])),
        _of.good(make(drop=drop(listing={"desc": "Two\nlines", "lang": "de"}, cover_sha256="cd" * 32))),
    ],
    invalid=[
        _of.bad("unknown claim", "member-unknown", make(nbf=doc.NOW)),
        _of.bad("null claim", "member-null", {**make(), "prev": None}),
        _of.bad("extension is null", "member-null", {**make(), "ext": None}),
        _of.bad("no files named", "member-missing", make(files=None)),
        _of.bad("iat as text", "member-type", make(iat=str(doc.NOW))),
        _of.bad("ver as truth value", "member-type", make(ver=True)),
        _of.bad("time before 2020", "member-range", make(iat=1)),
        _of.bad("a file that is null", "member-null", make(files=[file(), None])),
        _of.bad("iss by another method", "member-form", make(iss=doc.NO_DID)),
        _of.bad("iss of a key of another kind", "did-not-ed25519", make(iss=doc.FOREIGN_DID), section="3"),
        _of.bad("iss of a weak key", "key-low-order", make(iss=doc.WEAK_DID), section="3"),
        _of.bad("no files", "member-count", make(files=[])),
        _of.bad("negative price", "member-range", make(price=[{"cur": "EUR", "minor": -1}])),
        _of.bad("kind of drop unknown", "member-choice", make(drop=drop(kind="raffle"))),
        _of.bad("two prices for one cohort", "manifest-price", make(price=[{"cur": "EUR", "minor": m} for m in (1, 2)])),
        _of.bad("upper-case hash", "member-form", make(files=[file(sha256="AB" * 32)])),
        _of.bad("path escapes", "path-escapes", make(files=[file(path="../x")])),
        _of.bad("a path that hides its type", "path-bad-character", make(files=[file(path="a\u202egpj.exe")])),
        _of.bad("paths differ by case only", "path-not-unique", make(files=[file(path="A"), file(path="a")])),
        _of.bad("file that is a folder", "path-is-folder", make(files=[file(path="a"), file(path="a/b")])),
        _of.bad("a file with the name of our own paper", "path-taken", make(files=[file(path="Verify.HTML")])),
        _of.bad("a free drop with a price", "manifest-not-free", make(drop=drop(kind="free"))),
        _of.bad("one box revoked twice", "manifest-revoked-twice",
                make(revoked=[{"kind": "box", "ref": doc.BOX.thumbprint, "at": doc.NOW + n} for n in (0, 1)])),
        _of.bad("control character in title", "member-form", make(drop=drop(title="a\x1b[2J"))),
        _of.bad("lives longer than two years", "manifest-lifetime", make(exp=doc.NOW + 732 * doc.DAY)),
        _of.bad("expires before it is issued", "manifest-lifetime", make(exp=doc.NOW - 1)),
        _of.bad("window closes before it opens", "manifest-window", make(drop=drop(window={"nbf": doc.NOW, "exp": doc.NOW}))),
        _of.bad("later version without prev", "manifest-prev", make(ver=2)),
        _of.bad("first version with prev", "manifest-prev", make(prev=doc.HASH)),
        _of.bad("limited without edition", "manifest-edition", make(drop=drop(edition=None))),
        _of.bad("open with edition", "manifest-edition", make(drop=drop(kind="open"))),
        _of.bad("numbers beyond the edition", "manifest-alloc", make(alloc=[{"box": "*", "lo": 1, "hi": 51}])),
        _of.bad("overlapping numbers", "manifest-alloc", make(alloc=[*_BOTH, {"box": "*", "lo": 50, "hi": 50}])),
        _of.bad("numbers in an open drop", "manifest-alloc", make(drop=_OPEN, alloc=_BOTH)),
        _of.bad("ext larger than 8 KiB", "manifest-ext", make(ext={"a": "x" * 8192})),
        _of.bad_token("signed by another than its creator", "manifest-wrong-signer", doc.forge(doc.SIGNER, manifest.TYP, make())),
    ],
)  # fmt: skip
