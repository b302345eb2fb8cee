"""A heap of papers as a verifier reads it: every token verified by itself, then held against the others."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import combinations, pairwise

from stall.wire import decline, delegation, jws, lease, lease_return, manifest, numbers, receipt, takeback, versions
from stall.wire.delegation import Delegation
from stall.wire.keys import thumbprint_of_did
from stall.wire.lease import Lease
from stall.wire.lease_return import LeaseReturn
from stall.wire.manifest import Manifest
from stall.wire.receipt import Receipt
from tests.wire import documents as doc


@dataclass
class Heap:
    """What was read, in the order it came."""

    delegations: list[Delegation] = field(default_factory=list)
    manifests: list[tuple[str, Manifest]] = field(default_factory=list)
    leases: list[Lease] = field(default_factory=list)
    returns: list[LeaseReturn] = field(default_factory=list)
    receipts: list[tuple[str, str, Receipt]] = field(default_factory=list)
    declines: list[decline.Decline] = field(default_factory=list)

    def newest(self, drop: str) -> tuple[Manifest, list[str]]:
        """The newest manifest of a drop, and the hashes of all its versions."""
        chain = [(token, signed) for token, signed in self.manifests if signed.drop.id == drop]
        newest = max((signed for _, signed in chain), key=lambda signed: signed.ver)
        return newest, [jws.token_hash(token) for token, _ in chain]

    def of(self, signer: str) -> list[Delegation]:
        """The delegations of a key."""
        return [one for one in self.delegations if thumbprint_of_did(one.sub) == signer]


def read(papers: list[str]) -> Heap:
    """Verify each token by itself. A manifest by a signer is checked with the delegation that held when it was issued."""
    heap = Heap()
    for token in papers:
        if jws.unverified_typ(token) == delegation.TYP:
            heap.delegations.append(delegation.verify(token, doc.TRUSTED))
    for token in papers:
        _take(token, heap)
    return heap


def _take(token: str, heap: Heap) -> None:
    typ = jws.unverified_typ(token)
    if typ == manifest.TYP:
        signed_s = manifest.parse(jws.unverified_claims(token)).iat
        chain = delegation.holding(heap.of(jws.unverified_kid(token)), signed_s)
        heap.manifests.append((token, manifest.verify(token, doc.TRUSTED, chain)))
    elif typ == lease.TYP:
        heap.leases.append(lease.verify(token, doc.TRUSTED))
    elif typ == lease_return.TYP:
        heap.returns.append(lease_return.verify(token, doc.TRUSTED))
    elif typ == decline.TYP:
        heap.declines.append(decline.verify(token, doc.TRUSTED))
    elif typ in receipt.TYPES:
        heap.receipts.append((token, typ, receipt.verify(token, doc.TRUSTED, typ)))


def check_numbers(papers: list[str]) -> None:
    """Section 6.1."""
    heap = read(papers)
    for given in heap.leases:
        signed, chain = heap.newest(given.drop)
        numbers.check_in_manifest(given, signed, chain)
        numbers.check_allocator(given, signed, heap.delegations)
    numbers.check_disjoint(heap.leases, heap.returns)
    sold = [told for _, typ, told in heap.receipts if typ == receipt.RECEIPT]
    for back in heap.returns:
        numbers.check_returned(back, heap.leases, sold)
    by_hash = {jws.token_hash(token): signed for token, signed in heap.manifests}
    for told in sold:
        numbers.check_sold(told, by_hash, {given.jti: given for given in heap.leases})
    for one, other in combinations(sold, 2):
        for drop, number in _sold(one) & _sold(other):
            numbers.check_sold_once((drop, number), one, other, _naming(heap, drop, number))


def _naming(heap: Heap, drop: str, number: int) -> list[Receipt]:
    """What gives a number back."""
    back = [(told, takeback.returned(typ, told)) for _, typ, told in heap.receipts]
    return [told for told, items in back if any((item.drop, item.ed) == (drop, number) for item in items)]


def _sold(told: Receipt) -> set[tuple[str, int]]:
    return {(item.drop or "", item.ed or 0) for item in numbers.numbered(told)}


def check_versions(papers: list[str]) -> None:
    """Sections 6.2 and 6.4."""
    heap = read(papers)
    versions.check(heap.manifests)
    ordered = sorted((signed for _, signed in heap.manifests), key=lambda signed: signed.ver)
    for old, new in pairwise(ordered):
        if numbers.pool_of(new, heap.delegations, new.iat) != thumbprint_of_did(new.iss):
            versions.check_alloc_kept(old, new)
    for _, _, told in heap.receipts:
        chain = heap.of(told.iss)[0]
        delegation.check_holding(chain, heap.delegations, told.iat)
        delegation.check_use(chain, "receipt", "night-prints", told.iat)
        delegation.check_receipt(chain, told)


def check_takebacks(papers: list[str]) -> None:
    """Section 6.3: the first paper is the receipt that the others take back, in their order."""
    heap = read(papers)
    (token, _, original), *rest = heap.receipts
    earlier: list[tuple[str, Receipt]] = []
    for _, typ, told in rest:
        takeback.check(original, typ, told, earlier)
        earlier.append((typ, told))
    for refused in heap.declines:
        takeback.check_decline(original, token, refused)
