"""Leases of many boxes against a model that counts number by number; and who may sign them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stall.errors import WireError
from stall.wire import b64, delegation, lease, lease_return, manifest, numbers
from stall.wire.lease import Lease
from stall.wire.lease_return import LeaseReturn
from tests.wire import documents as doc

BOXES = [doc.BOX.thumbprint, doc.CLOUD.thumbprint, doc.OWNER.thumbprint]
MOST = 12


def ranges(chosen: set[int]) -> list[list[int]]:
    """One range a number: as good as any other way to write them."""
    return [[number, number] for number in sorted(chosen)]


def a_lease(place: int, box: str, chosen: set[int]) -> Lease:
    jti, iat = b64.encode(bytes([place]) * 16), doc.NOW + place
    return lease.parse(doc.lease_claims(sub=box, jti=jti, iat=iat, lease_seq=place + 1, ranges=ranges(chosen)))


def a_return(box: str, at: int, chosen: set[int]) -> LeaseReturn:
    return lease_return.parse(doc.lease_return_claims(iss=box, iat=doc.NOW + at, ranges=ranges(chosen)))


some = st.sets(st.integers(1, MOST), min_size=1, max_size=4)
granted = st.lists(st.tuples(st.sampled_from(BOXES), some), min_size=1, max_size=6)
given_back = st.lists(st.tuples(st.sampled_from(BOXES), st.integers(0, 6), some), max_size=3)


def is_right(leases: list[tuple[str, set[int]]], back: list[tuple[str, int, set[int]]]) -> bool:
    """Number by number: no box has one that another had before, unless that gave it back in between."""
    for at, (box, chosen) in enumerate(leases):
        for before in range(at):
            other, had = leases[before]
            free = set().union(*(gone for who, when, gone in back if who == other and when <= at))
            if other != box and (chosen & had) - free:
                return False
    return True


@given(granted, given_back)
def test_no_number_is_leased_to_two_boxes_at_once(
    leases: list[tuple[str, set[int]]], back: list[tuple[str, int, set[int]]]
) -> None:
    signed = [a_lease(place, box, chosen) for place, (box, chosen) in enumerate(leases)]
    returns = [a_return(box, at, chosen) for box, at, chosen in back]
    if is_right(leases, back):
        numbers.check_disjoint(signed, returns)
    else:
        with pytest.raises(WireError) as caught:
            numbers.check_disjoint(signed, returns)
        assert caught.value.code == "lease-numbers-twice"


def delegated(**changes: Any) -> delegation.Delegation:
    claims = {"role": "cloud", "cap": ["lease"], "max": None, **changes}
    return delegation.parse(doc.delegation_to(doc.CLOUD, **claims))


def may_sign(signer: str, chosen: set[int], alloc: list[doc.Claims], known: list[delegation.Delegation]) -> bool:
    signed = manifest.parse(doc.manifest_claims(alloc=alloc))
    given = lease.parse(doc.lease_claims(iss=signer, ranges=ranges(chosen)))
    try:
        numbers.check_allocator(given, signed, known)
    except WireError:
        return False
    return True


@given(some, st.integers(0, MOST), st.booleans())
def test_each_number_has_exactly_one_allocator(chosen: set[int], own: int, leasing: bool) -> None:
    alloc = [{"box": doc.BOX.thumbprint, "lo": 1, "hi": own}] if own else []
    known = [delegated()] if leasing else []
    aside = {number for number in chosen if number <= own}
    assert may_sign(doc.CREATOR.thumbprint, chosen, alloc, known) is (not leasing or aside == chosen)
    assert may_sign(doc.CLOUD.thumbprint, chosen, alloc, known) is (leasing and not aside)
    assert not may_sign(doc.SIGNER.thumbprint, chosen, alloc, known)


def test_the_creator_goes_on_leasing_when_the_cloud_may_do_other_things_or_another_creator_s() -> None:
    only_others = [delegated(cap=["cosign", "decline"]), delegated(drops=["day-prints"]), delegated(iss=doc.OWNER.did)]
    assert may_sign(doc.CREATOR.thumbprint, {1}, [], only_others)


def test_of_several_delegations_the_highest_seq_by_then_holds() -> None:
    first, second, late = delegated(seq=1), delegated(seq=2, iat=doc.NOW + 5), delegated(seq=3, iat=doc.NOW + 9)
    assert delegation.holding([late, second, first], doc.NOW - 1) == first
    assert delegation.holding([late], doc.NOW) == late
    assert delegation.holding([], doc.NOW) is None
    assert delegation.holding([late, second, first], doc.NOW + 4) == first
    assert delegation.holding([late, second, first], doc.NOW + 5) == second
    delegation.check_holding(first, [second, late], doc.NOW + 4)
    delegation.check_holding(late, [], doc.NOW)
    for used, others, at_s in ((first, [late, second], doc.NOW + 5), (late, [first, second], doc.NOW + 8)):
        with pytest.raises(WireError) as caught:
            delegation.check_holding(used, others, at_s)
        assert caught.value.code == "delegation-replaced"
