"""The delegation: what a creator lets a box, a cloud or a signer do in their name (formats 7.2). Depth one only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

from msgspec import Meta

from stall.errors import WireError
from stall.wire import b64, jws, keys
from stall.wire import claims as rules
from stall.wire.keys import thumbprint_of_did
from stall.wire.receipt import Receipt

TYP = "stall-delegation+jwt"

_DAY = 86_400
MAX_LIFE_S: Mapping[str, int] = {"box": 120 * _DAY, "cloud": 400 * _DAY, "signer": 400 * _DAY}
"""Longest validity (exp - nbf) in seconds, by role: a box stands on a market table and may be stolen."""

ALLOWED_CAPS: Mapping[str, frozenset[str]] = {
    "box": frozenset({"receipt", "cert", "badge", "log"}),
    "cloud": frozenset({"cosign", "decline", "lease"}),
    "signer": frozenset({"manifest"}),
}
"""What each role may be given: the creator's own rights never reach the box."""

ANY_DROP = "*"

Cap = Literal["manifest", "lease", "receipt", "cert", "badge", "log", "cosign", "decline"]


class Jwk(rules.Claims, frozen=True, kw_only=True):
    """An Ed25519 public key as a JWK (RFC 8037)."""

    kty: Literal["OKP"]
    crv: Literal["Ed25519"]
    x: rules.B43


class Confirmation(rules.Claims, frozen=True, kw_only=True):
    """The key the delegate must hold (RFC 7800)."""

    jwk: Jwk


class Max(rules.Claims, frozen=True, kw_only=True):
    """Caps on offline card payments: minor units of `cur` per sale and stored in all, hours stored."""

    cur: rules.Currency
    sale: rules.Amount
    stored_total: rules.Amount
    stored_age_h: Annotated[int, Meta(ge=0, le=8760)]


class Delegation(rules.Claims, frozen=True, kw_only=True):
    """All claims of a delegation. The highest `seq` per `sub` holds; `hw` is the hash of the board's serial."""

    iss: rules.Did
    sub: rules.Did
    cnf: Confirmation
    jti: rules.Id22
    seq: rules.Count
    iat: rules.Time
    nbf: rules.Time
    exp: rules.Time
    role: Literal["box", "cloud", "signer"]
    cap: Annotated[tuple[Cap, ...], Meta(min_length=1)]
    drops: Annotated[tuple[Annotated[str, Meta(pattern=r"^(\*|[a-z0-9-]{3,64})\Z")], ...], Meta(min_length=1)]
    max: Max | None = None
    hw: rules.H | None = None
    name: rules.Text | None = None


def parse(claims: Mapping[str, Any]) -> Delegation:
    """Type the claims and check every rule of formats 7.2. Raises WireError naming the first one broken."""
    return _checked(rules.typed(claims, Delegation, "delegation"))


def _checked(delegation: Delegation) -> Delegation:
    _check_key(delegation)
    _check_rights(delegation)
    lasts = 0 < delegation.exp - delegation.nbf <= MAX_LIFE_S[delegation.role]
    if not lasts or delegation.exp <= delegation.iat:
        raise WireError(
            "delegation-lifetime",
            "The delegation lasts too long or ends before it begins: a box's holds for at most 120 days, a cloud's or signer's"
            " for at most 400. Sign again.",
        )
    return delegation


def claims(delegation: Delegation) -> dict[str, Any]:
    """Write the delegation's claims as plain values."""
    return rules.of(delegation)


def confirmation(public: bytes) -> Confirmation:
    """Build the `cnf` claim for a delegate's public key."""
    return Confirmation(jwk=Jwk(kty="OKP", crv="Ed25519", x=b64.encode(keys.check_public(public))))


def sign(key: keys.SigningKey, delegation: Delegation) -> str:
    """Sign the delegation with the creator's key. Raises StallError if it breaks a rule."""
    plain = claims(delegation)
    parse(plain)
    return jws.sign(key, TYP, plain)


