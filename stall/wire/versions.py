"""The versions of a drop's manifest against each other: they rise, and never promise more copies (formats 7.1, design 7).

What one version revokes stays revoked, whether a later one repeats it or not.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from stall.errors import WireError
from stall.wire import jws, numbers
from stall.wire.manifest import Manifest, check_edition
from stall.wire.numbers import POOL

Signed = tuple[str, Manifest]
"""A manifest with its token."""


def check(held: Iterable[Signed]) -> None:
    """Check all versions at hand, of any drops: one content a version, each naming the one before, no edition that grew.

    Versions in between may be missing. Raises WireError `manifest-version-twice`, `manifest-wrong-prev`,
    `manifest-edition-grew`.
    """
    for _, group in groupby(sorted(held, key=_order), key=lambda one: (one[1].iss, one[1].drop.id)):
        older: Signed | None = None
        for token, signed in group:
            if older is not None and older[0] != token:
                _check_pair(*older, token, signed)
            older = token, signed


def _order(one: Signed) -> tuple[str, str, int, str]:
    return one[1].iss, one[1].drop.id, one[1].ver, one[0]


def _check_pair(old_token: str, old: Manifest, token: str, new: Manifest) -> None:
    if new.ver == old.ver:
        raise WireError(
            "manifest-version-twice", f"Version {new.ver} was signed twice with other content. Trust neither; ask."
        )
    if new.ver == old.ver + 1 and new.prev != jws.token_hash(old_token):
        raise WireError(
            "manifest-wrong-prev",
            f"Version {new.ver} does not follow the version {old.ver} beside it. Ask its creator.",
        )
    check_edition(old, new)


def check_alloc_kept(old: Manifest, new: Manifest) -> None:
    """Check that no number moved between boxes and pool. Once a cloud leases the pool, that would make two allocators.

    Raises WireError `manifest-alloc-moved`.
    """
    edition = new.drop.edition or 0
    boxes = {part.box for part in (*old.alloc, *new.alloc)} - {POOL}
    if any(_numbers(old, box, edition) != _numbers(new, box, edition) for box in boxes):
        raise WireError(
            "manifest-alloc-moved",
            "The new manifest moves numbers of a drop whose numbers a cloud leases. Keep them where they were.",
        )


def _numbers(manifest: Manifest, box: str, edition: int) -> list[tuple[int, int]]:
    """The numbers of a box up to `edition`, adjacent ranges joined."""
    joined: list[tuple[int, int]] = []
    for lo, hi in numbers.set_aside(manifest, box):
        if lo > edition:
            break
        begins = joined.pop()[0] if joined and joined[-1][1] == lo - 1 else lo
        joined.append((begins, min(hi, edition)))
    return joined
