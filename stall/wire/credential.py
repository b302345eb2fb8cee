"""Ownership credentials: whether a certificate is ours, and how far it may be trusted (formats 7.6).

Works offline from the document alone: the embedded delegation ties the box that signed to the creator.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from msgspec import Meta, field

from stall.errors import LocalWireError, WireError
from stall.wire import canonical, jws, keys, proof, strict_json
from stall.wire import claims as rules
from stall.wire.delegation import Delegation
from stall.wire.issuer import CONTEXT_VC, AtMostOne, Urn, check_chain, check_times, is_of
from stall.wire.manifest import Manifest
from stall.wire.receipt import Item, Receipt

MAX_BYTES = 8192
CONTEXT_EDITION = "https://stall.example/ns/edition/v1"
"""This context stands for the terms of `Subject`."""

CONTEXTS = (CONTEXT_VC, CONTEXT_EDITION)
TYPES = ("VerifiableCredential", "EditionOwnershipCredential")

PROVISIONAL = "VALID-PROVISIONAL"
FINAL = "VALID-FINAL"

Digest = Annotated[str, Meta(pattern=r"^sha256-[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]\Z")]
"""`sha256-` and the base64url hash of a token."""

Name = Annotated[str, Meta(pattern=r"^[^\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]{1,250}\Z")]
"""Longer than other texts: a title of 200 code points, and the number behind it."""


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


class Certificate(rules.Claims, frozen=True, kw_only=True, rename="camel"):
    """The document without its proof."""

    context: tuple[str, ...] = field(name="@context")
    id: Urn
    type: tuple[str, ...]
    name: Name
    issuer: Issuer
    valid_from: str
    credential_subject: Subject
    evidence: AtMostOne = ()


@dataclass(frozen=True, slots=True)
class VerifiedCredential:
    """A certificate that holds. `grade` looks at the document alone; `wire.grade` at what else is known of it."""

    document: dict[str, Any]
    issuer: bytes
    creator: str
    drop: str
    edition: int | None
    edition_size: int | None
    name: str
    licence: str
    manifest: str
    receipt: str
    grade: str
    settlement: str
    owner: str | None
    valid_from_s: int
    created_s: int
    delegation: Delegation | None

    @property
    def by_creator(self) -> bool:
        """Whether the creator signed it, not a box."""
        return keys.did_key(self.issuer) == self.creator


def verify(document: dict[str, Any]) -> VerifiedCredential:
    """Check an ownership certificate of our profile, in the order of formats 7.6.

    Structure, proof, issuer is the delegate, delegation by the creator in force for certificates of this drop, edition
    within its size. Raises WireError naming the first rule broken.
    """
    certificate, valid_from_s, created_s = _read(document)
    signer = verify_proof(document)
    if keys.did_key(signer) != certificate.issuer.id:
        raise WireError("certificate-wrong-issuer", "The certificate is not signed by its issuer. Do not rely on it.")
    subject = certificate.credential_subject
    used = check_chain(
        certificate.issuer.id, subject.creator, certificate.evidence[0].jws if certificate.evidence else None,
        cap="cert", drop=subject.drop, at_s=valid_from_s, what="certificate",
    )  # fmt: skip
    by_creator = certificate.issuer.id == subject.creator
    check_times(valid_from_s, created_s, used, certificate.issuer.id, "certificate")
    _check_edition(certificate)
    _check_owner(subject, certificate.issuer.id)
    return VerifiedCredential(
        document=document,
        issuer=signer,
        creator=subject.creator,
        drop=subject.drop,
        edition=subject.edition,
        edition_size=subject.edition_size,
        name=certificate.name,
        licence=subject.licence,
        manifest=subject.manifest.removeprefix("sha256-"),
        receipt=subject.receipt.removeprefix("sha256-"),
        grade=FINAL if by_creator and subject.settlement == "settled" else PROVISIONAL,
        settlement=subject.settlement,
        owner=subject.id,
        valid_from_s=valid_from_s,
        created_s=created_s,
        delegation=used,
    )


def verify_proof(document: dict[str, Any]) -> bytes:
    """Check the `eddsa-jcs-2022` proof alone, whatever the context, and return the signer's public key.

    Raises WireError.
    """
    return proof.verify(document)


def check_manifest(verified: VerifiedCredential, manifest: Manifest, token: str) -> None:
    """Check that the certificate names this manifest (its token) and says of the drop what it says. Raises WireError."""
    drop = manifest.drop
    if (verified.manifest, verified.drop, verified.creator) != (jws.token_hash(token), drop.id, manifest.iss):
        raise WireError("certificate-other-manifest", "The certificate is for another manifest. Find the one it names.")
    if verified.edition_size != drop.edition:
        raise WireError("certificate-edition-size", "The certificate names another edition size. Do not rely on it.")
    if verified.licence != drop.licence:
        raise WireError("certificate-licence", "The certificate names another licence. Do not rely on it.")
    if verified.name != name_of(drop.title, verified.edition, verified.edition_size):
        raise WireError("certificate-name", "The certificate bears another title than the drop. Do not rely on it.")


def check_receipt(verified: VerifiedCredential, receipt: Receipt, token: str) -> None:
    """Check that the certificate stands on this receipt (verified, with its token): box, copy and time.

    The creator may sign for a copy that a box sold; then the delegation kept in the certificate names the box.
    Raises WireError.
    """
    if verified.receipt != jws.token_hash(token):
        raise WireError("certificate-other-receipt", "The certificate is for another receipt. Find the one it names.")
    box = verified.delegation.sub if verified.delegation else keys.did_key(verified.issuer)
    if keys.thumbprint_of_did(box) != receipt.iss and not (verified.by_creator and verified.delegation is None):
        raise WireError("certificate-other-box", "The receipt is of another box than the certificate. Do not use it.")
    if receipt.test or not any(_is_bought(verified, item) for item in receipt.items):
        raise WireError("certificate-not-bought", "The receipt did not buy what the certificate names. Do not use it.")
    if verified.valid_from_s < receipt.iat:
        raise WireError("certificate-before-receipt", "The certificate is older than its receipt. Do not rely on it.")


def name_of(title: str, edition: int | None, edition_size: int | None) -> str:
    """Write the name a certificate bears: the title, and behind it the number, where there is one."""
    return title if edition is None else f"{title}{_numbered(edition, edition_size)}"


def _numbered(edition: int | None, edition_size: int | None) -> str:
    return f" — edition {edition} of {edition_size}"


def _is_bought(verified: VerifiedCredential, item: Item) -> bool:
    """A line that sells the copy; one that takes it back in an exchange is negative."""
    wanted = (verified.drop, verified.edition, verified.manifest)
    return (item.drop, item.ed, item.man) == wanted and item.minor >= 0


def _read(document: object) -> tuple[Certificate, int, int]:
    """Check the structure; return the certificate without proof, from when it holds and when it was signed (seconds UTC)."""
    try:
        plain = strict_json.loads(canonical.dumps(document), max_bytes=MAX_BYTES)
    except LocalWireError as error:
        raise WireError("json-malformed", "The certificate is not plain JSON. Get it again.") from error
    if not is_of(plain, CONTEXTS, TYPES):
        raise WireError("certificate-not-ours", "This is not a certificate of ownership. Hand in another.")
    signed = plain.pop("proof", None)
    certificate = rules.typed(plain, Certificate, "certificate")
    if not proof.is_shaped(signed, CONTEXTS):
        raise WireError("certificate-proof", "The certificate's signature has parts missing or added. Get it again.")
    return certificate, proof.parse_timestamp(certificate.valid_from), proof.parse_timestamp(signed["created"])


def _check_edition(certificate: Certificate) -> None:
    subject = certificate.credential_subject
    if (subject.edition is None) != (subject.edition_size is None):
        raise WireError(
            "certificate-edition", "The certificate names only one of number and edition size. Get it again."
        )
    if subject.edition is None or subject.edition_size is None:
        return
    if subject.edition > subject.edition_size:
        raise WireError("certificate-edition", "The certificate's number is beyond its edition. Do not rely on it.")
    if not certificate.name.endswith(_numbered(subject.edition, subject.edition_size)):
        raise WireError("certificate-name", "The certificate's name bears another number than it. Do not rely on it.")


def _check_owner(subject: Subject, issuer_did: str) -> None:
    """An owner's key must be fit, or anybody could prove ownership; and of its own, or the stall could."""
    if subject.id is None:
        return
    keys.public_from_did(subject.id)
    if subject.id in (issuer_did, subject.creator):
        raise WireError("certificate-owner", "The certificate names the stall's own key as owner. Make an owner code.")
