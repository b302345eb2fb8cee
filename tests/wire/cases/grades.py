"""Grades: what other papers make of a certificate. Those beside it are good themselves and chosen to matter.

`revoked` stands in manifests of its creator, who signed the `leases` and the `close` and lets the cloud decline for the
drop; `logged_s` is the time of its cosignature on a journal that has the certificate.
"""

from __future__ import annotations

from typing import Any

from stall.errors import WireError
from stall.wire import certificate, closing, credential, decline, grade, jws, keys, lease, proof, receipt
from stall.wire.grade import Closed, Declined, Entry, Known
from stall.wire.manifest import Revoked
from tests.wire import documents as doc
from tests.wire.casebook import Case, Document, Given

_COPY = {"drop": "night-prints", "ed": 7}
_BACK = {
    "jti": doc.EPOCH,
    "iat": doc.NOW + 60,
    "seq": 21,
    "ref": doc.JTI,
    "code": None,
    "tax": [{"rate": 1900, "net": -378, "vat": -72}],
    "pay": [{"m": "cash", "st": "cash", "cur": "EUR", "minor": -450}],
    "items": [doc.item_claims(minor=-450)],
}
_LEASE = doc.forge(doc.CREATOR, lease.TYP, doc.lease_claims())


def sold(**changes: Any) -> str:
    """The token of a receipt."""
    return doc.forge(doc.BOX, receipt.RECEIPT, doc.receipt_claims(**changes))


def back(typ: str, **changes: Any) -> Given:
    """What takes a sale back, with its type."""
    return {"typ": typ, "token": doc.forge(doc.BOX, typ, doc.receipt_claims(**{**_BACK, **changes}))}


SOLD = sold()
_HASH = jws.token_hash(SOLD)


def paper(signer: keys.SigningKey = doc.BOX, **changes: Any) -> Given:
    """A certificate that names the receipt."""
    return doc.certificate_of(signer, **{"receipt": _HASH, **changes})


PAPER = paper()
_DIGEST = certificate.digest(PAPER)
_OPEN: Given = {"edition": None, "edition_size": None}
_THREE = sold(items=[doc.item_claims(ed=None, lease=None, qty=3)])
_ONE_OF_THREE = paper(receipt=jws.token_hash(_THREE), **_OPEN)
_ANY = doc.item_claims(ed=None, lease=None, minor=-450)


def known_of(given: Given) -> Known:
    """What a case says is known."""
    token = given.get("receipt")
    returns = [(one["typ"], receipt.verify(one["token"], doc.TRUSTED, one["typ"])) for one in given.get("returns", [])]
    leases = {jws.token_hash(one): lease.verify(one, doc.TRUSTED).jti for one in given.get("leases", [])}
    declines = [decline.verify(one, doc.TRUSTED) for one in given.get("declines", [])]
    close = closing.verify(given["close"], doc.TRUSTED).editions if "close" in given else None
    return Known(
        receipt=token and receipt.verify(token, doc.TRUSTED),
        revoked=[Revoked(**one) for one in given.get("revoked", [])],
        leases=leases,
        returns=returns,
        declined=[Declined(one.rcpt, frozenset((item.drop, item.ed) for item in one.items or ())) for one in declines],
        closed=None if close is None else Closed(tuple(Entry(one.ed, one.st, one.cert) for one in close)),
        logged_s=given.get("logged_s"),
    )


def graded(given: Given) -> grade.Graded:
    """The grade of a case's certificate, whether it holds or not."""
    try:
        held = credential.verify(given["document"])
    except WireError as error:
        return grade.invalid(error)
    return grade.judge(held, known_of(given))


def _good(worth: str, *reasons: str, document: Given = PAPER, **known: Any) -> Given:
    return {"grade": worth, "reasons": list(reasons), "document": document, **known}


def _bad(rule: str, code: str, document: Given = PAPER, **known: Any) -> Case:
    return Case("8", rule, code, {"document": document, **known})


def _revoked(kind: str, ref: str, at: int) -> list[Given]:
    return [{"kind": kind, "ref": ref, "at": at}]


def _closed(**seventh: Any) -> str:
    """A closing statement of eight copies, the seventh as given, the others unsold."""
    copies = [{"ed": ed, "st": "unsold"} for ed in range(1, 9)]
    copies[6] = {"ed": 7, **seventh}
    return doc.forge(doc.CREATOR, closing.TYP, doc.close_claims(editions=copies))


def _declined(**changes: Any) -> list[str]:
    return [doc.forge(doc.CLOUD, decline.TYP, doc.decline_claims(rcpt=_HASH, **changes))]


