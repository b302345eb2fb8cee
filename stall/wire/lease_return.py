"""The lease return: edition numbers a box was leased and gives back unsold, signed by the box (design 7).

It travels in an event of the box's journal. Whether the numbers were leased and not sold, `wire.numbers` says.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from msgspec import Meta

from stall.errors import WireError
from stall.wire import claims as rules
from stall.wire import jws, keys
from stall.wire.lease import Ranges, are_ascending

TYP = "stall-lease-return+jwt"


class LeaseReturn(rules.Claims, frozen=True, kw_only=True):
    """All claims of a lease return. `epoch` and `seq` are those of the event that carries it."""

    iss: rules.B43
    jti: rules.Id22
    iat: rules.Time
    clk: rules.CLOCK_SOURCES
    epoch: rules.Id22
    seq: rules.Count
    drop: rules.DropId
    ranges: Annotated[Ranges, Meta(min_length=1)]


def parse(claims: Mapping[str, Any]) -> LeaseReturn:
    """Type the claims and check the rules of docs/protocol.md 5.7. Raises WireError naming the first one broken."""
    return _checked(rules.typed(claims, LeaseReturn, "lease return"))


def _checked(given: LeaseReturn) -> LeaseReturn:
    if not are_ascending(given.ranges):
        raise WireError(
            "lease-return-ranges", "The ranges of the lease return overlap or are out of order. Sign it again."
        )
    return given


def claims(given: LeaseReturn) -> dict[str, Any]:
    """Write the claims as plain values."""
    return rules.of(given)


def sign(key: keys.SigningKey, given: LeaseReturn) -> str:
    """Sign the lease return with the box's key. Raises StallError if it breaks a rule."""
    plain = claims(given)
    parse(plain)
    return jws.sign(key, TYP, plain)


def verify(token: str, keys: Mapping[str, bytes]) -> LeaseReturn:
    """Check a lease return, signed by the box it names. Raises WireError."""
    given, signer = jws.open(token, keys, TYP, LeaseReturn, "lease return")
    _checked(given)
    if signer != given.iss:
        raise WireError(
            "lease-return-wrong-signer", "The lease return is not signed by the box it names. Do not use it."
        )
    return given
