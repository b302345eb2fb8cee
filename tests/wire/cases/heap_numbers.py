"""Edition numbers in a heap of papers: who may lease them, to whom, and what may be sold and given back."""

from __future__ import annotations

from typing import Any

from stall.wire import b64, delegation, jws, keys, lease, lease_return, manifest, receipt
from tests.wire import documents as doc
from tests.wire import heaps
from tests.wire.casebook import Case, Document, Given

_OTHER_EPOCH = b64.encode(bytes(16))
_ALLOC = [{"box": doc.BOX.thumbprint, "lo": 1, "hi": 30}, {"box": doc.SIGNER.thumbprint, "lo": 31, "hi": 35}]


def _jti(number: int) -> str:
    return b64.encode(bytes([number]) * 16)


def _manifest(**changes: Any) -> str:
    return doc.forge(doc.CREATOR, manifest.TYP, doc.manifest_claims(**changes))


_PACK = _manifest()
_SHARED = _manifest(alloc=_ALLOC)
_OPEN = _manifest(drop=doc.drop_claims(kind="open", edition=None))


def _lease(key: keys.SigningKey = doc.CREATOR, of: str = _PACK, **changes: Any) -> str:
    return doc.forge(key, lease.TYP, doc.lease_claims(**{"iss": key.thumbprint, "man": jws.token_hash(of), **changes}))


def _cloud(key: keys.SigningKey = doc.CLOUD, **changes: Any) -> str:
    claims = {"role": "cloud", "cap": ["lease"], "max": None, **changes}
    return doc.forge(doc.CREATOR, delegation.TYP, doc.delegation_to(key, **claims))


def _sale(of: str = _PACK, **item: Any) -> str:
    line = doc.item_claims(**{"man": jws.token_hash(of), **item})
    return doc.forge(doc.BOX, receipt.RECEIPT, doc.receipt_claims(items=[line]))


def _back(**changes: Any) -> str:
    return doc.forge(doc.BOX, lease_return.TYP, doc.lease_return_claims(**changes))


def _second(**changes: Any) -> str:
    """A lease of another box."""
    return _lease(**{"sub": doc.SIGNER.thumbprint, "jti": _jti(2), "ranges": [[9, 9], [26, 28]], **changes})


def _good(*papers: str) -> Given:
    return {"papers": list(papers)}


def _bad(rule: str, code: str, *papers: str, section: str = "6.1") -> Case:
    return Case(section, rule, code, {"papers": list(papers)})


def _again(key: keys.SigningKey = doc.BOX, **changes: Any) -> str:
    """A second sale of the same number."""
    again = {"iss": key.thumbprint, "jti": _jti(4), "seq": 30, "iat": doc.NOW + doc.DAY, **changes}
    line = doc.item_claims(man=jws.token_hash(_PACK))
    return doc.forge(key, receipt.RECEIPT, doc.receipt_claims(items=[line], **again))


def _taken_back(typ: str = receipt.VOID, ed: int = 7, **changes: Any) -> str:
    line = doc.item_claims(man=jws.token_hash(_PACK), minor=-450, ed=ed)
    return doc.forge(doc.BOX, typ, doc.refund_claims(items=[line], **changes))


_LATER = {"iat": doc.NOW + 2 * doc.DAY, "exp": doc.NOW + 9 * doc.DAY}
_NO_NUMBER: doc.Claims = {"ed": None, "lease": None}

