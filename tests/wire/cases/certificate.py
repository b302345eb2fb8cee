"""Certificates of ownership: what one is by itself, and beside the manifest and the receipt it names."""

from __future__ import annotations

from typing import Any

from stall.wire import base58, credential, delegation, issuer, jws, manifest, proof, receipt
from tests.wire import documents as doc
from tests.wire import ed25519
from tests.wire.casebook import Case, Document, Given
from tests.wire.cases import badge

_GOOD = doc.certificate_of()


def _valid(grade: str, document: Given) -> Given:
    return {"grade": grade, "document": document}


def _resigned(signer: Any = doc.BOX, **changes: Any) -> Given:
    """Change members of a good certificate (None takes one away) and sign the result properly."""
    bare = {name: value for name, value in {**_GOOD, **changes}.items() if name != "proof" and value is not None}
    return proof.add(signer, bare, doc.NOW)


def _resigned_by_creator(**changes: Any) -> Given:
    issuer_name = {**_GOOD["issuer"], "id": doc.CREATOR.did}
    return _resigned(doc.CREATOR, issuer=issuer_name, **changes)


def _subject(**changes: Any) -> Given:
    subject = {**_GOOD["credentialSubject"], **changes}
    return {name: value for name, value in subject.items() if value is not None}


def _evidence(**changes: Any) -> list[Given]:
    token = doc.forge(changes.pop("signer", doc.CREATOR), delegation.TYP, doc.delegation_claims(**changes))
    return [{"type": "StallDelegation", "jws": token}]


def _bad(rule: str, code: str, document: Given, section: str = "5.5") -> Case:
    return Case(section, rule, code, {"document": document})


_UNPROVED = {name: value for name, value in _GOOD.items() if name != "proof"}


def _proved(value: Any = None, **members: Any) -> Given:
    """The good certificate with another proof, over which the signature is made."""
    return doc.prove(_UNPROVED, value, **members)


def _method(did: str) -> Given:
    return {"verificationMethod": proof.method_of(did)}


def _short(message: bytes) -> str:
    return "z" + base58.encode(doc.BOX.sign(message)[:-1])


def _hexed(message: bytes) -> str:
    return "f" + doc.BOX.sign(message).hex()


def _not_base58(message: bytes) -> str:
    return "z0" + base58.encode(doc.BOX.sign(message))


def _with_torsion(message: bytes) -> str:
    return "z" + base58.encode(ed25519.sign_with_torsion(doc.BOX.seed, message))


_FOR_CLOUD = [{"type": "StallDelegation", "jws": jws.sign(doc.CREATOR, delegation.TYP, doc.delegation_to(doc.CLOUD))}]
_REPROVED = {**_GOOD, "proof": {**_GOOD["proof"], "proofPurpose": "authentication"}}
_ONE_CONTEXT: Given = {"@context": [issuer.CONTEXT_VC]}
_CONTEXTS: Given = {"@context": list(credential.CONTEXTS)}
_CONTEXTLESS = {name: value for name, value in _UNPROVED.items() if name != "@context"}
_NULL = {**_subject(), "id": None}
_SELF = _resigned(credentialSubject=_subject(id=doc.BOX.did))
_WEAK = _resigned(credentialSubject=_subject(id=doc.WEAK_DID))

_DROP = doc.forge(doc.CREATOR, manifest.TYP, doc.manifest_claims())
_MAN = jws.token_hash(_DROP)
_COPY = doc.item_claims(man=_MAN)


_LATER = {name: value for name, value in doc.certificate_of(doc.CREATOR).items() if name != "proof"}
_LATER = proof.add(doc.CREATOR, _LATER, doc.NOW + 200 * doc.DAY)
_LATE = proof.add(doc.BOX, _UNPROVED, doc.NOW + 120 * doc.DAY + 1)
_EARLY = {name: value for name, value in doc.certificate_of(doc.CREATOR, delegation=None).items() if name != "proof"}
_EARLY = proof.add(doc.CREATOR, {**_EARLY, "validFrom": "2019-12-31T23:59:59Z"}, doc.NOW)


def _dropped(**changes: Any) -> str:
    return doc.forge(doc.CREATOR, manifest.TYP, doc.manifest_claims(drop=doc.drop_claims(**changes)))


def _beside_manifest(token: str, **changes: Any) -> Given:
    """A certificate that names the manifest it lies beside, one argument changed."""
    return {"document": doc.certificate_of(**{"manifest": jws.token_hash(token), **changes}), "manifest": token}


def _sold(signer: Any = doc.BOX, **changes: Any) -> str:
    claims = doc.receipt_claims(**{"iss": signer.thumbprint, "items": [_COPY], **changes})
    return doc.forge(signer, receipt.RECEIPT, claims)


