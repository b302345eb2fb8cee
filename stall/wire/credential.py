"""Ownership credentials: whether a certificate is ours, and how far it may be trusted (formats 7.6).

Works offline from the document alone: the embedded delegation ties the box that signed to the creator.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from msgspec import Meta, field

from stall.errors import LocalWireError, WireError
from stall.wire import canonical, delegation, jws, keys, proof, strict_json
from stall.wire import claims as rules
from stall.wire.delegation import Delegation
from stall.wire.manifest import Manifest

MAX_BYTES = 8192
CONTEXT_VC = "https://www.w3.org/ns/credentials/v2"
CONTEXT_EDITION = "https://stall.example/ns/edition/v1"
"""Contexts are compared as text and never fetched; this one stands for the terms of `Subject`."""

CONTEXTS = (CONTEXT_VC, CONTEXT_EDITION)
TYPES = ("VerifiableCredential", "EditionOwnershipCredential")

PROVISIONAL = "VALID-PROVISIONAL"
FINAL = "VALID-FINAL"

Digest = Annotated[str, Meta(pattern=r"^sha256-[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]\Z")]
"""`sha256-` and the base64url hash of a token."""


class Issuer(rules.Claims, frozen=True, kw_only=True):
    """Who signed: the box, or the creator once countersigned."""

    id: rules.Did
    name: rules.Text


class Subject(rules.Claims, frozen=True, kw_only=True, rename="camel"):
    """What is owned. `id` is the owner's did, if an owner key was made; open drops have no edition."""

    type: Literal["EditionOwnership"]
    creator: rules.Did
    drop: rules.DropId
    manifest: Digest
    receipt: Digest
    settlement: Literal["pending", "settled"]
    licence: rules.Text
    id: rules.Did | None = None
    edition: rules.EditionNumber | None = None
    edition_size: rules.EditionNumber | None = None


class Evidence(rules.Claims, frozen=True, kw_only=True):
    """The creator's delegation for the box that signed."""

    type: Literal["StallDelegation"]
    jws: str


class Certificate(rules.Claims, frozen=True, kw_only=True, rename="camel"):
    """The document without its proof."""

    context: tuple[str, ...] = field(name="@context")
    id: Annotated[str, Meta(pattern=r"^urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")]
    type: tuple[str, ...]
    name: Annotated[str, Meta(pattern=r"^[^\x00-\x1f\x7f-\x9f]{1,250}\Z")]
    issuer: Issuer
    valid_from: str
    credential_subject: Subject
    evidence: Annotated[tuple[Evidence, ...], Meta(max_length=1)] = ()


@dataclass(frozen=True, slots=True)
class VerifiedCredential:
    """A certificate that holds. `grade` is PROVISIONAL or FINAL; revocation and logs are for the caller to look up."""

    document: dict[str, Any]
    issuer: bytes
    creator: str
    drop: str
    edition: int | None
    edition_size: int | None
    manifest: str
    receipt: str
    grade: str
    settlement: str
    owner: str | None
    valid_from_s: int
    delegation: Delegation | None


def verify(document: dict[str, Any]) -> VerifiedCredential:
    """Check an ownership certificate of our profile, in the order of formats 7.6.

    Structure, proof, issuer is the delegate, delegation by the creator in force for certificates of this drop, edition
    within its size. Raises WireError naming the first rule broken.
    """
    certificate, created_s = _read(document)
    issuer = verify_proof(document)
    if keys.did_key(issuer) != certificate.issuer.id:
        raise WireError("certificate-wrong-issuer", "The certificate is not signed by its issuer. Do not rely on it.")
    subject = certificate.credential_subject
    used = _check_chain(certificate, created_s)
    _check_edition(subject)
    return VerifiedCredential(
        document=document,
        issuer=issuer,
        creator=subject.creator,
        drop=subject.drop,
        edition=subject.edition,
        edition_size=subject.edition_size,
        manifest=subject.manifest.removeprefix("sha256-"),
        receipt=subject.receipt.removeprefix("sha256-"),
        grade=FINAL if certificate.issuer.id == subject.creator else PROVISIONAL,
        settlement=subject.settlement,
        owner=subject.id,
        valid_from_s=created_s,
        delegation=used,
    )


