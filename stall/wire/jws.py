"""Signed tokens: JWS compact, Ed25519 only, exact header, exact type (RFC 7515, RFC 9864, RFC 8725).

Nothing in a token chooses how it is checked: the caller names the type and hands over the trusted keys. The
claims are parsed only after the signature held.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, TypeVar

import msgspec

from stall.errors import LocalWireError, WireError
from stall.wire import b64, canonical, keys, strict_json
from stall.wire.claims import Claims, read_canonical, typed

ALGORITHM = "Ed25519"

AnyClaims = TypeVar("AnyClaims", bound=Claims)

_KIB = 1024
DEFAULT_LIMIT = 8 * _KIB
LIMITS: Mapping[str, int] = {
    "stall-manifest+jwt": 2_936_012,  # 2.8 MiB: 2 MiB of claims in base64
    "stall-close+jwt": 5_872_025,  # 5.6 MiB: 4 MiB of claims in base64
    "stall-receipt+jwt": 64 * _KIB,
    "stall-refund+jwt": 64 * _KIB,
    "stall-void+jwt": 64 * _KIB,
    "stall-decline+jwt": 64 * _KIB,
}
"""Longest token in characters, by type; every other type has DEFAULT_LIMIT."""

DEFAULT_CLAIMS_LIMIT = 4 * _KIB
CLAIMS_LIMITS: Mapping[str, int] = {
    "stall-manifest+jwt": 2048 * _KIB,
    "stall-close+jwt": 4096 * _KIB,
    "stall-receipt+jwt": 64 * _KIB,
    "stall-refund+jwt": 64 * _KIB,
    "stall-void+jwt": 64 * _KIB,
    "stall-decline+jwt": 64 * _KIB,
}
"""Longest claims in bytes of JSON, by type; every other type has DEFAULT_CLAIMS_LIMIT."""

_MAX_HEADER = 256
_BASE64URL = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_SIGNATURE = 86
_KID = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)


def sign(key: keys.SigningKey, typ: str, claims: Mapping[str, Any] | Claims) -> str:
    """Sign `claims` as a token of type `typ`. The same claims always give the same token.

    They are plain values, or a document whose type was checked already (canonical.dumps_typed).
    Raises LocalWireError if the token would not be readable by `verify`.
    """
    limits = {"max_bytes": _claims_limit(typ), "max_depth": strict_json.MAX_DEPTH}
    try:
        if isinstance(claims, Claims):
            payload = canonical.dumps_typed(claims, **limits)
        else:
            payload = canonical.dumps_readable(dict(claims), **limits)
    except WireError as error:
        raise LocalWireError(
            "token-unreadable", f"Nothing was signed, for nobody could read it. {error.sentence}"
        ) from error
    signed = f"{_header(key.thumbprint, typ)}.{b64.encode(payload)}"
    token = f"{signed}.{b64.encode(key.sign(signed.encode('ascii')))}"
    if len(token) > limit(typ):
        raise LocalWireError("token-unwritable", f"A {typ} would be longer than {limit(typ)} characters. Split it up.")
    return token


@lru_cache(maxsize=16)
def _header(kid: str, typ: str) -> str:
    """Write the header of a key's tokens of one type; it never differs."""
    return b64.encode(canonical.dumps({"alg": ALGORITHM, "kid": kid, "typ": typ}))


def verify(token: str, keys: Mapping[str, bytes], typ: str) -> dict[str, Any]:
    """Check a token of type `typ` and return its claims, not yet checked against any schema.

    `keys` maps a thumbprint to a trusted 32-byte public key. Raises WireError and nothing else; of an unfit key
    `key-…`, as `keys.check_public` does.
    """
    payload, _ = _signed(token, keys, typ)
    return _claims(payload, _claims_limit(typ))


def open(  # noqa: A001  # always jws.open, like note.open
    token: str, keys: Mapping[str, bytes], typ: str, kind: type[AnyClaims], what: str
) -> tuple[AnyClaims, str]:
    """Check a token of type `typ` and return its claims as a `kind`, with the thumbprint of the key that signed.

    The same as `verify`, then `claims.typed` (`what` names the document to people), only faster for claims in the
    spelling we write. The document's own rules, and whether that key may sign it, are the caller's. Raises WireError.
    """
    payload, kid = _signed(token, keys, typ)
    longest = _claims_limit(typ)
    document = read_canonical(payload, kind) if len(payload) <= longest else None
    if document is None:
        document = typed(_claims(payload, longest), kind, what)
    return document, kid


