"""Badges: that somebody achieved something at a stall, in the shape of Open Badges 3.0 (formats 7.7).

Signed with `eddsa-jcs-2022`, which verifiers of W3C credentials know but the certification of 1EdTech does not.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from msgspec import Meta, field

from stall.errors import LocalWireError, WireError
from stall.wire import canonical, jws, keys, proof, strict_json
from stall.wire import claims as rules
from stall.wire.delegation import Delegation
from stall.wire.issuer import CONTEXT_VC, Urn, check_chain, check_times, is_of

MAX_BYTES = 24 * 1024
MAX_LIFE_S = 366 * 86_400
"""A badge that ends lasts a year at most, which may be a leap year."""

CONTEXT_BADGES = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
CONTEXTS = (CONTEXT_VC, CONTEXT_BADGES)
TYPES = ("VerifiableCredential", "OpenBadgeCredential")


Image64 = Annotated[str, Meta(pattern=r"^data:image/(png|jpeg);base64,[A-Za-z0-9+/]+={0,2}\Z", max_length=16 * 1024)]
Sha256 = Annotated[str, Meta(pattern=r"^sha256\$[0-9a-f]{64}\Z")]
Salt = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{16,64}\Z")]


class Profile(rules.Claims, frozen=True, kw_only=True):
    """Who awards the badge: a box, or the creator."""

    id: rules.Did
    type: tuple[Literal["Profile"]]
    name: rules.Text


class Criteria(rules.Claims, frozen=True, kw_only=True):
    """What had to be done."""

    narrative: Annotated[rules.LongText, Meta(min_length=1)]


class Image(rules.Claims, frozen=True, kw_only=True):
    """A picture inside the badge; nothing is fetched."""

    id: Image64
    type: Literal["Image"]


class Achievement(rules.Claims, frozen=True, kw_only=True):
    """What was achieved; the same `id` for all who did."""

    id: Urn
    type: tuple[Literal["Achievement"]]
    name: rules.Text
    description: Annotated[rules.LongText, Meta(min_length=1)]
    criteria: Criteria
    image: Image | None = None


class Identity(rules.Claims, frozen=True, kw_only=True, rename="camel"):
    """Whose badge it is, by the salted hash of an e-mail address: who knows the address can tell."""

    type: Literal["IdentityObject"]
    identity_type: Literal["emailAddress"]
    hashed: bool
    identity_hash: Sha256
    salt: Salt


class Subject(rules.Claims, frozen=True, kw_only=True):
    """Who achieved it: an owner's did, or an `identifier`."""

    type: tuple[Literal["AchievementSubject"]]
    achievement: Achievement
    id: rules.Did | None = None
    identifier: Annotated[tuple[Identity, ...], Meta(max_length=1)] = ()


class Evidence(rules.Claims, frozen=True, kw_only=True):
    """The creator's delegation for the box that signed."""

    type: tuple[Literal["Evidence"], Literal["StallDelegation"]]
    jws: str


class Badge(rules.Claims, frozen=True, kw_only=True, rename="camel"):
    """The document without its proof."""

    context: tuple[str, ...] = field(name="@context")
    id: Urn
    type: tuple[str, ...]
    name: rules.Text
    issuer: Profile
    valid_from: str
    credential_subject: Subject
    valid_until: str | None = None
    evidence: Annotated[tuple[Evidence, ...], Meta(max_length=1)] = ()


@dataclass(frozen=True, slots=True)
class VerifiedBadge:
    """A badge that holds. Whether it has ended, and whether the box was revoked, is for the caller to look at."""

    document: dict[str, Any]
    badge: Badge
    issuer: bytes
    creator: str
    owner: str | None
    valid_from_s: int
    valid_until_s: int | None
    created_s: int
    delegation: Delegation | None


