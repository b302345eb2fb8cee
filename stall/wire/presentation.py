"""Presentations: an owner answers a challenge for a certificate, or asks to pass it on (formats 6).

Proves who holds the owner's key now. What the certificate itself is worth is for `wire.grade` to say; a transfer is
done only when the creator signs a new certificate.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from msgspec import Meta, field

from stall.errors import LocalWireError, WireError
from stall.wire import canonical, credential, keys, proof, strict_json
from stall.wire import claims as rules
from stall.wire.credential import VerifiedCredential
from stall.wire.issuer import CONTEXT_VC, is_of

MAX_BYTES = 24 * 1024
CONTEXT_PRESENTATION = "https://stall.example/ns/presentation/v1"
"""Stands for `transferTo`; compared as text, never fetched."""

CONTEXTS = (CONTEXT_VC, CONTEXT_PRESENTATION)
TYPES = ("VerifiablePresentation",)
MAX_AGE_S = 300
AHEAD_S = 300
"""How far the owner's clock may be ahead of the reader's."""

_ANSWERED = frozenset({"challenge", "domain"})
_CHALLENGE = re.compile(r"[\x21-\x7e]{16,128}", re.ASCII)
_DOMAIN = re.compile(r"[\x21-\x7e]{1,253}", re.ASCII)


class Presentation(rules.Claims, frozen=True, kw_only=True, rename="camel"):
    """The document without its proof. `transfer_to` is the did of the next owner, if there shall be one."""

    context: tuple[str, ...] = field(name="@context")
    type: tuple[str, ...]
    holder: rules.Did
    verifiable_credential: Annotated[tuple[dict[str, Any], ...], Meta(min_length=1, max_length=1)]
    transfer_to: rules.Did | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """A presentation that holds: the certificate in it, who holds it, when they said so, whom they pass it on to."""

    certificate: VerifiedCredential
    holder: str
    created_s: int
    transfer_to: str | None


def prove(
    key: keys.SigningKey,
    certificate: Mapping[str, Any],
    challenge: str,
    domain: str,
    created_s: int,
    transfer_to: str | None = None,
) -> dict[str, Any]:
    """Sign an answer with the owner's key; with `transfer_to` (a did) it asks for the certificate to be passed on.

    Raises StallError if the answer would not be taken.
    """
    document: dict[str, Any] = {
        "@context": list(CONTEXTS),
        "type": list(TYPES),
        "holder": key.did,
        "verifiableCredential": [dict(certificate)],
    }
    if transfer_to is not None:
        document["transferTo"] = transfer_to
    answered = {"challenge": challenge, "domain": domain}
    signed = proof.add(key, document, created_s, proof.AUTHENTICATION, answered)
    verify(signed, challenge, domain, created_s)
    return signed


def verify(document: object, challenge: str, domain: str, now_s: int, max_age_s: int = MAX_AGE_S) -> Shown:
    """Check an answer to `challenge`, asked by `domain`, no older than `max_age_s` at `now_s` (seconds UTC).

    Structure, certificate, holder is its owner, proof by the holder, challenge, domain, time, next owner. Raises WireError.
    """
    plain = _plain(document)
    presented, signed, created_s = _read(plain)
    held = credential.verify(presented.verifiable_credential[0])
    if held.owner is None or presented.holder != held.owner:
        raise WireError("presentation-holder", "The holder is not the owner that the certificate names. Ask the owner.")
    if keys.did_key(proof.verify(plain, proof.AUTHENTICATION)) != held.owner:
        raise WireError("presentation-holder", "The answer is not signed with the owner's key. Use the owner code.")
    if signed["challenge"] != challenge:
        raise WireError("presentation-challenge", "The answer is to another challenge. Ask again.")
    if signed["domain"] != domain:
        raise WireError("presentation-domain", "The answer was meant for somebody else. Ask again.")
    if not now_s - max_age_s <= created_s <= now_s + AHEAD_S:
        raise WireError("presentation-stale", "The answer is too old, or from a clock that is ahead. Ask again.")
    _check_transfer(presented.transfer_to, held)
    return Shown(held, presented.holder, created_s, presented.transfer_to)


def _plain(document: object) -> dict[str, Any]:
    try:
        plain = strict_json.loads(canonical.dumps(document), max_bytes=MAX_BYTES)
    except LocalWireError as error:
        raise WireError("json-malformed", "The answer is not plain JSON. Get it again.") from error
    if not is_of(plain, CONTEXTS, TYPES):
        raise WireError("presentation-not-ours", "This is not an owner's answer. Hand in another.")
    return plain


def _read(plain: dict[str, Any]) -> tuple[Presentation, dict[str, Any], int]:
    """Check the structure; return the presentation, its proof, and when that was made (seconds UTC)."""
    signed = plain.get("proof")
    bare = {name: member for name, member in plain.items() if name != "proof"}
    presented = rules.typed(bare, Presentation, "answer")
    if not proof.is_shaped(signed, CONTEXTS, _ANSWERED):
        raise WireError("presentation-proof", "The answer's signature has parts missing or added. Get it again.")
    check_asked(signed["challenge"], signed["domain"])
    return presented, signed, proof.parse_timestamp(signed["created"])


def check_asked(challenge: str, domain: str) -> None:
    """Check a question before it is asked: nobody could answer another. Raises WireError."""
    if _CHALLENGE.fullmatch(challenge) is None:
        raise WireError("presentation-challenge", "A challenge is 16 to 128 signs without spaces. Ask with another.")
    if _DOMAIN.fullmatch(domain) is None:
        raise WireError("presentation-domain", "A domain is 1 to 253 ASCII signs without spaces. Ask with another.")


def _check_transfer(to: str | None, held: VerifiedCredential) -> None:
    if to is None:
        return
    keys.public_from_did(to)
    if to in (held.owner, held.creator, keys.did_key(held.issuer)):
        raise WireError("presentation-transfer", "The next owner is the present one, or the stall. Name another key.")
