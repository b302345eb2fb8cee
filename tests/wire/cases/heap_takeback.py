"""A receipt and what takes it back: refunds, voids, exchanges, declines."""

from __future__ import annotations

from typing import Any

from stall.wire import b64, decline, jws, keys, receipt
from tests.wire import documents as doc
from tests.wire import heaps
from tests.wire.casebook import Case, Document, Given

item = doc.item_claims
_CASH = {"m": "cash", "st": "cash", "cur": "EUR", "minor": -450}
_STORED = {"m": "card", "st": "stored", "cur": "EUR", "minor": 450}
_THREE = item(ed=None, lease=None, drop=None, man=None, sku="print", qty=3, minor=900)
_TWO_BACK = item(ed=None, lease=None, drop=None, man=None, sku="print", qty=2, minor=-600)


def _signed(claims: doc.Claims, typ: str = receipt.RECEIPT, key: keys.SigningKey = doc.BOX) -> str:
    return doc.forge(key, typ, claims)


def _sums(minor: int) -> doc.Claims:
    vat = round(minor * 19 / 119)
    return {"tax": [{"rate": 1900, "net": minor - vat, "vat": vat}], "pay": [{**_CASH, "minor": minor}]}


_SALE = _signed(doc.receipt_claims(pay=[_STORED]))
_PRINTS = _signed(doc.receipt_claims(items=[_THREE], **_sums(900)))
_TWO = _signed(doc.receipt_claims(items=[item(), item(ed=8)], **_sums(900)))


def _back(typ: str = receipt.REFUND, key: keys.SigningKey = doc.BOX, number: int = 0, **changes: Any) -> str:
    claims = doc.refund_claims(pay=[_CASH], jti=b64.encode(bytes([9, number] * 8)))
    return _signed({**claims, "iss": key.thumbprint, "seq": 21 + number, **changes}, typ, key)


_FREE = [{"m": "comp", "st": "free", "cur": "EUR", "minor": 0}]
_SWAP: doc.Claims = {"items": [item(minor=-450), item(ed=8)], "tax": [{"rate": 1900, "net": 0, "vat": 0}], "pay": _FREE}


def _declined(of: str = _SALE, **changes: Any) -> str:
    return doc.forge(doc.CLOUD, decline.TYP, doc.decline_claims(**{"rcpt": jws.token_hash(of), **changes}))


def _good(*papers: str) -> Given:
    return {"papers": list(papers)}


def _bad(rule: str, code: str, *papers: str) -> Case:
    return Case("6.3", rule, code, {"papers": list(papers)})


_PART = {"items": [_TWO_BACK], **_sums(-600)}

DOCUMENT = Document(
    name="heap_takeback",
    section="6.3",
    read=lambda given: heaps.check_takebacks(given["papers"]),
    valid=[
        _good(_SALE, _back()),
        _good(_SALE, _back(receipt.VOID)),
        _good(_SALE, _back(receipt.RECEIPT, **_SWAP)),
        _good(_SALE, _declined()),
        _good(_SALE, _declined(items=[{"drop": "night-prints", "ed": 7}])),
        _good(_PRINTS, _back(**_PART), _back(number=1, items=[{**_TWO_BACK, "qty": 1, "minor": -300}], **_sums(-300))),
        _good(_TWO, _back(), _back(receipt.VOID, number=1, items=[item(ed=8, minor=-450)])),
        _good(_SALE, _back(items=[item(minor=-200)], **_sums(-200))),
    ],
    invalid=[
        _bad("taken back by itself", "receipt-refers-itself", _SALE, _back(receipt.RECEIPT, jti=doc.JTI, **_SWAP)),
        _bad("taken back by another box", "takeback-other-box", _SALE, _back(key=doc.SIGNER)),
        _bad("another receipt taken back", "takeback-other-receipt", _SALE, _back(ref=doc.OTHER_JTI)),
        _bad("another currency given back", "takeback-currency",
             _SALE, _back(items=[item(minor=-450, cur="CHF")], pay=[{**_CASH, "cur": "CHF"}])),
        _bad("taken back before it was sold", "takeback-before", _SALE, _back(seq=16)),
        _bad("a number taken back that was not sold", "takeback-not-bought", _SALE, _back(items=[item(ed=8, minor=-450)])),
        _bad("an article taken back that was not sold", "takeback-not-bought", _SALE, _back(**_PART)),
        _bad("a number taken back in exchange that was not sold", "takeback-not-bought",
             _SALE, _back(receipt.RECEIPT, **{**_SWAP, "items": [item(ed=9, minor=-450), item(ed=8)]})),
        _bad("a number taken back twice", "takeback-twice", _SALE, _back(), _back(number=1)),
        _bad("a number refunded after it was exchanged", "takeback-twice",
             _SALE, _back(receipt.RECEIPT, **_SWAP), _back(number=1)),
        _bad("four of three taken back", "takeback-twice", _PRINTS, _back(**_PART), _back(number=1, **_PART)),
        _bad("more given back than it cost", "takeback-too-much", _SALE, _back(items=[item(minor=-451)], **_sums(-451))),
        _bad("a tip given back that nobody gave", "takeback-tip", _SALE, _back(tip=-1, pay=[{**_CASH, "minor": -451}])),
        _bad("half a sale made void", "takeback-part", _TWO, _back(receipt.VOID)),
        _bad("a decline of another box's receipt", "decline-other-receipt", _SALE, _declined(box=doc.SIGNER.thumbprint)),
        _bad("a decline of another receipt", "decline-other-receipt", _SALE, _declined(ref=doc.OTHER_JTI)),
        _bad("a decline of another token", "decline-other-receipt", _SALE, _declined(rcpt=doc.HASH)),
        _bad("a decline of money in the till", "decline-not-stored", _TWO, _declined(_TWO, minor=900)),
        _bad("a decline of a payment there is not", "decline-not-stored", _SALE, _declined(pay=1)),
        _bad("a decline of a part of the payment", "decline-amount", _SALE, _declined(minor=449)),
        _bad("a decline of a copy that was not sold", "decline-not-bought",
             _SALE, _declined(items=[{"drop": "night-prints", "ed": 8}])),
    ],
)  # fmt: skip
