"""The creator lets a box, a cloud or a second signer act in their name: one signed delegation each (formats.md 7.2)."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Literal

from stall.creator import ledger
from stall.creator.keyring import Creator
from stall.creator.ledger import DelegationRow
from stall.errors import Refused, StallError
from stall.wire import b64, delegation, keys
from stall.wire.delegation import ANY_DROP, Cap, Delegation, Max

Role = Literal["box", "cloud", "signer"]

DEFAULT_CAPS: Mapping[Role, tuple[Cap, ...]] = {
    "box": ("receipt", "cert", "badge", "log"),
    "cloud": ("cosign", "decline"),
    "signer": ("manifest",),
}
"""All of the role but `lease`, which is given by name only: it ends the creator's own leasing for good (`allocates`)."""
DEFAULT_DAYS: Mapping[Role, int] = {"box": 90, "cloud": 365, "signer": 365}
DEFAULT_MAX = Max(cur="EUR", sale=10_000, stored_total=100_000, stored_age_h=24)
"""What a box may risk on cards read offline: minor units per sale and in all, hours until they must be sent."""

_DAY_S = 86_400


def delegate(
    creator: Creator,
    sub_did: str,
    role: Role,
    *,
    now_s: int,
    caps: Sequence[Cap] = (),
    drops: Sequence[str] = (ANY_DROP,),
    max_: Max | None = None,
    days: int | None = None,
    name: str | None = None,
    hw: str | None = None,
) -> str:
    """Sign a delegation to the key `sub_did`, record it in the ledger, and give the token.

    Without `caps` it gets those of `DEFAULT_CAPS`; without `days` a box 90, others
    365; without `max_` a box gets `DEFAULT_MAX`; with `hw` only the box on that board takes it. A newer delegation replaces an older one of the same key. Raises Refused
    `delegate-not-a-did`, WireError naming the rule of formats.md 7.2 that it would break, and the ledger's errors.
    """
    public = _public(sub_did)
    with ledger.opened(creator.folder) as book:
        known = [row.seq for row in book.delegations if row.sub == sub_did]
        document = Delegation(
            iss=creator.did,
            sub=sub_did,
            cnf=delegation.confirmation(public),
            jti=b64.encode(secrets.token_bytes(16)),
            seq=max([now_s, *(seq + 1 for seq in known)]),  # rises with time, even if the ledger was lost
            iat=now_s,
            nbf=now_s,
            exp=now_s + (DEFAULT_DAYS[role] if days is None else days) * _DAY_S,
            role=role,
            cap=tuple(caps) or DEFAULT_CAPS[role],
            drops=tuple(drops),
            max=max_ or (DEFAULT_MAX if role == "box" else None),
            name=name,
            hw=hw,
        )
        token = delegation.sign(creator.key, document)
        book.append(DelegationRow(now_s, sub_did, role, document.cap, document.drops, document.seq, token))
    return token


def allocates(book: ledger.Ledger, drop: str) -> bool:
    """Say whether the common numbers of `drop` are the creator's to lease.

    They are not once any delegation with cap `lease` named the drop: per drop there is exactly one allocator, and a cloud
    that was one may hold unsent leases for as long as it likes (design.md 7).
    """
    return not any("lease" in row.cap and row.covers(drop) for row in book.delegations)


def _public(did: str) -> bytes:
    try:
        return keys.public_from_did(did)
    except StallError as error:
        raise Refused(
            "delegate-not-a-did",
            f"“{did[:80]}” is not the did of a key. Ask the box for its own with `stall keys show`.",
        ) from error