def verify_proof(document: dict[str, Any]) -> bytes:
    """Check the `eddsa-jcs-2022` proof alone, whatever the context, and return the signer's public key.

    Raises WireError.
    """
    return proof.verify(document)


def add_proof(key: keys.SigningKey, document: Mapping[str, Any], created_s: int) -> dict[str, Any]:
    """Sign a document (certificate or badge) at `created_s` seconds UTC. Raises LocalWireError."""
    return proof.add(key, document, created_s)


def check_manifest(verified: VerifiedCredential, manifest: Manifest, token: str) -> None:
    """Check that the certificate names this manifest (its token) and its edition size. Raises WireError."""
    if (verified.manifest, verified.drop, verified.creator) != (
        jws.token_hash(token),
        manifest.drop.id,
        manifest.iss,
    ):
        raise WireError("certificate-other-manifest", "The certificate is for another manifest. Find the one it names.")
    if verified.edition_size != manifest.drop.edition:
        raise WireError("certificate-edition-size", "The certificate names another edition size. Do not rely on it.")


def _read(document: object) -> tuple[Certificate, int]:
    """Check the structure; return the certificate without proof and its `validFrom` in seconds UTC."""
    try:
        plain = strict_json.loads(canonical.dumps(document), max_bytes=MAX_BYTES)
    except LocalWireError as error:
        raise WireError("json-malformed", "The certificate is not plain JSON. Get it again.") from error
    if not isinstance(plain, dict):
        raise WireError("certificate-not-ours", "This is not a certificate of ownership. Hand in another.")
    signed = plain.pop("proof", None)
    certificate = rules.typed(plain, Certificate, "certificate")
    if certificate.context != CONTEXTS or certificate.type != TYPES:
        raise WireError("certificate-not-ours", "The document is not a certificate of ownership. Hand in another.")
    _check_proof_shape(signed)
    return certificate, proof.parse_timestamp(certificate.valid_from)


def _check_proof_shape(signed: object) -> None:
    if not isinstance(signed, dict) or signed.keys() != {
        "@context",
        "created",
        "cryptosuite",
        "proofPurpose",
        "proofValue",
        "type",
        "verificationMethod",
    }:
        raise WireError("certificate-proof", "The certificate's signature has parts missing or added. Get it again.")
    if signed["@context"] != list(CONTEXTS) or not isinstance(signed["created"], str):
        raise WireError("certificate-proof", "The certificate's signature names other terms or no date. Get it again.")
    proof.parse_timestamp(signed["created"])


def _check_chain(certificate: Certificate, valid_from_s: int) -> Delegation | None:
    """Check the delegation, required unless the creator signed; a copy kept by the creator must hold as well."""
    subject, by_creator = (
        certificate.credential_subject,
        certificate.issuer.id == certificate.credential_subject.creator,
    )
    creator = keys.public_from_did(subject.creator)
    if not certificate.evidence:
        if by_creator:
            return None
        raise WireError("certificate-no-delegation", "The certificate does not say who let the box sign. Get another.")
    found = delegation.verify(certificate.evidence[0].jws, {keys.thumbprint(creator): creator})
    if not by_creator and found.sub != certificate.issuer.id:
        raise WireError("certificate-wrong-delegate", "The delegation is for another box. Do not rely on this paper.")
    delegation.check_use(found, "cert", subject.drop, valid_from_s)
    return found


def _check_edition(subject: Subject) -> None:
    if (subject.edition is None) != (subject.edition_size is None):
        raise WireError(
            "certificate-edition", "The certificate names only one of number and edition size. Get it again."
        )
    if subject.edition is not None and subject.edition_size is not None and subject.edition > subject.edition_size:
        raise WireError("certificate-edition", "The certificate's number is beyond its edition. Do not rely on it.")
