"""Papers held against each other (docs/protocol.md, 6): a paper may hold alone and be contradicted by another beside it.

What is not at hand is not judged.
"""

from __future__ import annotations

from stall.creator.evidence import Evidence
from stall.errors import WireError
from stall.wire import delegation, keys, numbers, takeback, versions
from stall.wire.decline import Decline
from stall.wire.delegation import Delegation
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


def lease(given: Lease, heap: Evidence) -> None:
    """Hold a lease against its drop, who may lease, and other leases. Raises WireError `lease-…`, `delegation-…`."""
    named = heap.manifests.get(given.man)
    if named is not None:
        held = _versions(named[1], heap)
        newest = max((one for _, one in held), key=lambda one: one.ver)
        chain = {token for token, one in heap.manifests.items() if one in held}
        numbers.check_in_manifest(given, newest, chain)
        numbers.check_allocator(given, newest, [one for found in heap.delegations.values() for one in found])
    for other in heap.leases.values():
        if other.drop == given.drop and heap.creator_of(other) == heap.creator_of(given):
            numbers.check_disjoint([given, other], heap.lease_returns)


def lease_return(given: LeaseReturn, heap: Evidence) -> None:
    """Hold what a box gives back against its leases, if any are at hand, and what it sold. Raises WireError `lease-return-…`."""
    leases = [
        one for one in heap.leases.values() if (one.sub, one.epoch, one.drop) == (given.iss, given.epoch, given.drop)
    ]
    if leases:
        numbers.check_returned(given, leases, [told for _, told in heap.receipts.values()])


def receipt(told: Receipt, typ: str, chain: Delegation, heap: Evidence) -> None:
    """Hold a receipt, refund or void against its delegation, drops, leases, and the receipt it refers to. Raises WireError."""
    delegation.check_receipt(chain, told)
    manifests = {token: signed for token, (_, signed) in heap.manifests.items()}
    leases = {one.jti: one for one in heap.leases.values() if one.sub == told.iss}
    numbers.check_sold(told, manifests, leases)
    original = next((one for _, one in heap.receipts.values() if (one.iss, one.jti) == (told.iss, told.ref)), None)
    if original is not None:
        takeback.check(original, typ, told, _earlier(told, heap))


def _earlier(told: Receipt, heap: Evidence) -> list[Sibling]:
    """What else took the same receipt back before."""
    same = [
        (typ, one) for typ, one in heap.returns if (one.iss, one.ref) == (told.iss, told.ref) and one.jti != told.jti
    ]
    return [(typ, one) for typ, one in same if (one.iat, one.seq) < (told.iat, told.seq)]


def decline(told: Decline, heap: Evidence) -> None:
    """Hold a decline against the receipt it names. Raises WireError `decline-…`."""
    if told.rcpt in heap.receipts:
        token, sold = heap.receipts[told.rcpt]
        takeback.check_decline(sold, token, told)


def returns_that_count(heap: Evidence) -> list[Sibling]:
    """Refunds, voids and exchanges that nothing at hand contradicts: only these take anything back."""
    return [one for one in heap.returns if _counts(one, heap)]


def _counts(one: Sibling, heap: Evidence) -> bool:
    typ, told = one
    original = next((sold for _, sold in heap.receipts.values() if (sold.iss, sold.jti) == (told.iss, told.ref)), None)
    if original is None:
        return False
    try:
        takeback.check(original, typ, told, _earlier(told, heap))
    except WireError:
        return False
    return True


def is_taken_back(told: Receipt, heap: Evidence) -> bool:
    """Say whether another paper takes back this receipt or a part of it."""
    return any((one.iss, one.ref) == (told.iss, told.jti) for _, one in returns_that_count(heap))


def declines_that_count(heap: Evidence) -> list[Decline]:
    """Declines that fit the receipts they name, if those are at hand."""
    found = []
    for told in heap.declines:
        try:
            decline(told, heap)
        except WireError:
            continue
        found.append(told)
    return found
