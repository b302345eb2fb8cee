"""Presentations: an owner's answer to a challenge, and a wish to pass the certificate on."""

from __future__ import annotations

from typing import Any

from stall.wire import keys, presentation, proof
from stall.wire.proof import AUTHENTICATION
from tests.wire import documents as doc
from tests.wire.casebook import Case, Document, Given

_ASKED = {"challenge": "bNwYcs2Lq0mXh7tR4vKd1A", "domain": "gallery.example"}
_PAPER = doc.certificate_of()


def _given(document: Given, **changes: Any) -> Given:
    return {"document": document, **_ASKED, "now_s": doc.NOW + 60, **changes}


def shown(**changes: Any) -> Given:
    """An answer by the product's own maker, one argument changed."""
    arguments: dict[str, Any] = {"key": doc.OWNER, "certificate": _PAPER, **_ASKED, "created_s": doc.NOW + 60}
    return presentation.prove(**{**arguments, **changes})


_GOOD = shown()


def forged(key: keys.SigningKey = doc.OWNER, purpose: str = AUTHENTICATION, **changes: Any) -> Given:
    """Change members of a good answer (None takes one away) and sign the result properly."""
    answered = {**_ASKED, **changes.pop("answered", {})}
    bare = {name: value for name, value in {**_GOOD, **changes}.items() if name != "proof" and value is not None}
    return proof.add(key, bare, doc.NOW + 60, purpose, answered)


def _bad(rule: str, code: str, document: Given, **changes: Any) -> Case:
    return Case("5.11", rule, code, _given(document, **changes))


_ALTERED = {**_PAPER, "name": "Night prints – Zoë — edition 8 of 50"}
_AS_TEXT: Given = {"@context": presentation.CONTEXTS[0]}
_OTHER_TERMS: Given = {"@context": list(presentation.CONTEXTS[:1])}
_SHORT = {"challenge": "short"}
_NOWHERE = {"domain": "two words"}
_UNPROVED = {name: value for name, value in _GOOD.items() if name != "proof"}
_UNANSWERED = proof.add(doc.OWNER, _UNPROVED, doc.NOW + 60, AUTHENTICATION)


def _proved(**members: Any) -> Given:
    """The good answer with another proof, over which the signature is made."""
    return doc.prove(_UNPROVED, key=doc.OWNER, **{**_ASKED, "proofPurpose": AUTHENTICATION, **members})


_DATED = {**_GOOD, "proof": {**_GOOD["proof"], "created": "2026-05-28T22:27:40+02:00"}}

DOCUMENT = Document(
    name="presentation",
    section="5.11",
    read=lambda given: presentation.verify(given["document"], given["challenge"], given["domain"], given["now_s"]),
    valid=[
        _given(_GOOD),
        _given(_GOOD, now_s=doc.NOW + 60 + 300),
        _given(_GOOD, now_s=doc.NOW + 60 - 300),
        _given(shown(transfer_to=doc.STRANGER.did), transfer_to=doc.STRANGER.did),
        _given(shown(challenge="~" * 128, domain="d"), challenge="~" * 128, domain="d"),
    ],
    invalid=[
        _bad("a certificate instead", "presentation-not-ours", _PAPER),
        _bad("other terms", "presentation-not-ours", forged(**_OTHER_TERMS)),
        _bad("member unknown", "member-unknown", forged(id="urn:uuid:7")),
        _bad("no holder", "member-missing", forged(holder=None)),
        _bad("holder is no did", "member-form", forged(holder="did:example:owner")),
        _bad("next owner is null", "member-null", {**_GOOD, "transferTo": None}),
        _bad("certificate as text", "member-type", forged(verifiableCredential=["certificate"])),
        _bad("two certificates", "member-count", forged(verifiableCredential=[_PAPER, _PAPER])),
        _bad("context as text", "presentation-not-ours", forged(**_AS_TEXT)),
        _bad("no type", "presentation-not-ours", forged(type=None)),
        _bad("no proof", "presentation-proof", _UNPROVED),
        _bad("proof is null", "presentation-proof", {**_UNPROVED, "proof": None}),
        _bad("proof of another type", "proof-unknown-suite", _proved(type="Ed25519Signature2020")),
        _bad("certificate in it is null", "member-null", forged(verifiableCredential=[None])),
        _bad("proof without challenge", "presentation-proof", _UNANSWERED),
        _bad("challenge of five signs", "presentation-challenge", forged(answered=_SHORT), **_SHORT),
        _bad("domain with a space", "presentation-domain", forged(answered=_NOWHERE), **_NOWHERE),
        _bad("certificate altered", "proof-bad-signature", forged(verifiableCredential=[_ALTERED])),
        _bad("holder is not the owner", "presentation-holder", forged(doc.STRANGER, holder=doc.STRANGER.did)),
        _bad("signed by another than the holder", "presentation-holder", forged(doc.STRANGER)),
        _bad(
            "certificate without owner",
            "presentation-holder",
            forged(verifiableCredential=[doc.certificate_of(owner=None)]),
        ),
        _bad("made to assert", "proof-wrong-purpose", forged(purpose=proof.PURPOSE)),
        _bad("next owner put in later", "proof-bad-signature", {**_GOOD, "transferTo": doc.STRANGER.did}),
        _bad("answer to another challenge", "presentation-challenge", _GOOD, challenge="x" * 22),
        _bad("answer for another domain", "presentation-domain", _GOOD, domain="other.example"),
        _bad("older than 300 seconds", "presentation-stale", _GOOD, now_s=doc.NOW + 361),
        _bad("more than 300 seconds ahead", "presentation-stale", _GOOD, now_s=doc.NOW - 241),
        _bad("date with a zone", "timestamp-malformed", _DATED),
        _bad("next owner's key of low order", "key-low-order", forged(transferTo=doc.WEAK_DID)),
        _bad("passed on to the owner", "presentation-transfer", forged(transferTo=doc.OWNER.did)),
        _bad("passed on to the box", "presentation-transfer", forged(transferTo=doc.BOX.did)),
        _bad("larger than 24 KiB", "json-too-large", forged(note="x" * 24 * 1024)),
    ],
)