def verify(token: str, keys: Mapping[str, bytes]) -> Delegation:
    """Check a delegation token, signed by the creator it names; the time is for `check_use`. Raises WireError."""
    delegation, signer = jws.open(token, keys, TYP, Delegation, "delegation")
    _checked(delegation)
    if signer != thumbprint_of_did(delegation.iss):
        raise WireError(
            "delegation-wrong-signer", "The delegation is not signed by the creator it names. Do not use it."
        )
    return delegation


def check_use(delegation: Delegation, cap: str, drop: str | None, at_s: int) -> None:
    """Check that the delegate may use `cap` for `drop` (None: for none in particular) at `at_s` seconds UTC.

    Both ends of the validity count as inside. Raises WireError.
    """
    if cap not in delegation.cap:
        raise WireError("delegation-cap", f"The delegation does not allow “{cap}”. Ask the creator for one that does.")
    if drop is not None and drop not in delegation.drops and ANY_DROP not in delegation.drops:
        raise WireError("delegation-drop", f"The delegation does not name the drop “{drop}”. Ask the creator for one.")
    if not delegation.nbf <= at_s <= delegation.exp:
        raise WireError(
            "delegation-time", "The delegation was not in force at that time. Ask the creator for a new one."
        )


def holding(given: Iterable[Delegation], at_s: int) -> Delegation | None:
    """Pick, of one creator's delegations of one key, the one that holds for what is dated `at_s`: the highest `seq` by then.

    The one issued first if none was by then, so one alone always holds; None if there is none. A later one takes nothing
    back that was dated before it.
    """
    known = list(given)
    issued = [delegation for delegation in known if delegation.iat <= at_s]
    first = min(known, key=lambda delegation: (delegation.iat, -delegation.seq), default=None)
    return max(issued, key=lambda delegation: (delegation.seq, delegation.iat), default=first)


def check_holding(used: Delegation, known: Iterable[Delegation], at_s: int) -> None:
    """Check that of all `known` delegations of the same key the `used` one is the one that holds at `at_s`. Raises WireError."""
    same = [one for one in known if (one.iss, one.sub) == (used.iss, used.sub)]
    if holding([used, *same], at_s) != used:
        raise WireError("delegation-replaced", "Another delegation of this key held then. Use that one.")


def check_receipt(delegation: Delegation, receipt: Receipt) -> None:
    """Check a receipt against the caps of the delegation that held for it: payments of cards read offline.

    What was stored in all, and for how long, a journal shows. Raises WireError `delegation-currency`,
    `delegation-over-limit`.
    """
    limit = delegation.max
    for tender in receipt.pay:
        if limit is not None and tender.cur != limit.cur:
            raise WireError(
                "delegation-currency", "The receipt is in a currency its box may not sell in. Ask the creator."
            )
        if limit is not None and tender.st == "stored" and tender.minor > limit.sale:
            raise WireError(
                "delegation-over-limit",
                "A card read offline paid more than the creator allows. Ask the stall about it.",
            )


def _check_key(delegation: Delegation) -> None:
    public, creator = keys.public_from_did(delegation.sub), keys.public_from_did(delegation.iss)
    if b64.decode(delegation.cnf.jwk.x) != public:
        raise WireError(
            "delegation-key", "The delegation names two different keys for the delegate. Ask for a new one."
        )
    if creator == public:
        raise WireError("delegation-self", "The delegation names its own signer as delegate. Use a key of its own.")


def _check_rights(delegation: Delegation) -> None:
    if not ALLOWED_CAPS[delegation.role].issuperset(delegation.cap) or _repeats(delegation.cap):
        allowed = ", ".join(sorted(ALLOWED_CAPS[delegation.role]))
        raise WireError(
            "delegation-role", f"A {delegation.role} may have these rights only, each once: {allowed}. Sign again."
        )
    if _repeats(delegation.drops) or (ANY_DROP in delegation.drops and len(delegation.drops) > 1):
        raise WireError("delegation-drops", "The list of drops repeats itself. Name each once, or all with `*`.")
    if (delegation.role == "box") != (delegation.max is not None):
        raise WireError(
            "delegation-max", "Limits on offline payments are for boxes, and every box has them. Sign again."
        )


def _repeats(values: tuple[str, ...]) -> bool:
    return len(set(values)) != len(values)
