"""Tells tokens that were altered from those that only lack another paper to be judged by."""

from __future__ import annotations

from stall.creator.evidence import Evidence
from stall.creator.named import named_key
from stall.errors import Hostile, StallError, WireError
from stall.wire import delegation, jws
from stall.wire.closing import TYP as CLOSE

UNREADABLE = ("json-", "base64-", "token-not-claims")
_LACKING = frozenset({"verify-needs-delegation", "verify-needs-creator", "token-unknown-key"})


def type_of(token: str) -> str:
    """Read of what type a token says it is. Raises Hostile `verify-altered` where its head cannot be read."""
    try:
        return jws.unverified_typ(token)
    except WireError as error:
        if error.code.startswith(UNREADABLE):
            raise _altered() from error
        raise


def check_signature(token: str, typ: str, heap: Evidence) -> None:
    """Check the signature of a token of any type, if its signer's key is at hand. Raises WireError."""
    signer = jws.unverified_kid(token)
    if signer in heap.creators:
        jws.verify(token, heap.creators, typ)


def explained(token: str, error: StallError) -> StallError:
    """Give the error of a token, or `verify-altered` where it is one that nobody signed so, whoever the signer is."""
    if error.code.startswith("base64-") or (error.code in _LACKING and _contradicts_itself(token)):
        return _altered()
    return error


def _contradicts_itself(token: str) -> bool:
    """Say whether the claims of a token cannot be what the key its head names signed."""
    typ, signer = jws.unverified_typ(token), jws.unverified_kid(token)
    try:
        issuer = jws.unverified_claims(token).get("iss")
    except WireError:
        return True
    if typ in {delegation.TYP, CLOSE}:
        return signer not in named_key(token)
    by_thumbprint = isinstance(issuer, str) and not issuer.startswith("did:")
    return by_thumbprint and issuer != signer


def _altered() -> Hostile:
    return Hostile(
        "verify-altered", "It is not as it was signed: a part was altered or is missing. Do not use it; get it again."
    )
