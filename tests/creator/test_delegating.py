"""A delegation says who may sign what for how long; a newer one outranks an older one."""

from __future__ import annotations

import resource

import pytest

from stall.creator import delegations, ledger
from stall.creator.keyring import Creator
from stall.errors import Refused, WireError
from stall.wire import delegation
from stall.wire.delegation import Delegation, Max
from stall.wire.keys import SigningKey

NOW_S = 1_795_000_000
DAY_S = 86_400
BOX = SigningKey.from_seed(bytes([1]) * 32)
CLOUD = SigningKey.from_seed(bytes([2]) * 32)


def checked(creator: Creator, token: str) -> Delegation:
    return delegation.verify(token, {creator.key.thumbprint: creator.key.public})


def test_a_box_gets_what_a_box_may_have_with_limits_for_ninety_days(own_creator: Creator) -> None:
    given = checked(own_creator, delegations.delegate(own_creator, BOX.did, "box", now_s=NOW_S, name="Fair"))
    assert given.cap == ("receipt", "cert", "badge", "log")
    assert (given.sub, given.role, given.drops, given.name) == (BOX.did, "box", ("*",), "Fair")
    assert (given.nbf, given.exp - given.nbf) == (NOW_S, 90 * DAY_S)
    assert given.max == delegations.DEFAULT_MAX


def test_a_cloud_gets_all_of_its_role_but_leasing_which_it_gets_by_name_only(own_creator: Creator) -> None:
    given = checked(own_creator, delegations.delegate(own_creator, CLOUD.did, "cloud", now_s=NOW_S))
    assert given.cap == ("cosign", "decline")
    assert given.max is None


def test_options_reach_the_document(own_creator: Creator) -> None:
    limits = Max(cur="CHF", sale=1, stored_total=2, stored_age_h=3)
    token = delegations.delegate(
        own_creator, BOX.did, "box", now_s=NOW_S, caps=["receipt"], drops=["night"], max_=limits, days=3
    )
    given = checked(own_creator, token)
    assert (given.cap, given.drops, given.max) == (("receipt",), ("night",), limits)
    assert given.exp == NOW_S + 3 * DAY_S


def test_each_delegation_of_a_key_outranks_the_one_before_even_within_one_second(own_creator: Creator) -> None:
    ranks = [
        checked(own_creator, delegations.delegate(own_creator, BOX.did, "box", now_s=now)).seq
        for now in (NOW_S, NOW_S, NOW_S - 50)
    ]
    assert ranks == [NOW_S, NOW_S + 1, NOW_S + 2]


def test_a_delegation_after_the_ledger_was_lost_still_outranks_the_old_ones(own_creator: Creator) -> None:
    first = checked(own_creator, delegations.delegate(own_creator, BOX.did, "box", now_s=NOW_S)).seq
    (own_creator.folder / ledger.FILE).unlink()
    assert checked(own_creator, delegations.delegate(own_creator, BOX.did, "box", now_s=NOW_S + 60)).seq > first


@pytest.mark.parametrize(
    ("role", "changes", "code"),
    [
        ("box", {"days": 121}, "delegation-lifetime"),
        ("box", {"caps": ["lease"]}, "delegation-role"),
        ("cloud", {"caps": ["cert"]}, "delegation-role"),
        ("box", {"days": 0}, "delegation-lifetime"),
        ("box", {"drops": ["a", "a"]}, "member-form"),
        ("box", {"name": "two\nlines"}, "member-form"),
    ],
)
def test_what_the_rules_forbid_is_refused_and_not_recorded(
    own_creator: Creator, role: delegations.Role, changes: dict[str, object], code: str
) -> None:
    with pytest.raises(WireError) as refused:
        delegations.delegate(own_creator, BOX.did, role, now_s=NOW_S, **changes)  # type: ignore[arg-type] # wrong on purpose
    assert refused.value.code == code
    with ledger.opened(own_creator.folder) as book:
        assert book.delegations == []


@pytest.mark.parametrize("did", ["", "box", "did:key:z6Mk", "did:web:example.org"])
def test_what_is_not_the_did_of_a_key_is_refused(own_creator: Creator, did: str) -> None:
    with pytest.raises(Refused) as refused:
        delegations.delegate(own_creator, did, "box", now_s=NOW_S)
    assert refused.value.code == "delegate-not-a-did"


def test_the_creator_cannot_be_its_own_box(own_creator: Creator) -> None:
    with pytest.raises(WireError) as refused:
        delegations.delegate(own_creator, own_creator.did, "box", now_s=NOW_S)
    assert refused.value.code == "delegation-self"


def test_a_disk_that_takes_only_half_a_line_hands_out_no_delegation(own_creator: Creator) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))  # the kernel's refusal, without filling a disk
    try:
        with pytest.raises(Refused) as refused:
            delegations.delegate(own_creator, BOX.did, "box", now_s=NOW_S)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert refused.value.code == "disk-full"
    assert (own_creator.folder / ledger.FILE).read_bytes() == b""
