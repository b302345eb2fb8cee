"""Which creator stands behind what a box or a cloud signed, where several let it sign (docs/protocol.md, 6.6).

A creator names a key without asking it, so a delegation alone shows only whom its creator trusts. What decides is the
manifest of what was sold, or the word of the signer itself; where neither is at hand, nobody is picked out of several.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from stall.errors import Hostile, WireError
from stall.wire import delegation
from stall.wire.delegation import ANY_DROP, Delegation

OPEN = frozenset({"verify-needs-delegation", "verify-needs-creator", "verify-several-creators"})
"""Codes that speak against no paper: another would show whose it is."""

_MOST_NAMED = 3


def pick(candidates: Collection[str], expected: str | None) -> str:
    """Give the one creator there can be; the one that is `expected`, if it can be that one.

    Raises Hostile `verify-needs-delegation` for none, `verify-several-creators` for several, and `verify-other-creator` if
    another is expected than any of them.
    """
    if expected is not None and expected in candidates:
        return expected
    if not candidates:
        raise unknown()
    if len(candidates) == 1:
        return next(iter(candidates))
    if expected is not None:
        raise other(min(candidates))
    named = ", ".join(sorted(candidates)[:_MOST_NAMED]) + (", …" if len(candidates) > _MOST_NAMED else "")
    raise Hostile(
        "verify-several-creators",
        f"More than one creator let its signer sign, and which of them it is for cannot be told: {named}. Add the manifest of what was sold, or name the creator.",
    )


def unknown() -> Hostile:
    """Say that the signer is nobody's."""
    return Hostile(
        "verify-needs-delegation", "Which creator stands behind its signer cannot be told. Add the delegation."
    )


def other(did: str) -> Hostile:
    """Say that it is another creator's than was expected."""
    return Hostile("verify-other-creator", f"This goes back to {did}, not to the creator you named. Do not trust it.")


def naming(chains: Iterable[Delegation], drop: str | None) -> set[str]:
    """List whose delegations name a drop, whatever else they say and when; if none does, all whose delegations there are."""
    known = list(chains)
    return {one.iss for one in known if drop is None or names(one, drop)} or {one.iss for one in known}


def names(chain: Delegation, drop: str) -> bool:
    """Say whether a delegation is for a drop."""
    return drop in chain.drops or ANY_DROP in chain.drops


def held_by(chains: Iterable[Delegation], creator: str, at_s: int) -> Delegation:
    """Give the delegation of a creator that holds at that time. Raises Hostile `verify-needs-delegation` if there is none."""
    found = delegation.holding([one for one in chains if one.iss == creator], at_s)
    if found is None:
        raise unknown()
    return found


def check_use(chain: Delegation, cap: str, drop: str | None, at_s: int) -> None:
    """Check as `delegation.check_use` does. Raises WireError `verify-needs-delegation` where only a later one is at hand."""
    try:
        delegation.check_use(chain, cap, drop, at_s)
    except WireError as error:
        if error.code == "delegation-time" and at_s < chain.nbf:
            raise only_later() from None
        raise


def only_later() -> WireError:
    """Say that what is at hand is too new."""
    return WireError(
        "verify-needs-delegation",
        "The delegation of that time is missing here, only a later one is at hand. Add the older one: the box has all in its /keys.json.",
    )