def verify(document: object) -> VerifiedBadge:
    """Check a badge of our profile: structure, proof, issuer, delegation with cap `badge`, times, whose it is.

    Its creator is who delegated the issuer, or else the issuer. Raises WireError naming the first rule broken.
    """
    plain, badge, created_s = _read(document)
    valid_from_s = proof.parse_timestamp(badge.valid_from)
    valid_until_s = None if badge.valid_until is None else proof.parse_timestamp(badge.valid_until)
    signer = proof.verify(plain)
    if keys.did_key(signer) != badge.issuer.id:
        raise WireError("badge-wrong-issuer", "The badge is not signed by its issuer. Do not rely on it.")
    token = badge.evidence[0].jws if badge.evidence else None
    creator = _creator(token) if token is not None else badge.issuer.id
    used = check_chain(badge.issuer.id, creator, token, cap="badge", drop=None, at_s=valid_from_s, what="badge")
    check_times(valid_from_s, created_s, used, badge.issuer.id, "badge")
    _check_end(valid_from_s, valid_until_s)
    _check_subject(badge.credential_subject, badge.issuer.id, creator)
    owner = badge.credential_subject.id
    return VerifiedBadge(plain, badge, signer, creator, owner, valid_from_s, valid_until_s, created_s, used)


def identity_hash(address: str, salt: str) -> str:
    """Hash an e-mail address as Open Badges do: `sha256$` and the hex SHA-256 of address and salt."""
    return "sha256$" + hashlib.sha256(f"{address}{salt}".encode()).hexdigest()


def build(
    key: keys.SigningKey,
    *,
    id: str,  # noqa: A002  # the document's own word
    issuer_name: str,
    achievement: Achievement,
    valid_from_s: int,
    delegation: str | None,
    owner: str | None = None,
    identity: Identity | None = None,
    valid_until_s: int | None = None,
) -> dict[str, Any]:
    """Make and sign one badge, checked by the rules it will be read by. `id` is a lower-case UUID.

    It is for `owner` (a did) or for `identity`. Raises LocalWireError if the badge would not verify.
    """
    badge = Badge(
        context=CONTEXTS,
        id=f"urn:uuid:{id}",
        type=TYPES,
        name=achievement.name,
        issuer=Profile(id=key.did, type=("Profile",), name=issuer_name),
        valid_from=proof.timestamp(valid_from_s),
        valid_until=None if valid_until_s is None else proof.timestamp(valid_until_s),
        credential_subject=Subject(
            type=("AchievementSubject",),
            achievement=achievement,
            id=owner,
            identifier=() if identity is None else (identity,),
        ),
        evidence=() if delegation is None else (Evidence(type=("Evidence", "StallDelegation"), jws=delegation),),
    )
    signed = proof.add(key, rules.of(badge), valid_from_s)
    try:
        verify(signed)
    except WireError as error:
        raise LocalWireError(
            "badge-unwritable", f"No badge was signed ({error.code}). Ask at the stall for help."
        ) from error
    return signed


def _read(document: object) -> tuple[dict[str, Any], Badge, int]:
    """Check the structure; return the document as read, typed without its proof, and when it was signed (seconds UTC)."""
    try:
        plain = strict_json.loads(canonical.dumps(document), max_bytes=MAX_BYTES)
    except LocalWireError as error:
        raise WireError("json-malformed", "The badge is not plain JSON. Get it again.") from error
    if not is_of(plain, CONTEXTS, TYPES):
        raise WireError("badge-not-ours", "This is not a badge. Hand in another paper.")
    badge = rules.typed({name: value for name, value in plain.items() if name != "proof"}, Badge, "badge")
    signed = plain.get("proof")
    if not proof.is_shaped(signed, CONTEXTS):
        raise WireError("badge-proof", "The badge's signature has parts missing or added. Get it again.")
    return plain, badge, proof.parse_timestamp(signed["created"])


def _creator(token: str) -> str:
    """Whom a delegation says it is from; `check_chain` checks that it is."""
    named = jws.unverified_claims(token).get("iss")
    return named if isinstance(named, str) else ""


def _check_end(from_s: int, until_s: int | None) -> None:
    if until_s is not None and not 0 < until_s - from_s <= MAX_LIFE_S:
        raise WireError("badge-lifetime", "The badge ends before it begins, or after more than a year. Get another.")


def _check_subject(subject: Subject, issuer: str, creator: str) -> None:
    if (subject.id is None) == (not subject.identifier):
        raise WireError("badge-subject", "The badge names nobody, or in two ways. Get another.")
    if any(one.hashed is not True for one in subject.identifier):
        raise WireError("badge-subject", "The badge says whose it is without hiding it. Get another.")
    if subject.id is not None:
        keys.public_from_did(subject.id)
        if subject.id in (issuer, creator):
            raise WireError("badge-subject", "The badge names the stall's own key. Make an owner code.")