def _beside_receipt(token: str, signer: Any = doc.BOX, **changes: Any) -> Given:
    """A certificate that names the receipt it lies beside, one argument changed."""
    arguments = {"manifest": _MAN, "receipt": jws.token_hash(token), **changes}
    return {"document": doc.certificate_of(signer, **arguments), "receipt": token}


def _apart(rule: str, code: str, given: Given) -> Case:
    return Case("5.5", rule, code, given)


def _read(given: Given) -> object:
    found = credential.verify(given["document"])
    if "manifest" in given:
        token = given["manifest"]
        credential.check_manifest(found, manifest.verify(token, doc.TRUSTED), token)
    if "receipt" in given:
        token = given["receipt"]
        credential.check_receipt(found, receipt.verify(token, doc.TRUSTED), token)
    return found


_OPEN_ITEM = doc.item_claims(man=_MAN, ed=None, lease=None)
_RETURNED = [
    {**_COPY, "minor": -450},
    doc.item_claims(man=_MAN, ed=8, minor=900),
]

DOCUMENT = Document(
    name="certificate",
    section="5.5",
    read=_read,
    valid=[
        _valid("VALID-PROVISIONAL", _GOOD),
        _valid("VALID-PROVISIONAL", doc.certificate_of(edition=None, edition_size=None, owner=None)),
        _valid("VALID-FINAL", doc.certificate_of(doc.CREATOR, delegation=None)),
        _valid("VALID-PROVISIONAL", doc.certificate_of(doc.CREATOR, settlement="pending")),
        _valid("VALID-FINAL", _LATER),
        _valid("VALID-PROVISIONAL", _resigned(evidence=_evidence(iat=doc.NOW + doc.DAY))),
        _valid("VALID-FINAL", _resigned_by_creator(evidence=[])),
        {"grade": "VALID-PROVISIONAL", **_beside_manifest(_DROP)},
        {"grade": "VALID-PROVISIONAL", **_beside_receipt(_sold())},
        {"grade": "VALID-FINAL", **_beside_receipt(_sold(), doc.CREATOR)},
        {"grade": "VALID-PROVISIONAL", **_beside_receipt(_sold(items=[_OPEN_ITEM]), edition=None, edition_size=None)},
    ],
    invalid=[
        _bad("a word changed", "proof-bad-signature", {**_GOOD, "name": "Night prints – edition 1 of 50"}),
        _bad("proof left out", "certificate-proof", _UNPROVED),
        _bad("proof is null", "certificate-proof", {**_UNPROVED, "proof": None}),
        _bad("proof as text", "certificate-proof", {**_UNPROVED, "proof": _GOOD["proof"]["proofValue"]}),
        _bad("list of proofs", "certificate-proof", {**_UNPROVED, "proof": [_GOOD["proof"]]}),
        _bad("proof with a member too many", "certificate-proof", _proved(nonce="1")),
        _bad("proof without its purpose", "certificate-proof", _proved(proofPurpose=None)),
        _bad("proof with a number", "certificate-proof", _proved(created=doc.NOW)),
        _bad("proof under one context of two", "certificate-proof", _proved(**_ONE_CONTEXT)),
        _bad("proof of another type", "proof-unknown-suite", _proved(type="Ed25519Signature2020")),
        _bad("proof of another suite", "proof-unknown-suite", _proved(cryptosuite="eddsa-rdfc-2022")),
        _bad("date of the proof with a zone", "timestamp-malformed", _proved(created="2026-05-28T20:26:40+00:00")),
        _bad("key of the proof without its second half", "proof-wrong-method", _proved(verificationMethod=doc.BOX.did)),
        _bad("key of the proof by another method", "proof-wrong-method", _proved(**_method(doc.NO_DID))),
        _bad("key of the proof of another kind", "did-not-ed25519", _proved(**_method(doc.FOREIGN_DID)), "3"),
        _bad("key of the proof of low order", "key-low-order", _proved(**_method(doc.WEAK_DID)), "3"),
        _bad("signature in hex", "proof-malformed", _proved(_hexed)),
        _bad("signature not in base58", "base58-malformed", _proved(_not_base58)),
        _bad("signature of 63 bytes", "proof-bad-signature", _proved(_short)),
        _bad(
            "signature that holds only when multiplied by the cofactor", "proof-bad-signature", _proved(_with_torsion)
        ),
        _bad("proof for another purpose", "proof-wrong-purpose", _REPROVED),
        _bad("member unknown", "member-unknown", _resigned(validUntil="2030-01-01T00:00:00Z")),
        _bad("no licence", "member-missing", _resigned(credentialSubject=_subject(licence=None))),
        _bad("number as text", "member-type", _resigned(credentialSubject=_subject(edition="7"))),
        _bad("number zero", "member-range", _resigned(credentialSubject=_subject(edition=0))),
        _bad("settlement unknown", "member-choice", _resigned(credentialSubject=_subject(settlement="maybe"))),
        _bad("two delegations", "member-count", _resigned(evidence=_evidence() * 2)),
        _bad("id is no UUID", "member-form", _resigned(id="urn:uuid:7")),
        _bad("foreign context", "certificate-not-ours", _resigned(**_ONE_CONTEXT)),
        _bad("context as text", "certificate-not-ours", _resigned(**{"@context": issuer.CONTEXT_VC})),
        _bad("no context", "certificate-not-ours", doc.prove(_CONTEXTLESS, **_CONTEXTS)),
        _bad("of one type of two", "certificate-not-ours", _resigned(type=["VerifiableCredential"])),
        _bad("a badge instead", "certificate-not-ours", badge.badge_of()),
        _bad("issuer named by another method", "member-form", _resigned(issuer={**_GOOD["issuer"], "id": doc.NO_DID})),
        _bad(
            "creator's key of another kind",
            "did-not-ed25519",
            _resigned(credentialSubject=_subject(creator=doc.FOREIGN_DID)),
            "3",
        ),
        _bad(
            "owner's key of another kind",
            "did-not-ed25519",
            _resigned(credentialSubject=_subject(id=doc.FOREIGN_DID)),
            "3",
        ),
        _bad("date with a zone", "timestamp-malformed", _resigned(validFrom="2026-05-28T20:26:40+02:00")),
        _bad("signed by a stranger", "certificate-wrong-issuer", _resigned(doc.STRANGER)),
        _bad("no delegation", "certificate-no-delegation", _resigned(evidence=None)),
        _bad("list of no delegation", "certificate-no-delegation", _resigned(evidence=[])),
        _bad("delegation for another box", "certificate-wrong-delegate", _resigned(evidence=_FOR_CLOUD)),
        _bad("delegation by a stranger", "token-unknown-key", _resigned(evidence=_evidence(signer=doc.STRANGER))),
        _bad("delegation altered", "delegation-role", _resigned(evidence=_evidence(cap=["cert", "manifest"]))),
        _bad("delegation without cert", "delegation-cap", _resigned(evidence=_evidence(cap=["receipt"]))),
        _bad("delegation for another drop", "delegation-drop", _resigned(evidence=_evidence(drops=["other"]))),
        _bad("made before the delegation", "delegation-time", _resigned(validFrom="2026-05-28T20:26:39Z")),
        _bad("number beyond the edition", "certificate-edition", _resigned(credentialSubject=_subject(edition=51))),
        _bad("number without size", "certificate-edition", _resigned(credentialSubject=_subject(editionSize=None))),
        _bad("price named", "member-unknown", _resigned(credentialSubject=_subject(price=450))),
        _bad("null member", "member-null", _resigned(credentialSubject=_NULL)),
        _bad("title written backwards", "member-form", _resigned(name="Night \u202e prints — edition 7 of 50")),
        _bad("name bears another number", "certificate-name", _resigned(name="Night prints — edition 1 of 50")),
        _bad("name lacks the number", "certificate-name", _resigned(name="Night prints")),
        _bad("owner's key of low order", "key-low-order", _WEAK),
        _bad("owned by the box that signs", "certificate-owner", _SELF),
        _bad("older than any stall", "certificate-time", _EARLY),
        _bad("signed before it holds", "certificate-time", _resigned(validFrom="2026-05-28T20:26:41Z")),
        _bad("signed after the delegation ended", "certificate-time", _LATE),
        _apart("another manifest", "certificate-other-manifest", _beside_manifest(_DROP, manifest=doc.HASH)),
        _apart("another edition size", "certificate-edition-size", _beside_manifest(_dropped(edition=49))),
        _apart("another licence", "certificate-licence", _beside_manifest(_dropped(licence="CC0-1.0"))),
        _apart("another title", "certificate-name", _beside_manifest(_dropped(title="Day prints"))),
        _apart("another receipt", "certificate-other-receipt", _beside_receipt(_sold(), receipt=doc.HASH)),
        _apart("receipt of another box", "certificate-other-box", _beside_receipt(_sold(doc.CLOUD))),
        _apart("another number bought", "certificate-not-bought", _beside_receipt(_sold(), edition=8)),
        _apart("bought under another manifest", "certificate-not-bought", _beside_receipt(_sold(), manifest=doc.HASH)),
        _apart("no numbered copy bought", "certificate-not-bought", _beside_receipt(_sold(items=[_OPEN_ITEM]))),
        _apart("copy given back", "certificate-not-bought", _beside_receipt(_sold(items=_RETURNED, ref=doc.EPOCH))),
        _apart("receipt of a test", "certificate-not-bought", _beside_receipt(_sold(test=True))),
        _apart("older than its receipt", "certificate-before-receipt", _beside_receipt(_sold(iat=doc.NOW + 1))),
        _bad("larger than 8 KiB", "json-too-large", _resigned(name="x" * 9000)),
    ],
)
