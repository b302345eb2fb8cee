"""Edition numbers between documents: who may lease them, to whom, and that no two boxes ever hold one (design 7).

Judges documents that others have verified; reads no clock. What is not at hand is not judged.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from stall.errors import WireError
from stall.wire.delegation import ANY_DROP, Delegation, check_use, holding
from stall.wire.keys import thumbprint_of_did
from stall.wire.lease import Lease
from stall.wire.lease_return import LeaseReturn
from stall.wire.manifest import Manifest
from stall.wire.receipt import Item, Receipt

POOL = "*"
LATE_S = 86_400
"""How long after its lease ended a number may still be sold: it was held then, and its payment was not over."""

Range = tuple[int, int]


def check_allocator(lease: Lease, manifest: Manifest, delegations: Iterable[Delegation]) -> None:
    """Check that the lease is signed by the one who leases these numbers at its `iat`.

    Numbers set aside for the box are leased by the creator, the others by the cloud that the creator let lease the drop
    last, if there was any. `delegations` are all that are known, of anybody. Raises WireError `lease-not-allocator`,
    and what `delegation.check_use` raises of that cloud's newest delegation.
    """
    creator = thumbprint_of_did(manifest.iss)
    given = [one for one in delegations if one.iss == manifest.iss]
    own = set_aside(manifest, lease.sub)
    only_own = all(_covers(own, part) for part in lease.ranges)
    allocator = creator if only_own and lease.iss == creator else pool_of(manifest, given, lease.iat)
    if lease.iss != allocator or (lease.iss != creator and overlap(lease.ranges, own)):
        raise WireError(
            "lease-not-allocator",
            "The lease grants numbers that another than its signer leases. Ask the creator who does.",
        )
    if lease.iss != creator:
        newest = holding([one for one in given if thumbprint_of_did(one.sub) == lease.iss], lease.iat)
        if newest is not None:
            check_use(newest, "lease", lease.drop, lease.iat)


def pool_of(manifest: Manifest, delegations: Iterable[Delegation], at_s: int) -> str:
    """Name, by its thumbprint, who leases at `at_s` what no box has for itself: once a cloud does, never the creator again."""
    clouds = [
        one
        for one in delegations
        if one.iss == manifest.iss and "lease" in one.cap and one.iat <= at_s and _names(one, manifest.drop.id)
    ]
    newest = max(clouds, key=lambda one: (one.iat, one.seq, one.sub), default=None)
    return thumbprint_of_did(manifest.iss if newest is None else newest.sub)


def check_in_manifest(lease: Lease, manifest: Manifest, chain: Collection[str]) -> None:
    """Check a lease against the newest manifest of its drop; `chain` are the hashes of that and of all versions before.

    Raises WireError `lease-open-edition`, `lease-manifest`, `lease-beyond-edition`, `lease-allocated`.
    """
    edition = manifest.drop.edition
    if edition is None:
        raise WireError(
            "lease-open-edition", f"“{lease.drop}” is an open edition and needs no lease. Open it as it is."
        )
    if lease.drop != manifest.drop.id or lease.man not in chain:
        raise WireError("lease-manifest", "The lease is for another manifest. Import that pack first.")
    highest = max((hi for _, hi in lease.ranges), default=0)
    if highest > edition:
        raise WireError(
            "lease-beyond-edition",
            f"The lease grants number {highest}, but the edition has {edition}. Ask for a new one.",
        )
    for part in manifest.alloc:
        if part.box not in {POOL, lease.sub} and overlap(lease.ranges, [(part.lo, part.hi)]):
            raise WireError(
                "lease-allocated",
                f"Numbers {part.lo} to {part.hi} are set aside for another box. Ask the creator for a new lease.",
            )


def check_disjoint(leases: Sequence[Lease], returns: Sequence[LeaseReturn] = ()) -> None:
    """Check leases against each other: no counter given twice, no number to two boxes, unless the first gave it back.

    One box may be leased its own unsold numbers again. Raises WireError `lease-seq-twice`, `lease-numbers-twice`.
    """
    counters: dict[tuple[str, str, int], str] = {}
    for lease in leases:
        if counters.setdefault((lease.sub, lease.drop, lease.lease_seq), lease.jti) != lease.jti:
            raise WireError("lease-seq-twice", "Two leases of one box and drop have one number. Trust neither; ask.")
    granted = sorted(((lo, hi, lease) for lease in leases for lo, hi in lease.ranges), key=lambda one: one[:2])
    running: list[tuple[int, int, Lease]] = []
    for lo, hi, lease in granted:
        running = [one for one in running if one[1] >= lo]
        for _, end, other in running:
            if other.drop == lease.drop and other.sub != lease.sub:
                first, second = (other, lease) if other.iat <= lease.iat else (lease, other)
                _check_given_back((lo, min(hi, end)), first, second, returns)
        running.append((lo, hi, lease))


def _check_given_back(shared: Range, first: Lease, second: Lease, returns: Sequence[LeaseReturn]) -> None:
    back = [
        part
        for one in returns
        if (one.iss, one.epoch, one.drop) == (first.sub, first.epoch, first.drop) and one.iat <= second.iat
        for part in one.ranges
    ]
    if not _covers(back, shared):
        raise WireError(
            "lease-numbers-twice",
            f"Two boxes were leased number {shared[0]} of {first.drop}. Only one may sell it; ask the creator.",
        )


def check_sold(receipt: Receipt, manifests: Mapping[str, Manifest], leases: Mapping[str, Lease]) -> None:
    """Check what a receipt, no refund or void, sells against manifests, by their hash, and leases, by their `jti`.

    Raises WireError `receipt-other-manifest`, `receipt-beyond-edition`, `receipt-number-missing`,
    `receipt-number-in-open-drop`, `receipt-not-leased`.
    """
    for item in receipt.items:
        signed = manifests.get(item.man or "")
        if signed is not None:
            _check_item(item, signed)
        lease = leases.get(item.lease or "")
        if lease is not None and item.minor >= 0 and not _is_leased(receipt, item, lease):
            raise WireError(
                "receipt-not-leased", "The box sold a number it was not leased then. Ask the creator about it."
            )


def _check_item(item: Item, signed: Manifest) -> None:
    edition = signed.drop.edition
    if item.drop != signed.drop.id:
        raise WireError("receipt-other-manifest", "A line names the manifest of another drop. Do not rely on it.")
    if edition is None and item.ed is not None:
        raise WireError("receipt-number-in-open-drop", "A line sells a number of an open drop. Do not rely on it.")
    if edition is not None and item.ed is None:
        raise WireError("receipt-number-missing", "A line sells a limited drop without number. Do not rely on it.")
    if edition is not None and (item.ed or 0) > edition:
        raise WireError("receipt-beyond-edition", f"A line sells number {item.ed} of {edition}. Do not rely on it.")


def _is_leased(receipt: Receipt, item: Item, lease: Lease) -> bool:
    fits = (lease.sub, lease.epoch, lease.drop) == (receipt.iss, receipt.epoch, item.drop)
    number = item.ed or 0
    return fits and receipt.iat <= lease.exp + LATE_S and _covers(lease.ranges, (number, number))


def check_sold_once(copy: tuple[str, int], some: Receipt, other: Receipt, returns: Iterable[Receipt]) -> None:
    """Check two receipts that both sell a number of one creator's drop: the first must have given it back before the second.

    `copy` is drop and number, `returns` the voids, refunds and exchanges that name it. Raises WireError `receipt-sold-twice`.
    """
    first, second = (some, other) if comes_before(some, other) else (other, some)
    freed = [one for one in returns if (one.iss, one.ref) == (first.iss, first.jti) and comes_before(one, second)]
    if not freed:
        raise WireError(
            "receipt-sold-twice",
            f"Number {copy[1]} of {copy[0]} was sold by another receipt beside this one, too, and nothing between them gave it back."
            " Add it, or trust neither and ask the creator.",
        )


def numbered(receipt: Receipt) -> list[Item]:
    """List the lines of a receipt, no refund or void, that sell a number; a test sells none."""
    return [] if receipt.test else [item for item in receipt.items if item.ed is not None and item.minor >= 0]


def comes_before(one: Receipt, other: Receipt) -> bool:
    """Tell which came first: in one journal as it numbers them, else by their clocks."""
    if (one.iss, one.epoch) == (other.iss, other.epoch):
        return one.seq < other.seq
    return (one.iat, one.iss, one.jti) < (other.iat, other.iss, other.jti)


def check_returned(given: LeaseReturn, leases: Iterable[Lease], receipts: Iterable[Receipt]) -> None:
    """Check that what is given back was leased to that epoch of the box and never sold in it.

    Raises WireError `lease-return-not-leased`, `lease-return-sold`.
    """
    leased = [
        part
        for one in leases
        if (one.sub, one.epoch, one.drop) == (given.iss, given.epoch, given.drop)
        for part in one.ranges
    ]
    if not all(_covers(leased, part) for part in given.ranges):
        raise WireError("lease-return-not-leased", "The box gives back a number it was not leased. Do not lease it.")
    for receipt in receipts:
        if (receipt.iss, receipt.epoch) == (given.iss, given.epoch) and any(
            item.drop == given.drop and item.ed is not None and _covers(given.ranges, (item.ed, item.ed))
            for item in receipt.items
        ):
            raise WireError("lease-return-sold", "The box gives back a number it sold. Do not lease it again.")


def set_aside(manifest: Manifest, box: str) -> list[Range]:
    """List the numbers the manifest sets aside for a box."""
    return sorted((part.lo, part.hi) for part in manifest.alloc if part.box == box)


def overlap(some: Iterable[Range], others: Sequence[Range]) -> bool:
    """Tell whether two lists of ranges share a number."""
    return any(lo <= b and a <= hi for lo, hi in some for a, b in others)


def _covers(ranges: Iterable[Range], wanted: Range) -> bool:
    """Tell whether every number of `wanted` is in one of the ranges."""
    low, high = wanted
    for lo, hi in sorted(ranges):
        if lo <= low <= hi:
            low = hi + 1
    return low > high


def _names(delegation: Delegation, drop: str) -> bool:
    return drop in delegation.drops or ANY_DROP in delegation.drops