DOCUMENT = Document(
    name="heap_numbers",
    section="6.1",
    read=lambda given: heaps.check_numbers(given["papers"]),
    valid=[
        _good(_PACK, _lease(), _sale()),
        _good(_PACK, _lease(), _back(), _second(**_LATER)),
        _good(_PACK, _lease(), _lease(epoch=_OTHER_EPOCH, jti=_jti(3), lease_seq=2)),
        _good(_PACK, _cloud(), _lease(doc.CLOUD)),
        _good(_PACK, _cloud(iat=doc.NOW + doc.DAY), _lease()),
        _good(_SHARED, _cloud(), _lease(of=_SHARED), _second(key=doc.CLOUD, of=_SHARED, ranges=[[36, 50]])),
        _good(_OPEN, _sale(_OPEN, **_NO_NUMBER)),
        _good(_PACK, _lease(), _sale(), _taken_back(), _again()),
        _good(_PACK, _lease(), _sale(), _taken_back(receipt.REFUND), _again()),
        _good(_PACK, _lease(), _sale(), _again(test=True)),
    ],
    invalid=[
        _bad("a lease for a manifest that is not of the drop's chain", "lease-manifest", _PACK, _lease(man=doc.HASH)),
        _bad("a lease of an open drop", "lease-open-edition", _OPEN, _lease(of=_OPEN)),
        _bad("a lease beyond the edition", "lease-beyond-edition", _PACK, _lease(ranges=[[50, 51]])),
        _bad("a lease of what another box has for itself", "lease-allocated", _SHARED, _lease(of=_SHARED, ranges=[[30, 31]])),
        _bad("a lease by somebody nobody let lease", "lease-not-allocator", _PACK, _lease(doc.SIGNER)),
        _bad("a lease by the creator after a cloud was let lease", "lease-not-allocator", _PACK, _cloud(), _lease()),
        _bad("a lease by a cloud of what the box has for itself", "lease-not-allocator",
             _SHARED, _cloud(), _lease(doc.CLOUD, _SHARED, ranges=[[30, 30]])),
        _bad("a lease by the cloud of before", "lease-not-allocator",
             _PACK, _cloud(), _cloud(doc.SIGNER, iat=doc.NOW + 1), _lease(doc.CLOUD, iat=doc.NOW + 2)),
        _bad("a lease by a cloud that was let lease another drop", "lease-not-allocator",
             _PACK, _cloud(drops=["day-prints"]), _lease(doc.CLOUD)),
        _bad("a lease by a cloud that is not let lease any more", "delegation-cap", _PACK, _cloud(),
             _cloud(seq=2, cap=["cosign"], iat=doc.NOW + 1), _lease(doc.CLOUD, iat=doc.NOW + 2), section="5.2"),
        _bad("a lease by a cloud whose newest delegation is for another drop", "delegation-drop", _PACK, _cloud(),
             _cloud(seq=2, drops=["day-prints"], iat=doc.NOW + 1), _lease(doc.CLOUD, iat=doc.NOW + 2), section="5.2"),
        _bad("a lease by a cloud whose delegation has not begun", "delegation-time",
             _PACK, _cloud(nbf=doc.NOW + 1), _lease(doc.CLOUD), section="5.2"),
        _bad("one counter for two leases", "lease-seq-twice", _PACK, _lease(), _lease(jti=_jti(2), ranges=[[40, 41]])),
        _bad("one number for two boxes", "lease-numbers-twice", _PACK, _lease(), _second()),
        _bad("one number for two boxes, given back too late", "lease-numbers-twice",
             _PACK, _lease(), _back(iat=doc.NOW + 3 * doc.DAY), _second(**_LATER)),
        _bad("one number for two boxes, another given back", "lease-numbers-twice",
             _PACK, _lease(), _back(ranges=[[9, 9], [26, 27]]), _second(**_LATER)),
        _bad("numbers given back that the box was not leased", "lease-return-not-leased", _PACK, _lease(), _back(ranges=[[10, 11]])),
        _bad("numbers given back that an earlier epoch was leased", "lease-return-not-leased",
             _PACK, _lease(), _back(epoch=_OTHER_EPOCH)),
        _bad("a number given back that was sold", "lease-return-sold", _PACK, _lease(), _sale(), _back(ranges=[[6, 8]])),
        _bad("a sale of another drop's manifest", "receipt-other-manifest", _PACK, _sale(drop="day-prints")),
        _bad("a sale of a limited drop without number", "receipt-number-missing", _PACK, _sale(**_NO_NUMBER)),
        _bad("a sale of an open drop with a number", "receipt-number-in-open-drop", _OPEN, _sale(_OPEN)),
        _bad("a sale beyond the edition", "receipt-beyond-edition", _PACK, _sale(ed=51)),
        _bad("a sale of a number that was not leased", "receipt-not-leased", _PACK, _lease(), _sale(ed=11)),
        _bad("a sale under the lease of another epoch", "receipt-not-leased", _PACK, _lease(epoch=_OTHER_EPOCH), _sale()),
        _bad("a sale under the lease of another box", "receipt-not-leased", _PACK, _lease(sub=doc.SIGNER.thumbprint), _sale()),
        _bad("a sale a day after the lease was over", "receipt-not-leased",
             _PACK, _lease(iat=doc.NOW - 9 * doc.DAY, exp=doc.NOW - doc.DAY - 1), _sale()),
        _bad("a number sold twice by one box", "receipt-sold-twice", _PACK, _lease(), _sale(), _again()),
        _bad("a number sold by two boxes", "receipt-sold-twice", _PACK, _sale(), _again(doc.SIGNER)),
        _bad("a number sold again after a refund of another", "receipt-sold-twice",
             _PACK, _lease(), _sale(), _taken_back(receipt.REFUND, ed=8), _again()),
        _bad("a number sold again before its void", "receipt-sold-twice",
             _PACK, _lease(), _sale(), _taken_back(seq=31, iat=doc.NOW + 2 * doc.DAY), _again()),
    ],
)  # fmt: skip
