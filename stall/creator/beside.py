"""Papers held against each other (docs/protocol.md, 6): a paper may hold alone and be contradicted by another beside it.

What is not at hand is not judged. Which of the others count is for `standing` to say.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from stall.creator.evidence import Evidence, Sale
from stall.errors import Hostile
from stall.wire import closing, delegation, keys, numbers, takeback, versions
from stall.wire.closing import Close
from stall.wire.decline import Decline
from stall.wire.lease import Lease
from stall.wire.lease_return import LeaseReturn
from stall.wire.manifest import Manifest
from stall.wire.receipt import Receipt
from stall.wire.takeback import Sibling


def manifest(signed: Manifest, heap: Evidence) -> None:
    """Hold a version of a drop against the other versions. Raises WireError `manifest-…`."""
    held = _versions(signed, heap)
    versions.check(held)
    older = [one for _, one in held if one.ver < signed.ver]
    if older and _leased_by_cloud(signed, heap):
        versions.check_alloc_kept(max(older, key=lambda one: one.ver), signed)


def _versions(signed: Manifest, heap: Evidence) -> list[tuple[str, Manifest]]:
    return [one for one in heap.manifests.values() if (one[1].iss, one[1].drop.id) == (signed.iss, signed.drop.id)]


def _leased_by_cloud(signed: Manifest, heap: Evidence) -> bool:
    known = [one for found in heap.delegations.values() for one in found]
    return numbers.pool_of(signed, known, signed.iat) != keys.thumbprint_of_did(signed.iss)


def lease(given: Lease, heap: Evidence, returns: Sequence[LeaseReturn]) -> None:
    """Hold a lease against its drop, who may lease, and other leases. Raises WireError `lease-…`, `delegation-…`."""
    named = heap.manifests.get(given.man)
    if named is not None:
        held = _versions(named[1], heap)
        newest = max((one for _, one in held), key=lambda one: one.ver)
        chain = {token for token, one in heap.manifests.items() if one in held}
        numbers.check_in_manifest(given, newest, chain)
        numbers.check_allocator(given, newest, [one for found in heap.delegations.values() for one in found])
    creator = heap.creator_of(given)
    for other in heap.leases.values():
        if other.drop == given.drop and is_by(other, creator, heap):
            numbers.check_disjoint([given, other], returns)


def is_by(given: Lease, creator: str, heap: Evidence) -> bool:
    """Say whether a lease grants numbers of that creator."""
    try:
        return heap.creator_of(given) == creator
    except Hostile:
        return False  # nobody can tell whose numbers it grants


def lease_return(given: LeaseReturn, sold: Iterable[Receipt], heap: Evidence) -> None:
    """Hold what a box gives back against its leases, if any are at hand, and what was sold. Raises WireError `lease-return-…`."""
    leases = [
        one for one in heap.leases.values() if (one.sub, one.epoch, one.drop) == (given.iss, given.epoch, given.drop)
    ]
    if leases:
        numbers.check_returned(given, leases, sold)


def receipt(
    sale: Sale, leases: Iterable[Lease], original: Sale | None, earlier: Sequence[Sibling], heap: Evidence
) -> None:
    """Hold a receipt, refund or void against its delegation, drops, leases, and the `original` it refers to. Raises WireError.

    `leases` are those of its box by the creators of what it sells; `earlier` took the same receipt back before.
    """
    told = sale.told
    delegation.check_receipt(sale.chain, told)
    manifests = {token: signed for token, (_, signed) in heap.manifests.items()}
    numbers.check_sold(told, manifests, _of_lines(told, leases))
    if original is not None:
        takeback.check(original.told, sale.typ, told, earlier)


def _of_lines(told: Receipt, leases: Iterable[Lease]) -> Mapping[str, Lease]:
    """The leases by their `jti`: of two with the same the one that grants what a line sells, whichever came first."""
    found: dict[str, Lease] = {}
    sold = {(item.lease, item.ed) for item in told.items}
    for one in leases:
        fits = any(jti == one.jti and ed is not None and _grants(one, ed) for jti, ed in sold)
        if fits or one.jti not in found:
            found[one.jti] = one
    return found


def _grants(given: Lease, number: int) -> bool:
    return any(low <= number <= high for low, high in given.ranges)


def decline(told: Decline, heap: Evidence) -> None:
    """Hold a decline against the receipt it names. Raises WireError `decline-…`."""
    sale = heap.receipts.get(told.rcpt)
    if sale is not None:
        takeback.check_decline(sale.told, sale.token, told)


def close(told: Close, heap: Evidence) -> None:
    """Hold a closing statement against the manifest it names. Raises WireError `close-…`."""
    if told.man in heap.manifests:
        token, signed = heap.manifests[told.man]
        closing.check_manifest(told, signed, token)


def differs(some: Close, others: Close) -> bool:
    """Say whether two closing statements of one drop say different things of its copies."""
    return (some.man, some.editions, some.root, some.count) != (others.man, others.editions, others.root, others.count)