def _signed(token: str, trusted: Mapping[str, bytes], typ: str) -> tuple[bytes, str]:
    """Return what the token says, as bytes, and the thumbprint of the trusted key whose signature was checked."""
    header, payload, signature = _split(token, limit(typ))
    found_typ, kid = _read_header(header)
    if found_typ != typ:
        raise WireError("token-wrong-type", f"The token is a {found_typ}, not a {typ}. Hand in the right document.")
    public = trusted.get(kid)
    if public is None:
        raise WireError(
            "token-unknown-key", f"The token is signed by an unknown key ({kid[:12]}…). Import its signer first."
        )
    signed = token[: -len(signature) - 1].encode("ascii")
    if not keys.verify(public, signed, b64.decode(signature)):
        keys.check_public(public)
        raise WireError("token-bad-signature", "The signature of the token is wrong. It was altered; do not use it.")
    return b64.decode(payload), kid


def _claims(payload: bytes, longest: int) -> dict[str, Any]:
    claims = strict_json.loads(payload, max_bytes=longest)
    if not isinstance(claims, dict):
        raise WireError("token-not-claims", "The token does not hold an object of claims. Get another from its signer.")
    return claims


def limit(typ: str) -> int:
    """Tell how many characters a token of type `typ` may have."""
    return LIMITS.get(typ, DEFAULT_LIMIT)


def _claims_limit(typ: str) -> int:
    return CLAIMS_LIMITS.get(typ, DEFAULT_CLAIMS_LIMIT)


def token_hash(token: str) -> str:
    """Name a token: base64url SHA-256 of its bytes (`H` in the claims), 43 characters."""
    try:
        data = token.encode("ascii")
    except (UnicodeEncodeError, AttributeError) as error:
        raise WireError("token-malformed", "This is not a signed token. Hand in the whole token, unchanged.") from error
    return b64.encode(hashlib.sha256(data).digest())


def unverified_typ(token: str) -> str:
    """Read the type a token claims, only to choose whom to ask; nothing is checked but the syntax."""
    return _read_header(_split(token, max(LIMITS.values()))[0])[0]


def unverified_kid(token: str) -> str:
    """Read the key name a token claims, only to look the key up; nothing is checked but the syntax."""
    return _read_header(_split(token, max(LIMITS.values()))[0])[1]


def unverified_claims(token: str) -> dict[str, Any]:
    """Read what a token claims, only to learn whose key to ask for; the caller verifies it then."""
    payload = _split(token, max(LIMITS.values()))[1]
    return _claims(b64.decode(payload), max(LIMITS.values()))


def known_claims(token: str) -> dict[str, Any]:
    """Read what a token claims that is known to be good: signed here a moment ago, or verified before. Checks nothing."""
    claims: dict[str, Any] = msgspec.json.decode(b64.decode(token.split(".")[1]))
    return claims


def _split(token: object, longest: int) -> tuple[str, str, str]:
    if not isinstance(token, str):
        raise WireError("token-malformed", "This is not a signed token. Hand in the whole token, unchanged.")
    if len(token) > longest:
        raise WireError("token-too-large", f"The token is longer than {longest} characters. Do not use it.")
    # Taking the alphabet out and looking at what is left takes a quarter of the time a pattern takes for a long token.
    two_dots = token.isascii() and token.encode("ascii").translate(None, _BASE64URL) == b".."
    header, _, rest = token.partition(".")
    payload, _, signature = rest.partition(".")
    if not (two_dots and header and payload and len(signature) == _SIGNATURE):
        raise WireError("token-malformed", "This is not a signed token. Hand in the whole token, unchanged.")
    return header, payload, signature


@lru_cache(maxsize=64)
def _read_header(segment: str) -> tuple[str, str]:
    """Return typ and kid. Few headers exist (one per key and type), so they are remembered; failures are not."""
    if len(segment) > _MAX_HEADER:
        raise WireError("token-bad-header", "The header of the token is too long. Get another from its signer.")
    header = strict_json.loads(b64.decode(segment), max_bytes=_MAX_HEADER)
    if not isinstance(header, dict) or header.keys() != {"alg", "typ", "kid"}:
        raise WireError("token-bad-header", "The header of the token is not exactly alg, typ and kid. Do not use it.")
    alg, typ, kid = header["alg"], header["typ"], header["kid"]
    if alg != ALGORITHM:
        raise WireError("token-bad-algorithm", "The token is not signed with Ed25519. Do not use it.")
    if not isinstance(typ, str) or not isinstance(kid, str) or _KID.fullmatch(kid) is None:
        raise WireError("token-bad-header", "The header of the token has a malformed typ or kid. Do not use it.")
    return typ, kid
