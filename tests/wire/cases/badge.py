"""Badges in the shape of Open Badges 3.0: what one is by itself, with the delegation inside it."""

from __future__ import annotations

from typing import Any

import msgspec

from stall.wire import badge, delegation, issuer, keys, proof
from tests.wire import documents as doc
from tests.wire.casebook import Case, Document, Given

ACHIEVEMENT = msgspec.convert(
    {
        "id": "urn:uuid:12345678-1234-4123-8123-0123456789ab",
        "type": ["Achievement"],
        "name": "First night – Zoë",
        "description": "Was there when the night prints were shown first.",
        "criteria": {"narrative": "Bought a print on the first evening."},
        "image": {"id": "data:image/png;base64,iVBORw0KGgo=", "type": "Image"},
    },
    badge.Achievement,
)
SALT = "kQ3vY8pLr2sN7wXz"
IDENTITY = badge.Identity(
    type="IdentityObject",
    identity_type="emailAddress",
    hashed=True,
    identity_hash=badge.identity_hash("zoe@example.org", SALT),
    salt=SALT,
)
_TOKEN = doc.forge(doc.CREATOR, delegation.TYP, doc.delegation_claims())


def badge_of(signer: keys.SigningKey = doc.BOX, **changes: Any) -> Given:
    """A badge by the product's own maker, one argument changed."""
    arguments: dict[str, Any] = {
        "id": "12345678-1234-4123-8123-123456789abc",
        "issuer_name": "Zoë’s stall",
        "achievement": ACHIEVEMENT,
        "valid_from_s": doc.NOW,
        "delegation": _TOKEN,
        "owner": doc.OWNER.did,
    }
    return badge.build(signer, **{**arguments, **changes})


_GOOD = badge_of()
_FOR_ADDRESS = badge_of(owner=None, identity=IDENTITY)
_UNPROVED = {name: value for name, value in _GOOD.items() if name != "proof"}


def _resigned(signer: keys.SigningKey = doc.BOX, at_s: int = doc.NOW, **changes: Any) -> Given:
    """Change members of a good badge (None takes one away) and sign the result properly."""
    bare = {name: value for name, value in {**_UNPROVED, **changes}.items() if value is not None}
    return proof.add(signer, bare, at_s)


def _subject(of: Given = _GOOD, **changes: Any) -> Given:
    subject = {name: value for name, value in {**of["credentialSubject"], **changes}.items() if value is not None}
    return _resigned(credentialSubject=subject)


def _achieved(**changes: Any) -> Given:
    achievement = {**_GOOD["credentialSubject"]["achievement"], **changes}
    return _subject(achievement={name: value for name, value in achievement.items() if value is not None})


def _evidence(**changes: Any) -> list[Given]:
    token = doc.forge(doc.CREATOR, delegation.TYP, doc.delegation_to(changes.pop("to", doc.BOX), **changes))
    return [{"type": ["Evidence", "StallDelegation"], "jws": token}]


def _bad(rule: str, code: str, document: Given) -> Case:
    return Case("5.10", rule, code, {"document": document})


def _image(data: str, kind: str = "png") -> Given:
    return {"id": f"data:image/{kind};base64,{data}", "type": "Image"}


_AS_TEXT: Given = {"@context": issuer.CONTEXT_VC}
_OTHER_TERMS: Given = {"@context": [issuer.CONTEXT_VC]}
_IDENTITY = _FOR_ADDRESS["credentialSubject"]["identifier"][0]
_OPEN = {**_IDENTITY, "hashed": False}
_REPROVED = {**_GOOD, "proof": {**_GOOD["proof"], "proofPurpose": "authentication"}}

