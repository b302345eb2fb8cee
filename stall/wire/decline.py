"""The decline: a card payment read offline was refused later, signed by the cloud that sent it (design 7).

It takes back the copies it names, or all of its receipt. Whether it fits that receipt, `wire.takeback` says.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from msgspec import Meta

from stall.errors import WireError
from stall.wire import claims as rules
from stall.wire import jws, keys
from stall.wire.delegation import Delegation, check_use
from stall.wire.keys import thumbprint_of_did
from stall.wire.receipt import MAX_ITEMS

TYP = "stall-decline+jwt"


class Item(rules.Claims, frozen=True, kw_only=True):
    """A line of the receipt that falls with the payment: a drop, and its number if it has one."""

    drop: rules.DropId
    ed: rules.EditionNumber | None = None


class Decline(rules.Claims, frozen=True, kw_only=True):
    """All claims of a decline. `ref` and `rcpt` are `jti` and hash of the receipt, `pay` counts its payments from 0."""

    iss: rules.B43
    jti: rules.Id22
    iat: rules.Time
    box: rules.B43
    ref: rules.Id22
    rcpt: rules.H
    pay: Annotated[int, Meta(ge=0, le=3)]
    cur: rules.Currency
    minor: Annotated[int, Meta(ge=1, le=rules.MAX_MONEY)]
    reason: rules.Text
    items: Annotated[tuple[Item, ...], Meta(min_length=1, max_length=MAX_ITEMS)] | None = None


def parse(claims: Mapping[str, Any]) -> Decline:
    """Type the claims and check the rules of docs/protocol.md 5.8. Raises WireError naming the first one broken."""
    return _checked(rules.typed(claims, Decline, "decline"))


def _checked(decline: Decline) -> Decline:
    if decline.iss == decline.box:
        raise WireError("decline-own", "The decline is signed by the box whose payment it refuses. Do not use it.")
    if decline.items is not None and len(set(decline.items)) != len(decline.items):
        raise WireError("decline-item-twice", "The decline names one copy twice. Sign it again.")
    return decline


def claims(decline: Decline) -> dict[str, Any]:
    """Write the decline's claims as plain values."""
    return rules.of(decline)


def sign(key: keys.SigningKey, decline: Decline) -> str:
    """Sign the decline with the cloud's key. Raises StallError if it breaks a rule."""
    plain = claims(decline)
    parse(plain)
    return jws.sign(key, TYP, plain)


def verify(token: str, keys: Mapping[str, bytes]) -> Decline:
    """Check a decline, signed by the cloud it names; whether that may decline, `check_signer` says. Raises WireError."""
    decline, signer = jws.open(token, keys, TYP, Decline, "decline")
    _checked(decline)
    if signer != decline.iss:
        raise WireError("decline-wrong-signer", "The decline is not signed by the cloud it names. Do not use it.")
    return decline


def check_signer(decline: Decline, delegation: Delegation, drop: str) -> None:
    """Check that a creator's verified `delegation` lets the signer decline payments for `drop`, when it did.

    Raises WireError `decline-no-delegation`, and what `delegation.check_use` raises.
    """
    if thumbprint_of_did(delegation.sub) != decline.iss:
        raise WireError(
            "decline-no-delegation", "The delegation beside the decline is for another key. Add that of its signer."
        )
    check_use(delegation, "decline", drop, decline.iat)
