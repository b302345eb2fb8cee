"""Versions of a manifest, and delegations over time, in a heap of papers."""

from __future__ import annotations

from typing import Any

from stall.wire import delegation, jws, keys, manifest, receipt
from tests.wire import documents as doc
from tests.wire import heaps
from tests.wire.casebook import Case, Document, Given


def _manifest(key: keys.SigningKey = doc.CREATOR, **changes: Any) -> str:
    return doc.forge(key, manifest.TYP, doc.manifest_claims(**changes))


_ONE = _manifest()


def _after(older: str, ver: int = 2, key: keys.SigningKey = doc.CREATOR, **changes: Any) -> str:
    return _manifest(key, **{"ver": ver, "prev": jws.token_hash(older), "iat": doc.NOW + ver, **changes})


_TWO = _after(_ONE)


def _delegated(key: keys.SigningKey = doc.SIGNER, **changes: Any) -> str:
    claims = {"role": "signer", "cap": ["manifest"], "max": None, **changes}
    return doc.forge(doc.CREATOR, delegation.TYP, doc.delegation_to(key, **claims))


_LEASING = _delegated(doc.CLOUD, role="cloud", cap=["lease"])


def _box(**changes: Any) -> str:
    return doc.forge(doc.CREATOR, delegation.TYP, doc.delegation_claims(**changes))


def _sale(minor: int = 450, st: str = "stored", cur: str = "EUR") -> str:
    line, pay = doc.item_claims(minor=minor, cur=cur, vat=0), {"m": "card", "st": st, "cur": cur, "minor": minor}
    claims = doc.receipt_claims(iat=doc.NOW + 9, items=[line], tax=[{"rate": 0, "net": minor, "vat": 0}], pay=[pay])
    return doc.forge(doc.BOX, receipt.RECEIPT, claims)


def _alloc(*parts: tuple[keys.SigningKey, int, int]) -> list[doc.Claims]:
    return [{"box": key.thumbprint, "lo": lo, "hi": hi} for key, lo, hi in parts]


def _size(edition: int | None) -> doc.Claims:
    return doc.drop_claims(edition=edition, kind="limited" if edition else "open")


_OPEN = _manifest(drop=_size(None))
_SET = _manifest(alloc=_alloc((doc.BOX, 1, 10)))


def _good(*papers: str) -> Given:
    return {"papers": list(papers)}


def _bad(rule: str, code: str, *papers: str, section: str = "6.2") -> Case:
    return Case(section, rule, code, {"papers": list(papers)})


DOCUMENT = Document(
    name="heap_versions",
    section="6.2",
    read=lambda given: heaps.check_versions(given["papers"]),
    valid=[
        _good(_TWO, _ONE, _after(_TWO, 3, drop=_size(49))),
        _good(_ONE, _after(doc.forge(doc.CREATOR, manifest.TYP, {}), 3)),
        _good(_OPEN, _after(_OPEN, drop=_size(5))),
        _good(_ONE, _delegated(), _after(_ONE, key=doc.SIGNER)),
        _good(_ONE, _delegated(iat=doc.NOW + 3), _after(_ONE, key=doc.SIGNER)),
        _good(_box(iat=doc.NOW + 10), _sale()),
        _good(_box(iat=doc.NOW + 10), _box(seq=2, iat=doc.NOW + 11, cap=["log"]), _sale()),
        _good(_SET, _LEASING, _after(_SET, alloc=_alloc((doc.BOX, 1, 4), (doc.BOX, 5, 10)))),
        _good(_SET, _after(_SET, alloc=_alloc((doc.BOX, 1, 11)))),
        _good(_box(), _sale(5000)),
        _good(_box(), _sale(5001, "online")),
        _good(_box(), _box(seq=2, iat=doc.NOW + 10, cap=["log"]), _sale()),
    ],
    invalid=[
        _bad("one version with two contents", "manifest-version-twice", _TWO, _after(_ONE, drop=_size(40))),
        _bad("a version that does not follow the one before", "manifest-wrong-prev", _ONE, _after(_TWO)),
        _bad("an edition that grew", "manifest-edition-grew", _ONE, _after(_ONE, drop=_size(51))),
        _bad("an edition that grew, the version between missing", "manifest-edition-grew", _ONE, _after(_TWO, 3, drop=_size(51))),
        _bad("a limited drop that became open", "manifest-edition-grew", _ONE, _after(_ONE, drop=_size(None))),
        _bad("a number taken out of a cloud's pool", "manifest-alloc-moved",
             _SET, _LEASING, _after(_SET, alloc=_alloc((doc.BOX, 1, 11)))),
        _bad("a number put into a cloud's pool", "manifest-alloc-moved", _SET, _LEASING, _after(_SET)),
        _bad("a number given from one box to another while a cloud leases", "manifest-alloc-moved",
             _SET, _LEASING, _after(_SET, alloc=_alloc((doc.BOX, 1, 9), (doc.SIGNER, 10, 10)))),
        _bad("a version by a signer without delegation", "manifest-wrong-signer", _ONE, _after(_ONE, key=doc.SIGNER), section="5.1"),
        _bad("a version by a signer for another drop", "delegation-drop",
             _ONE, _delegated(drops=["day-prints"]), _after(_ONE, key=doc.SIGNER), section="5.2"),
        _bad("a version by a cloud", "delegation-cap", _ONE, _LEASING, _after(_ONE, key=doc.CLOUD), section="5.2"),
        _bad("a version by a signer whose delegation has not begun", "delegation-time",
             _ONE, _delegated(nbf=doc.NOW + 3), _after(_ONE, key=doc.SIGNER), section="5.2"),
        _bad("a receipt under a delegation that was replaced", "delegation-replaced",
             _box(), _box(seq=2, iat=doc.NOW + 8), _sale(), section="6.4"),
        _bad("a receipt under a delegation that was issued later than another", "delegation-replaced",
             _box(seq=2, iat=doc.NOW + 10), _box(), _sale(), section="6.4"),
        _bad("a receipt before the first of two delegations, judged by the second", "delegation-replaced",
             _box(seq=2, iat=doc.NOW + 11), _box(iat=doc.NOW + 10), _sale(), section="6.4"),
        _bad("a card read offline above the limit", "delegation-over-limit", _box(), _sale(5001), section="6.4"),
        _bad("a sale in another currency", "delegation-currency", _box(), _sale(cur="CHF"), section="6.4"),
    ],
)  # fmt: skip
