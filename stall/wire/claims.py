"""The vocabulary all claims are typed with: ids, names, times, money (the rules common to every signed document)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

# The last character of 43 carries two unused bits, that of 22 four; only zero bits are canonical (RFC 4648 3.5).
_B43 = r"[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]"
_ID22 = r"[A-Za-z0-9_-]{21}[AQgw]"
_ID22_RULE = re.compile(_ID22, re.ASCII)

B43 = Annotated[str, Meta(pattern=rf"^{_B43}\Z")]
"""base64url of 32 bytes: the thumbprint of a key."""

H = B43
"""base64url SHA-256 of the exact bytes of a token."""

Id22 = Annotated[str, Meta(pattern=rf"^{_ID22}\Z")]
"""base64url of 16 random bytes."""

Did = Annotated[str, Meta(pattern=r"^did:key:z6Mk[1-9A-HJ-NP-Za-km-z]{44}\Z")]
"""An Ed25519 did:key; whether its key is fit is for `keys.public_from_did` to say."""

Time = Annotated[int, Meta(ge=1_577_836_800, le=4_102_444_800)]
"""Seconds UTC, 2020-01-01 to 2100-01-01."""

MAX_MONEY = 10**9
Money = Annotated[int, Meta(ge=-MAX_MONEY, le=MAX_MONEY)]
"""Minor units; negative in refunds."""

Amount = Annotated[int, Meta(ge=0, le=MAX_MONEY)]
"""Minor units, never negative."""

Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}\Z")]
"""ISO 4217."""

MAX_EDITION = 100_000
EditionNumber = Annotated[int, Meta(ge=1, le=MAX_EDITION)]
Count = Annotated[int, Meta(ge=0, le=2**53 - 1)]
BasisPoints = Annotated[int, Meta(ge=0, le=10_000)]
DropId = Annotated[str, Meta(pattern=r"^[a-z0-9-]{3,64}\Z")]
HexSha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]

# Control characters could rewrite a terminal that shows the text, direction overrides what a person reads.
_OVERRIDES = r"\u202a-\u202e\u2066-\u2069"
Text = Annotated[str, Meta(pattern=rf"^[^\x00-\x1f\x7f-\x9f{_OVERRIDES}]*\Z", min_length=1, max_length=200)]
LongText = Annotated[str, Meta(pattern=rf"^[^\x00-\x09\x0b-\x1f\x7f-\x9f{_OVERRIDES}]*\Z", max_length=2000)]

CLOCK_SOURCES = Literal["ntp", "rtc", "operator", "floor"]


class Claims(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of everything that stands in a signed document: unknown names refused, absent ones not written."""


def is_id22(value: object) -> bool:
    """Tell whether `value` is base64url text of exactly 16 bytes."""
    return isinstance(value, str) and _ID22_RULE.fullmatch(value) is not None


def has_null(value: object) -> bool:
    """Tell whether null stands anywhere: no claim may be null, an optional one is left out.

    Values may come from anywhere, but only after strict_json limited their depth.
    """
    if isinstance(value, dict):
        inside: Iterable[object] = value.values()
    elif isinstance(value, list):
        inside = value
    else:
        return value is None
    return any(type(item) is not str and has_null(item) for item in inside)  # most are text: not worth a call


def of(document: Claims) -> dict[str, Any]:
    """Write a document's claims as plain values for `jws.sign`; optional claims at their default are left out."""
    # By way of JSON, because only that turns tuples into the lists a reader of the token gets.
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(document))
    return plain


def without_ext(claims: Mapping[str, Any]) -> dict[str, Any]:
    """Return the claims a verifier looks into: all but `ext`."""
    return {name: value for name, value in claims.items() if name != "ext"}
