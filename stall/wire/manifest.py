"""The manifest: what a drop is, which files it holds, what it costs, signed by its creator (formats 7.1)."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated, Any, Literal

from msgspec import Meta

from stall.errors import StallError, WireError
from stall.wire import canonical, jws, keys, paths
from stall.wire import claims as rules
from stall.wire.delegation import Delegation, check_use
from stall.wire.keys import thumbprint_of_did

TYP = "stall-manifest+jwt"

MAX_FILES = 5000
MAX_EXT_BYTES = 8 * 1024
MAX_ALLOC = 1000
RESERVED = frozenset({"manifest.jws", "verify.html"})
"""What lies beside the files in the buyer's ZIP, so no file may be called so."""

MAX_LIFE_S = 731 * 86_400
"""Two years, one of them a leap year."""


class Window(rules.Claims, frozen=True, kw_only=True):
    """When the drop is sold: from `nbf` until before `exp`, seconds UTC."""

    nbf: rules.Time
    exp: rules.Time


class Listing(rules.Claims, frozen=True, kw_only=True):
    """What the catalogue says about the drop; `lang` is a BCP 47 tag."""

    desc: rules.LongText
    lang: Annotated[str, Meta(pattern=r"^[A-Za-z0-9-]{2,35}\Z")]


class Drop(rules.Claims, frozen=True, kw_only=True):
    """The drop itself. It is limited if and only if `edition` is present; `kind` only says how it is offered."""

    id: rules.DropId
    title: rules.Text
    kind: Literal["free", "limited", "timed", "open"]
    window: Window
    licence: rules.Text
    edition: rules.EditionNumber | None = None
    cover_sha256: rules.HexSha256 | None = None
    listing: Listing | None = None


class Price(rules.Claims, frozen=True, kw_only=True):
    """What one copy costs, in minor units of `cur`; with `cohort`, only for it."""

    cur: rules.Currency
    minor: rules.Amount
    cohort: rules.Text | None = None


class File(rules.Claims, frozen=True, kw_only=True):
    """One file: where it stands in the pack, its size in bytes, its SHA-256 in hex."""

    path: str
    size: Annotated[int, Meta(ge=0, le=2**40)]
    sha256: rules.HexSha256
    type: rules.Text
    role: Literal["main", "sample", "bonus"] | None = None


class Alloc(rules.Claims, frozen=True, kw_only=True):
    """Edition numbers `lo` to `hi` set aside for one box (its thumbprint) or for the pool `*`. Sells nothing yet."""

    box: Annotated[str, Meta(pattern=r"^(\*|[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048])\Z")]
    lo: rules.EditionNumber
    hi: rules.EditionNumber


class Limits(rules.Claims, frozen=True, kw_only=True):
    """How often a claim may be used; absent values are these defaults."""

    per_buyer: Annotated[int, Meta(ge=1, le=rules.MAX_EDITION)] | None = None
    max_devices: Annotated[int, Meta(ge=1, le=10)] = 5
    max_downloads: Annotated[int, Meta(ge=1, le=50)] = 5
    code_ttl_s: Annotated[int, Meta(ge=600, le=604_800)] = 86_400


class Revoked(rules.Claims, frozen=True, kw_only=True):
    """A box (thumbprint), certificate or lease (hash) that counts no more from `at` on."""

    kind: Literal["box", "cert", "lease"]
    ref: rules.B43
    at: rules.Time


class Manifest(rules.Claims, frozen=True, kw_only=True):
    """All claims of a manifest. `prev` is the hash of the version before, `ext` is not looked into."""

    iss: rules.Did
    jti: rules.Id22
    iat: rules.Time
    exp: rules.Time
    ver: Annotated[int, Meta(ge=1, le=2**53 - 1)]
    drop: Drop
    price: Annotated[tuple[Price, ...], Meta(max_length=20)]
    files: Annotated[tuple[File, ...], Meta(min_length=1, max_length=MAX_FILES)]
    prev: rules.H | None = None
    alloc: Annotated[tuple[Alloc, ...], Meta(max_length=MAX_ALLOC)] = ()
    limits: Limits = Limits()
    revoked: Annotated[tuple[Revoked, ...], Meta(max_length=1000)] = ()
    ext: dict[str, Any] | None = None


def parse(claims: Mapping[str, Any]) -> Manifest:
    """Type the claims and check every rule of formats 7.1. Raises WireError naming the first one broken."""
    return _checked(rules.typed(claims, Manifest, "manifest"))


def _checked(manifest: Manifest) -> Manifest:
    keys.public_from_did(manifest.iss)
    _check_paths([file.path for file in manifest.files])
    _check_times(manifest)
    _check_version(manifest)
    _check_edition(manifest.drop)
    _check_alloc(manifest)
    _check_price(manifest)
    _check_revoked(manifest.revoked)
    _check_ext(manifest.ext)
    return manifest


def claims(manifest: Manifest) -> dict[str, Any]:
    """Write the manifest's claims as plain values."""
    return rules.of(manifest)


