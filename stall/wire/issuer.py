"""Who signed a certificate or badge, and by whose leave: what both have in common (formats 7.6 and 7.7).

Works offline from the document alone: the embedded delegation ties the box that signed to the creator.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal, TypeGuard

from msgspec import Meta

from stall.errors import WireError
from stall.wire import claims as rules
from stall.wire import delegation, keys
from stall.wire.delegation import Delegation

CONTEXT_VC = "https://www.w3.org/ns/credentials/v2"
"""First context of every credential. Contexts are compared as text and never fetched."""


_EARLIEST_S, _LATEST_S = 1_577_836_800, 4_102_444_800  # as `claims.Time`


class Evidence(rules.Claims, frozen=True, kw_only=True):
    """The creator's delegation for the box that signed."""

    type: Literal["StallDelegation"]
    jws: str


AtMostOne = Annotated[tuple[Evidence, ...], Meta(max_length=1)]
Urn = Annotated[str, Meta(pattern=r"^urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")]


def is_of(document: object, contexts: Sequence[str], types: Sequence[str]) -> TypeGuard[dict[str, Any]]:
    """Tell whether a document is an object of exactly these types, in exactly these terms. Asked before anything else."""
    return (
        isinstance(document, dict)
        and document.get("@context") == list(contexts)
        and document.get("type") == list(types)
    )


def check_chain(
    issuer: str, creator: str, token: str | None, *, cap: str, drop: str | None, at_s: int, what: str
) -> Delegation | None:
    """Check that `creator` let `issuer` (both dids) sign at `at_s`, and return the delegation that `token` is.

    It is required unless the creator signed; a copy kept by the creator must hold as well. `what` names the document
    to people. Raises WireError.
    """
    by_creator, public = issuer == creator, keys.public_from_did(creator)
    if token is None:
        if by_creator:
            return None
        raise WireError("certificate-no-delegation", f"The {what} does not say who let the box sign. Get another.")
    found = delegation.verify(token, {keys.thumbprint(public): public})
    if not by_creator and found.sub != issuer:
        raise WireError("certificate-wrong-delegate", f"The delegation is for another box. Do not rely on this {what}.")
    delegation.check_use(found, cap, drop, at_s)
    return found


def check_times(valid_from_s: int, created_s: int, used: Delegation | None, issuer: str, what: str) -> None:
    """Check that a paper held no later than it was signed, and that a box signed while its delegation ran.

    Whoever is not the delegate is the creator, who may sign later. Raises WireError.
    """
    if not _EARLIEST_S <= valid_from_s <= created_s <= _LATEST_S:
        raise WireError(
            "certificate-time",
            f"The {what} is dated before 2020, after 2099, or later than its signature. Get another.",
        )
    if used is not None and used.sub == issuer and created_s > used.exp:
        raise WireError("certificate-time", f"The box signed the {what} after its delegation ended. Get another.")
