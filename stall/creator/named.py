"""Whose keys papers name themselves: enough to see that a paper is whole, never to trust it."""

from __future__ import annotations

import base64
import binascii
import re

from stall.errors import WireError
from stall.wire import jws, keys

_ISSUER = re.compile(rb'"iss":"(did:key:z6Mk[1-9A-HJ-NP-Za-km-z]{44})"')


def key_of(did: str) -> dict[str, bytes]:
    """Give the key a did names, by its thumbprint. Raises WireError."""
    public = keys.public_from_did(did)
    return {keys.thumbprint(public): public}


def named_key(token: str) -> dict[str, bytes]:
    """Give the key of the creator a token names itself, or none where what it says of that cannot be read.

    Read as well as it can be: whether a token was altered its signature says, which needs that key.
    """
    try:
        return key_of(_issuer(token))
    except WireError:
        return {}


def _issuer(token: str) -> str:
    try:
        issuer = jws.unverified_claims(token).get("iss")
    except WireError:
        issuer = _issuer_in_remains(token)
    return issuer if isinstance(issuer, str) else ""


def _issuer_in_remains(token: str) -> str:
    """Find the issuer in claims that are no JSON any more."""
    payload = token.split(".")[1] if token.count(".") > 1 else ""
    try:
        found = _ISSUER.search(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (binascii.Error, ValueError):
        return ""
    return found[1].decode("ascii") if found else ""