def sign(key: keys.SigningKey, manifest: Manifest) -> str:
    """Sign the manifest, checked by the rules it will be read by. Raises StallError if it breaks one."""
    plain = claims(manifest)
    parse(plain)
    return jws.sign(key, TYP, plain)


def verify(token: str, keys: Mapping[str, bytes], delegation: Delegation | None = None) -> Manifest:
    """Check a manifest token: signed by the creator it names, or by the signer `delegation` lets sign for it.

    `keys` maps thumbprints to trusted public keys, the signer's among them; `delegation` is already verified.
    The time is not looked at: an expired manifest still explains old certificates. Raises WireError.
    """
    manifest, signer = jws.open(token, keys, TYP, Manifest, "manifest")
    _checked(manifest)
    if signer != thumbprint_of_did(manifest.iss):
        if delegation is None or delegation.iss != manifest.iss or thumbprint_of_did(delegation.sub) != signer:
            raise WireError(
                "manifest-wrong-signer", "The manifest is not signed by the creator it names. Do not use it."
            )
        check_use(delegation, "manifest", manifest.drop.id, manifest.iat)
    return manifest


def check_successor(old: Manifest, old_token: str, new: Manifest) -> None:
    """Check that `new` may replace `old`, whose token is `old_token`: same drop, later version, no larger edition.

    An edition never grows, and a limited drop stays limited: buyers were promised so. Raises WireError.
    """
    if (new.drop.id, new.iss) != (old.drop.id, old.iss):
        raise WireError("manifest-other-drop", "The new manifest is for another drop or creator. Import it on its own.")
    if new.ver <= old.ver:
        raise WireError(
            "manifest-not-newer",
            f"Version {new.ver} is not newer than version {old.ver}. Ask its creator for a newer one.",
        )
    if new.prev != jws.token_hash(old_token):
        raise WireError(
            "manifest-wrong-prev",
            f"Version {new.ver} does not follow version {old.ver}, which is held here. Take the versions between first, in order; else"
            " ask its creator.",
        )
    check_edition(old, new)


def check_edition(old: Manifest, new: Manifest) -> None:
    """Check that the edition of a later version is no larger than that of an earlier one. Raises WireError."""
    if old.drop.edition is not None and (new.drop.edition is None or new.drop.edition > old.drop.edition):
        raise WireError("manifest-edition-grew", "The new manifest enlarges the edition. Make a new drop instead.")


def is_reserved(path: str) -> bool:
    """Tell whether a path would lie on a name the buyer's ZIP needs itself."""
    return path.split("/", 1)[0].casefold() in RESERVED


def _check_paths(named: list[str]) -> None:
    paths.check_all(named)
    if any(map(is_reserved, named)):
        raise WireError("path-taken", "The manifest names a file as one of ours. Give that file another name.")


def _check_times(manifest: Manifest) -> None:
    if not manifest.iat < manifest.exp <= manifest.iat + MAX_LIFE_S:
        raise WireError(
            "manifest-lifetime", "The manifest must expire after it is issued, within two years. Sign again."
        )
    if manifest.drop.window.nbf >= manifest.drop.window.exp:
        raise WireError("manifest-window", "The drop's window closes before it opens. Correct the window.")


def _check_version(manifest: Manifest) -> None:
    if (manifest.ver > 1) != (manifest.prev is not None):
        raise WireError("manifest-prev", "Every version but the first names the one before in `prev`. Sign again.")


def _check_edition(drop: Drop) -> None:
    if (drop.kind == "limited" and drop.edition is None) or (drop.kind == "open" and drop.edition is not None):
        raise WireError(
            "manifest-edition", "A limited drop has an edition size, an open one has none. Correct the drop."
        )


def _check_alloc(manifest: Manifest) -> None:
    edition = manifest.drop.edition or 0
    ranges = sorted((alloc.lo, alloc.hi) for alloc in manifest.alloc)
    if any(lo > hi or hi > edition for lo, hi in ranges) or any(a[1] >= b[0] for a, b in pairwise(ranges)):
        raise WireError("manifest-alloc", "Allocated numbers overlap or leave the edition. Correct `alloc`.")


def _check_price(manifest: Manifest) -> None:
    price = manifest.price
    if len({(entry.cur, entry.cohort) for entry in price}) != len(price):
        raise WireError("manifest-price", "Two prices are given for one currency and cohort. Keep one of them.")
    if manifest.drop.kind == "free" and any(entry.minor for entry in price):
        raise WireError("manifest-not-free", "The drop is offered as free, but has a price. Correct the drop.")


def _check_revoked(revoked: tuple[Revoked, ...]) -> None:
    if len({(entry.kind, entry.ref) for entry in revoked}) != len(revoked):
        raise WireError("manifest-revoked-twice", "The manifest revokes one thing twice. Keep the earlier time.")


def _check_ext(ext: dict[str, Any] | None) -> None:
    try:
        too_long = ext is not None and len(canonical.dumps(ext)) > MAX_EXT_BYTES
    except StallError as error:
        raise WireError("manifest-ext", "The extension of the manifest is not plain JSON. Leave it out.") from error
    if too_long:
        raise WireError("manifest-ext", "The extension of the manifest is larger than 8 KiB. Shorten it.")