DOCUMENT = Document(
    name="badge",
    section="5.10",
    read=lambda given: badge.verify(given["document"]),
    valid=[
        {"document": _GOOD, "creator": doc.CREATOR.did},
        {"document": _FOR_ADDRESS, "creator": doc.CREATOR.did, "address": "zoe@example.org"},
        {"document": badge_of(valid_until_s=doc.NOW + 366 * doc.DAY), "creator": doc.CREATOR.did},
        {"document": badge_of(doc.CREATOR, delegation=None), "creator": doc.CREATOR.did},
        {"document": _subject(identifier=[]), "creator": doc.CREATOR.did},
        {"document": _resigned(evidence=[]), "creator": doc.BOX.did},
        {"document": _resigned(evidence=_evidence(iat=doc.NOW + doc.DAY)), "creator": doc.CREATOR.did},
    ],
    invalid=[
        _bad("a certificate instead", "badge-not-ours", doc.certificate_of()),
        _bad("other terms", "badge-not-ours", _resigned(**_OTHER_TERMS)),
        _bad("a word changed", "proof-bad-signature", {**_GOOD, "name": "Second night"}),
        _bad("context as text", "badge-not-ours", _resigned(**_AS_TEXT)),
        _bad("no proof", "badge-proof", _UNPROVED),
        _bad("proof is null", "badge-proof", {**_UNPROVED, "proof": None}),
        _bad("proof with a number", "badge-proof", doc.prove(_UNPROVED, created=doc.NOW)),
        _bad("proof of another type", "proof-unknown-suite", doc.prove(_UNPROVED, type="Ed25519Signature2020")),
        _bad("owner named by another method", "member-form", _subject(id=doc.NO_DID)),
        _bad("delegation that names no creator", "did-malformed", _resigned(evidence=_evidence(iss=doc.NO_DID))),
        _bad("proof for another purpose", "proof-wrong-purpose", _REPROVED),
        _bad("member unknown", "member-unknown", _resigned(credentialStatus={"id": "https://status.example"})),
        _bad("no name", "member-missing", _resigned(name=None)),
        _bad("nobody named", "badge-subject", _subject(id=None)),
        _bad(
            "null identifier", "member-null", {**_GOOD, "credentialSubject": {**_GOOD["credentialSubject"], "id": None}}
        ),
        _bad("named in two ways", "badge-subject", _subject(identifier=[_IDENTITY])),
        _bad("address not hashed", "badge-subject", _subject(_FOR_ADDRESS, identifier=[_OPEN])),
        _bad("the box's own badge", "badge-subject", _subject(id=doc.BOX.did)),
        _bad("owner's key of low order", "key-low-order", _subject(id=doc.WEAK_DID)),
        _bad("two addresses", "member-count", _subject(_FOR_ADDRESS, identifier=[_IDENTITY, _IDENTITY])),
        _bad("identity of another kind", "member-choice", _subject(identifier=[{**_IDENTITY, "identityType": "name"}])),
        _bad("no criteria", "member-missing", _achieved(criteria=None)),
        _bad("criteria as text", "member-type", _achieved(criteria="Be there.")),
        _bad("image to be fetched", "member-form", _achieved(image={"id": "https://x.example/a.png", "type": "Image"})),
        _bad("image that may hold a program", "member-form", _achieved(image=_image("PHN2Zz4=", "svg+xml"))),
        _bad("image larger than 16 KiB", "member-form", _achieved(image=_image("A" * 16364))),
        _bad("date with a zone", "timestamp-malformed", _resigned(validFrom="2026-05-28T22:26:40+02:00")),
        _bad(
            "lasts longer than a year", "badge-lifetime", _resigned(validUntil=proof.timestamp(doc.NOW + 367 * doc.DAY))
        ),
        _bad("ends as it begins", "badge-lifetime", _resigned(validUntil=_GOOD["validFrom"])),
        _bad("signed before it holds", "certificate-time", _resigned(at_s=doc.NOW - 1)),
        _bad("signed after the delegation ended", "certificate-time", _resigned(at_s=doc.NOW + 120 * doc.DAY + 1)),
        _bad("signed by a stranger", "badge-wrong-issuer", _resigned(doc.STRANGER)),
        _bad("delegation for another box", "certificate-wrong-delegate", _resigned(evidence=_evidence(to=doc.CLOUD))),
        _bad(
            "delegation without badge", "delegation-cap", _resigned(evidence=_evidence(cap=["receipt", "cert", "log"]))
        ),
        _bad("made before the delegation", "delegation-time", _resigned(validFrom=proof.timestamp(doc.NOW - 1))),
        _bad("larger than 24 KiB", "json-too-large", _achieved(image=_image("A" * 32 * 1024))),
    ],
)
