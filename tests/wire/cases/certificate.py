"""Certificates of ownership: what one is by itself, with the delegation inside it."""

from __future__ import annotations

from typing import Any

from stall.wire import credential, delegation, jws, proof
from tests.wire import documents as doc
from tests.wire.casebook import Case, Document, Given

_GOOD = doc.certificate_of()


def _valid(grade: str, document: Given) -> Given:
    return {"grade": grade, "document": document}


def _resigned(signer: Any = doc.BOX, **changes: Any) -> Given:
    """Change members of a good certificate (None takes one away) and sign the result properly."""
    bare = {name: value for name, value in {**_GOOD, **changes}.items() if name != "proof" and value is not None}
    return proof.add(signer, bare, doc.NOW)


def _subject(**changes: Any) -> Given:
    subject = {**_GOOD["credentialSubject"], **changes}
    return {name: value for name, value in subject.items() if value is not None}


def _evidence(**changes: Any) -> list[Given]:
    token = doc.forge(changes.pop("signer", doc.CREATOR), delegation.TYP, doc.delegation_claims(**changes))
    return [{"type": "StallDelegation", "jws": token}]


def _bad(rule: str, code: str, document: Given, section: str = "5.5") -> Case:
    return Case(section, rule, code, {"document": document})


_UNPROVED = {name: value for name, value in _GOOD.items() if name != "proof"}
_FOR_CLOUD = [{"type": "StallDelegation", "jws": jws.sign(doc.CREATOR, delegation.TYP, doc.delegation_to(doc.CLOUD))}]
_REPROVED = {**_GOOD, "proof": {**_GOOD["proof"], "proofPurpose": "authentication"}}
_NULL = {**_subject(), "id": None}

DOCUMENT = Document(
    name="certificate",
    section="5.5",
    read=lambda given: credential.verify(given["document"]),
    valid=[
        _valid("VALID-PROVISIONAL", _GOOD),
        _valid("VALID-PROVISIONAL", doc.certificate_of(edition=None, edition_size=None, owner=None)),
        _valid("VALID-FINAL", doc.certificate_of(doc.CREATOR, delegation=None)),
    ],
    invalid=[
        _bad("a word changed", "proof-bad-signature", {**_GOOD, "name": "Night prints – edition 1 of 50"}),
        _bad("proof left out", "certificate-proof", _UNPROVED),
        _bad("proof for another purpose", "proof-wrong-purpose", _REPROVED),
        _bad("member unknown", "member-unknown", _resigned(validUntil="2030-01-01T00:00:00Z")),
        _bad("no licence", "member-missing", _resigned(credentialSubject=_subject(licence=None))),
        _bad("number as text", "member-type", _resigned(credentialSubject=_subject(edition="7"))),
        _bad("number zero", "member-range", _resigned(credentialSubject=_subject(edition=0))),
        _bad("settlement unknown", "member-choice", _resigned(credentialSubject=_subject(settlement="maybe"))),
        _bad("two delegations", "member-count", _resigned(evidence=_evidence() * 2)),
        _bad("id is no UUID", "member-form", _resigned(id="urn:uuid:7")),
        _bad("foreign context", "certificate-not-ours", _resigned(**{"@context": [credential.CONTEXT_VC]})),
        _bad("date with a zone", "timestamp-malformed", _resigned(validFrom="2026-05-28T20:26:40+02:00")),
        _bad("signed by a stranger", "certificate-wrong-issuer", _resigned(doc.STRANGER)),
        _bad("no delegation", "certificate-no-delegation", _resigned(evidence=None)),
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
        _bad("larger than 8 KiB", "json-too-large", _resigned(name="x" * 9000)),
    ],
)