_BOX, _LATER = doc.BOX.thumbprint, doc.NOW + 10 * doc.DAY
_END = doc.NOW + 120 * doc.DAY
_PENDING = paper(settlement="pending")
_OTHER = certificate.digest(paper(owner=None))
_EXCHANGE = {
    "items": [doc.item_claims(minor=-450), doc.item_claims(ed=8, minor=450)],
    "tax": [{"rate": 1900, "net": 0, "vat": 0}],
    "pay": [{"m": "comp", "st": "free", "cur": "EUR", "minor": 0}],
}
_ALTERED = {**PAPER, "name": "Night prints – Zoë — edition 8 of 50"}
_BARE = {name: value for name, value in PAPER.items() if name != "proof"}
_BEYOND = proof.add(doc.BOX, {**_BARE, "credentialSubject": {**PAPER["credentialSubject"], "edition": 51}}, doc.NOW)

DOCUMENT = Document(
    name="grades",
    section="8",
    read=lambda given: graded(given).check(),
    valid=[
        _good("VALID-PROVISIONAL", "provisional-unconfirmed"),
        _good("VALID-PROVISIONAL", "provisional-pending", document=_PENDING),
        _good("VALID-PROVISIONAL", "provisional-pending", document=_PENDING, logged_s=_LATER),
        _good("VALID-PROVISIONAL", "provisional-pending", document=paper(doc.CREATOR, settlement="pending")),
        _good("VALID-PROVISIONAL", "provisional-unconfirmed", logged_s=doc.NOW - doc.DAY - 1),
        _good("VALID-PROVISIONAL", "provisional-late", logged_s=_END + 7 * doc.DAY + 1),
        _good("VALID-PROVISIONAL", "provisional-box-revoked", revoked=_revoked("box", _BOX, doc.NOW + 1)),
        _good("VALID-PROVISIONAL", "provisional-box-revoked", revoked=_revoked("box", _BOX, _LATER), logged_s=_LATER),
        _good(
            "VALID-PROVISIONAL",
            "provisional-unconfirmed",
            document=_ONE_OF_THREE,
            receipt=_THREE,
            returns=[back(receipt.REFUND, items=[{**_ANY, "qty": 2}])],
        ),
        _good(
            "VALID-PROVISIONAL",
            "provisional-unconfirmed",
            receipt=SOLD,
            leases=[_LEASE],
            revoked=_revoked("lease", jws.token_hash(_LEASE), doc.NOW + 1),
        ),
        _good("VALID-FINAL", "final-creator", document=paper(doc.CREATOR)),
        _good("VALID-FINAL", "final-creator", document=paper(doc.CREATOR), close=_closed(st="sold", cert=_DIGEST)),
        _good("VALID-FINAL", "final-creator", document=paper(doc.CREATOR), revoked=_revoked("box", _BOX, doc.NOW)),
        _good("VALID-FINAL", "final-log", logged_s=_END + 7 * doc.DAY),
        _good("VALID-FINAL", "final-log", logged_s=doc.NOW - doc.DAY),
        _good("VALID-FINAL", "final-log", revoked=_revoked("box", _BOX, _LATER), logged_s=_LATER - 1),
        _good("VALID-FINAL", "final-close", close=_closed(st="sold", cert=_DIGEST)),
        _good(
            "VALID-FINAL",
            "final-close",
            document=_PENDING,
            close=_closed(st="sold", cert=certificate.digest(_PENDING)),
        ),
    ],
    invalid=[
        _bad("certificate revoked", "revoked-certificate", revoked=_revoked("cert", _DIGEST, _LATER)),
        _bad("box revoked before", "revoked-box", revoked=_revoked("box", _BOX, doc.NOW)),
        _bad(
            "lease revoked before",
            "revoked-lease",
            receipt=SOLD,
            leases=[_LEASE],
            revoked=_revoked("lease", jws.token_hash(_LEASE), doc.NOW),
        ),
        _bad("sale made void", "revoked-void", receipt=SOLD, returns=[back(receipt.VOID)]),
        _bad("copy refunded", "revoked-refund", receipt=SOLD, returns=[back(receipt.REFUND)]),
        _bad(
            "all three copies refunded",
            "revoked-refund",
            document=_ONE_OF_THREE,
            receipt=_THREE,
            returns=[back(receipt.REFUND, items=[{**_ANY, "qty": 3}])],
        ),
        _bad("copy exchanged", "revoked-exchange", receipt=SOLD, returns=[back(receipt.RECEIPT, **_EXCHANGE)]),
        _bad("payment declined", "revoked-decline", declines=_declined()),
        _bad("payment of this copy declined", "revoked-decline", declines=_declined(items=[_COPY])),
        _bad("closed with another certificate", "certificate-not-in-close", close=_closed(st="sold", cert=_OTHER)),
        _bad("closed as spoiled", "certificate-not-in-close", close=_closed(st="burned")),
        _bad("closed as never sold", "certificate-not-in-close", close=_closed(st="unsold")),
        _bad("altered", "proof-bad-signature", _ALTERED),
        _bad("number beyond the edition", "certificate-edition", _BEYOND),
    ],
)
