"""Which papers stand: they hold by themselves and beside the others, and were not revoked. Only these count for others.

What is INVALID or REVOKED itself takes nothing back, frees no number and makes nothing final (docs/protocol.md, 8).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Sequence
from functools import partial

from stall.creator import beside, owners
from stall.creator.evidence import Evidence, Sale
from stall.errors import Hostile, StallError, WireError
from stall.wire import jws, numbers, receipt, takeback
from stall.wire.closing import Close
from stall.wire.decline import Decline
from stall.wire.lease import Lease
from stall.wire.lease_return import LeaseReturn
from stall.wire.receipt import Item, Receipt

_Copy = tuple[str, str, int]  # creator, drop and number


def check(sale: Sale, heap: Evidence) -> None:
    """Check a receipt, refund or void against all that stands beside it. Raises WireError."""
    _check_beside(sale, heap)
    for copy in _sold(sale, heap) if gone(sale, heap) is None else ():
        _check_sold_once(sale, copy, heap)


def _check_beside(sale: Sale, heap: Evidence) -> None:
    """Check all but that its numbers are sold once, which looks at receipts that were checked so far."""
    heap.once.ask(("beside", sale.token), lambda: _check_anew(sale, heap))


def _check_anew(sale: Sale, heap: Evidence) -> None:
    _check_one_history(sale, heap)
    earlier = [(one.typ, one.told) for one in returned(sale.told.iss, sale.told.ref, heap) if _earlier(one, sale)]
    beside.receipt(sale, _leases_of(sale, heap), _original(sale, heap), earlier, heap)


def _earlier(one: Sale, other: Sale) -> bool:
    return (one.told.iat, one.told.seq) < (other.told.iat, other.told.seq) and one.told.jti != other.told.jti


def _check_one_history(sale: Sale, heap: Evidence) -> None:
    """Two receipts in one place of one journal, or of one name, are two histories."""
    told, own = sale.told, {jws.token_hash(sale.token)}
    if heap.entries.get((told.iss, told.epoch, told.seq), own) != own:
        raise WireError(
            "verify-forked",
            f"The box signed two receipts as entry {told.seq} of one journal. One was kept from somebody: trust neither.",
        )
    if heap.called.get((told.iss, told.jti), own) != own:
        raise WireError(
            "verify-forked",
            f"The box signed two receipts of one name, {told.jti}. One was kept from somebody: trust neither.",
        )


def _leases_of(sale: Sale, heap: Evidence) -> list[Lease]:
    """The leases of its box that stand, by the creators of what it sells."""
    return [
        given
        for token, given in heap.leases.items()
        if given.sub == sale.told.iss
        and stands_lease(token, heap)
        and any(beside.is_by(given, creator, heap) for creator in sale.creators)
    ]


def _seller(sale: Sale, item: Item, heap: Evidence) -> str | None:
    try:
        return heap.seller(sale.told.iss, item)
    except Hostile:
        return None


def stands_lease(token_hash: str, heap: Evidence) -> bool:
    """Say whether a lease is contradicted by nothing."""
    given = heap.leases[token_hash]
    return _holds(heap, ("lease", token_hash), lambda: beside.lease(given, heap, returned_numbers(heap)))


def returned_numbers(heap: Evidence) -> list[LeaseReturn]:
    """The lease returns that nothing contradicts."""
    return [one for one in heap.lease_returns if _holds(heap, one, partial(check_return, one, heap))]


def check_return(given: LeaseReturn, heap: Evidence) -> None:
    """Check what a box gives back against its leases and what it sold before it was revoked. Raises WireError `lease-return-…`."""
    sold = [sale.told for sale in heap.receipts.values() if gone(sale, heap) is None]
    beside.lease_return(given, sold, heap)


def _holds(heap: Evidence, what: Hashable, check_it: Callable[[], None]) -> bool:
    try:
        heap.once.ask(("stands", what), check_it)
    except StallError:
        return False
    return True


def returned(box: str, name: str | None, heap: Evidence) -> list[Sale]:
    """What takes back the receipt of that box and `jti`, and stands: oldest first, each after those before it."""
    return heap.once.ask(("returned", box, name), lambda: _returned(box, name, heap))


def _returned(box: str, name: str | None, heap: Evidence) -> list[Sale]:
    known = [one for one in heap.returns if (one.told.iss, one.told.ref) == (box, name)]
    counted: list[Sale] = []
    for sale in sorted(known, key=lambda one: (one.told.iat, one.told.seq, one.token)):
        if _takes_back(sale, counted, heap):
            counted.append(sale)
    return counted


def _takes_back(sale: Sale, before: Sequence[Sale], heap: Evidence) -> bool:
    """Say whether a refund, void or exchange counts: by the creator of what was sold, unrevoked, contradicted by nothing."""
    original = _original(sale, heap)
    if original is None or not sale.creators <= original.creators or gone(sale, heap) is not None:
        return False
    earlier = [(one.typ, one.told) for one in before if _earlier(one, sale)]
    try:
        _check_one_history(sale, heap)
        beside.receipt(sale, _leases_of(sale, heap), original, earlier, heap)
    except StallError:
        return False
    return True


def _original(sale: Sale, heap: Evidence) -> Sale | None:
    named = heap.once.ask("receipts by name", lambda: _by_name(heap))
    return named.get((sale.told.iss, sale.told.ref or ""))


def _by_name(heap: Evidence) -> dict[tuple[str, str], Sale]:
    """The receipts by box and `jti`; of two that contradict each other the same one, whichever came first."""
    return {(one.told.iss, one.told.jti): one for one in sorted(heap.receipts.values(), key=lambda one: one.token)}


def gone(sale: Sale, heap: Evidence) -> tuple[str, str] | None:
    """Why a receipt counts no more by what its creators revoked: a word, and a sentence. None if it still counts."""
    if any(heap.is_revoked(chain, sale.told.iat) for chain in sale.chains):
        return "revoked-box", "The creator revoked the box that signed it, from before that day on."
    for token, given in heap.leases.items():
        named = given.sub == sale.told.iss and any(
            item.lease == given.jti and item.minor >= 0 for item in sale.told.items
        )
        if named and sale.typ == receipt.RECEIPT and _lease_revoked(token, given, sale.told.iat, heap):
            return "revoked-lease", "The creator had revoked the lease that a number of it was sold under. Ask them."
    return None


def _lease_revoked(token_hash: str, given: Lease, at_s: int, heap: Evidence) -> bool:
    try:
        since = heap.revoked_since("lease", token_hash, heap.creator_of(given))
    except Hostile:
        return False  # nobody can tell whose numbers it grants
    return since is not None and since <= at_s


def _sold(sale: Sale, heap: Evidence) -> Iterator[_Copy]:
    """The numbers a receipt sells, with their creators."""
    for item in numbers.numbered(sale.told) if sale.typ == receipt.RECEIPT else ():
        if (creator := _seller(sale, item, heap)) is not None:
            yield creator, item.drop or "", item.ed or 0


def _check_sold_once(sale: Sale, copy: _Copy, heap: Evidence) -> None:
    """Check that no other receipt that stands sells the same number, unless the first gave it back before the second."""
    sellers = heap.once.ask("receipts by number", lambda: _by_number(heap))
    for one in sellers.get(copy, ()):
        if one.token != sale.token:
            numbers.check_sold_once(
                copy[1:], one.told, sale.told, [*_freeing(one, copy, heap), *_freeing(sale, copy, heap)]
            )


def _freeing(sale: Sale, copy: _Copy, heap: Evidence) -> list[Receipt]:
    """What frees a number a receipt sold, naming it: nothing once a certificate named it, for then it stays void for ever."""
    name = jws.token_hash(sale.token)
    if any((held.receipt, held.drop, held.edition) == (name, *copy[1:]) for held in heap.certificates.values()):
        return []
    return [
        one.told
        for one in returned(sale.told.iss, sale.told.jti, heap)
        if any((item.drop, item.ed) == copy[1:] for item in takeback.returned(one.typ, one.told))
    ]


def _by_number(heap: Evidence) -> dict[_Copy, list[Sale]]:
    found: dict[_Copy, list[Sale]] = defaultdict(list)
    for sale in heap.receipts.values():
        if gone(sale, heap) is None and _holds(heap, ("receipt", sale.token), partial(_check_beside, sale, heap)):
            for copy in _sold(sale, heap):
                found[copy].append(sale)
    return found


def refusal_of(name: str, heap: Evidence) -> StallError | None:
    """Why the receipt of that name, if it is at hand, is INVALID. None if it is not, or nobody can tell whose it is."""
    if name not in heap.handed_in:
        return None
    try:
        check(heap.receipts[name] if name in heap.receipts else heap.sale(*heap.handed_in[name]), heap)
    except StallError as error:
        return None if error.code in owners.OPEN else error
    return None


def declines(name: str, creator: str, heap: Evidence) -> list[Decline]:
    """The declines of the receipt of that name that stand, by clouds of the creator who sold it."""
    return [told for told in heap.declines if told.rcpt == name and _declines(told, creator, heap)]


def _declines(told: Decline, creator: str, heap: Evidence) -> bool:
    try:
        chain = heap.declined_for(told, creator)
        beside.decline(told, heap)
    except StallError:
        return False
    return not heap.is_revoked(chain, told.iat)


def check_close(told: Close, heap: Evidence) -> None:
    """Check a closing statement against its manifest and the others of its drop. Raises WireError `close-…`."""
    beside.close(told, heap)
    if any(beside.differs(told, one) for one in _closes(told.iss, told.drop, heap)):
        raise WireError(
            "close-twice",
            "Its creator signed another closing statement of the drop beside this one, and they differ. Ask which one holds.",
        )


def closing_of(creator: str, drop: str, heap: Evidence) -> Close | None:
    """The creator's closing statement of a drop that stands; of two that contradict each other none does."""
    found = _closes(creator, drop, heap)
    if any(beside.differs(found[0], one) for one in found):
        return None
    return found[0] if found else None


def are_contradicted(creator: str, drop: str, heap: Evidence) -> bool:
    """Say whether the creator's closing statements of a drop contradict each other."""
    return closing_of(creator, drop, heap) is None and bool(_closes(creator, drop, heap))


def _closes(creator: str, drop: str, heap: Evidence) -> list[Close]:
    """The closing statements of a drop that fit the manifests they name."""
    same = [one for one in heap.closes if (one.iss, one.drop) == (creator, drop)]
    return [one for one in same if _holds(heap, one, partial(beside.close, one, heap))]
