"""The lease: the edition numbers one box may sell, in one life of its database (formats 7.3)."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated, Any

from msgspec import Meta

from stall.errors import WireError
from stall.wire import claims as rules
from stall.wire import jws, keys

TYP = "stall-lease+jwt"

MAX_RANGES = 64
MAX_LIFE_S = 30 * 86_400


Ranges = Annotated[tuple[tuple[rules.EditionNumber, rules.EditionNumber], ...], Meta(max_length=MAX_RANGES)]
"""[first, last] edition number, ascending and disjoint."""


class LogState(rules.Claims, frozen=True, kw_only=True):
    """The box's log as the signer last saw it: how many entries, which root."""

    size: rules.Count
    root: rules.H


class Lease(rules.Claims, frozen=True, kw_only=True):
    """All claims of a lease. `iss` and `sub` are thumbprints, `lease_seq` rises per box and drop."""

    iss: rules.B43
    sub: rules.B43
    jti: rules.Id22
    iat: rules.Time
    exp: rules.Time
    drop: rules.DropId
    man: rules.H
    epoch: rules.Id22
    lease_seq: Annotated[int, Meta(ge=1, le=2**53 - 1)]
    ranges: Ranges
    ckpt: LogState | None = None

    def numbers(self) -> int:
        """Count the edition numbers leased."""
        return sum(hi - lo + 1 for lo, hi in self.ranges)


def parse(claims: Mapping[str, Any]) -> Lease:
    """Type the claims and check the rules of formats 7.3. Whether the numbers are in the edition, the manifest says.

    No range at all is allowed: it takes every unsold number back. Raises WireError.
    """
    return _checked(rules.typed(claims, Lease, "lease"))


def _checked(lease: Lease) -> Lease:
    if not 0 < lease.exp - lease.iat <= MAX_LIFE_S:
        raise WireError("lease-lifetime", "A lease lasts at most 30 days and ends after it begins. Sign it again.")
    if not are_ascending(lease.ranges):
        raise WireError("lease-ranges", "The ranges of the lease overlap or are out of order. Sign it again.")
    return lease


def are_ascending(ranges: Ranges) -> bool:
    """Tell whether every range begins before it ends, and after the one before it ended."""
    return all(lo <= hi for lo, hi in ranges) and all(a[1] < b[0] for a, b in pairwise(ranges))


def claims(lease: Lease) -> dict[str, Any]:
    """Write the lease's claims as plain values."""
    return rules.of(lease)


def sign(key: keys.SigningKey, lease: Lease) -> str:
    """Sign the lease with the key `iss` names. Raises StallError if it breaks a rule."""
    plain = claims(lease)
    parse(plain)
    return jws.sign(key, TYP, plain)


def verify(token: str, keys: Mapping[str, bytes]) -> Lease:
    """Check a lease token, signed by the key it names; whether that key may lease is for its delegation to say.

    Raises WireError.
    """
    lease, signer = jws.open(token, keys, TYP, Lease, "lease")
    _checked(lease)
    if signer != lease.iss:
        raise WireError("lease-wrong-signer", "The lease is not signed by the key it names. Do not use it.")
    return lease
