"""`verify` holds the papers of a heap against each other: each holds alone, and the other contradicts it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stall.creator import delegations, leases
from stall.creator.keyring import Creator
from stall.creator.packs import BuiltPack
from stall.wire import b64, badge, jws, keys, lease, lease_return, manifest, receipt
from stall.wire.delegation import Max
from tests.creator.test_the_box_and_the_cloud_are_believed_by_their_papers import BOX, CLOUD, EPOCH, judged
from tests.creator.test_what_papers_prove import NOW_S, receipt_claims

OTHER_BOX = keys.SigningKey.from_seed(bytes([5]) * 32)
OWNER = keys.SigningKey.from_seed(bytes([7]) * 32)


@pytest.fixture
def pack(own_creator: Creator, folder: Path, build: Callable[..., BuiltPack]) -> BuiltPack:
    return build(folder, signer=own_creator)


@pytest.fixture
def box(own_creator: Creator) -> str:
    return delegations.delegate(own_creator, BOX.did, "box", now_s=NOW_S)


def bought(pack: BuiltPack, **item: Any) -> str:
    plain = receipt_claims()
    plain["items"][0] |= {"man": pack.manifest_hash, **item}
    return jws.sign(BOX, receipt.RECEIPT, plain)


def refund(n: int, seq: int) -> str:
    plain = receipt_claims(jti=b64.encode(bytes([n]) * 16), ref=receipt_claims()["jti"], seq=seq)
    plain["items"][0] |= {"minor": -450}
    plain["tax"] = [{"rate": 1900, "net": -378, "vat": -72}]
    plain["pay"][0] |= {"minor": -450}
    return jws.sign(BOX, receipt.REFUND, plain)


def version(own_creator: Creator, pack: BuiltPack, ver: int, edition: int) -> str:
    plain = manifest.claims(pack.manifest) | {"ver": ver, "prev": pack.manifest_hash}
    plain["drop"] = {**plain["drop"], "edition": edition}
    return manifest.sign(own_creator.key, manifest.parse(plain))


def test_a_version_with_a_larger_edition_contradicts_the_one_before(own_creator: Creator, pack: BuiltPack) -> None:
    larger, smaller = version(own_creator, pack, 2, 60), version(own_creator, pack, 2, 40)
    assert [one.code for one in judged(pack.token, larger)] == ["manifest-edition-grew"] * 2
    assert [one.code for one in judged(pack.token, smaller)] == [None, None]
    assert "manifest-version-twice" in {one.code for one in judged(pack.token, larger, smaller)}


def test_a_number_beyond_the_edition_contradicts_the_manifest(pack: BuiltPack, box: str) -> None:
    assert judged(bought(pack, ed=51), box, pack.token)[0].code == "receipt-beyond-edition"
    assert judged(bought(pack, ed=50), box, pack.token)[0].ok
    assert judged(bought(pack, ed=51), box)[0].ok  # what is not at hand is not judged


def test_a_payment_above_the_limit_of_the_delegation_is_refused(own_creator: Creator, pack: BuiltPack) -> None:
    low = Max(cur="EUR", sale=449, stored_total=1000, stored_age_h=24)
    given = delegations.delegate(own_creator, BOX.did, "box", now_s=NOW_S, max_=low)
    plain = receipt_claims()
    assert judged(jws.sign(BOX, receipt.RECEIPT, plain), given)[0].ok
    plain["pay"][0]["st"] = "stored"
    assert judged(jws.sign(BOX, receipt.RECEIPT, plain), given)[0].code == "delegation-over-limit"


def leased(own_creator: Creator, pack: BuiltPack, sub: str, ranges: list[list[int]], **changes: Any) -> str:
    token = leases.issue(own_creator, pack.token, sub, b64.encode(EPOCH), now_s=NOW_S, count=1)
    plain = lease.claims(lease.verify(token, {own_creator.key.thumbprint: own_creator.key.public}))
    return lease.sign(own_creator.key, lease.parse(plain | {"ranges": ranges, **changes}))


def test_two_boxes_with_one_number_contradict_each_other(own_creator: Creator, pack: BuiltPack) -> None:
    ours = leased(own_creator, pack, BOX.thumbprint, [[1, 5]])
    theirs = leased(own_creator, pack, OTHER_BOX.thumbprint, [[5, 9]])
    assert [one.code for one in judged(ours, theirs, pack.token)] == ["lease-numbers-twice"] * 2 + [None]


def test_a_number_given_back_before_may_be_leased_to_another_box(
    own_creator: Creator, pack: BuiltPack, box: str
) -> None:
    ours = leased(own_creator, pack, BOX.thumbprint, [[1, 5]])
    theirs = leased(own_creator, pack, OTHER_BOX.thumbprint, [[5, 9]], iat=NOW_S + 60)
    back = lease_return.LeaseReturn(
        iss=BOX.thumbprint, jti=b64.encode(bytes(16)), iat=NOW_S + 30, clk="ntp",
        epoch=b64.encode(EPOCH), seq=40, drop="night-prints", ranges=((5, 5),),
    )  # fmt: skip
    assert [one.code for one in judged(ours, theirs, lease_return.sign(BOX, back), pack.token, box)] == [None] * 5


def test_a_lease_beyond_the_edition_contradicts_the_manifest(own_creator: Creator, pack: BuiltPack) -> None:
    beyond = leased(own_creator, pack, BOX.thumbprint, [[50, 51]])
    assert judged(beyond, pack.token)[0].code == "lease-beyond-edition"


def test_a_number_given_back_that_was_sold_is_refused(own_creator: Creator, pack: BuiltPack, box: str) -> None:
    ours = leased(own_creator, pack, BOX.thumbprint, [[1, 9]])
    back = lease_return.LeaseReturn(
        iss=BOX.thumbprint, jti=b64.encode(bytes(16)), iat=NOW_S + 90, clk="ntp",
        epoch=b64.encode(EPOCH), seq=40, drop="night-prints", ranges=((7, 7),),
    )  # fmt: skip
    token = lease_return.sign(BOX, back)
    assert judged(token, ours, box, pack.token)[0].ok
    assert judged(token, ours, box, pack.token, bought(pack))[0].code == "lease-return-sold"


def test_a_version_that_moves_numbers_a_cloud_leases_is_refused(own_creator: Creator, pack: BuiltPack) -> None:
    given = delegations.delegate(own_creator, CLOUD.did, "cloud", now_s=NOW_S, caps=("lease",))
    plain = manifest.claims(pack.manifest) | {"ver": 2, "prev": pack.manifest_hash}
    plain["alloc"] = [{"box": BOX.thumbprint, "lo": 1, "hi": 5}]
    moved = manifest.sign(own_creator.key, manifest.parse(plain))
    assert judged(moved, pack.token)[0].ok
    assert judged(moved, pack.token, given)[0].code == "manifest-alloc-moved"


def test_the_creators_lease_of_numbers_a_cloud_leases_is_refused(own_creator: Creator, pack: BuiltPack) -> None:
    ours = leased(own_creator, pack, BOX.thumbprint, [[1, 5]], iat=NOW_S + 60)
    given = delegations.delegate(own_creator, CLOUD.did, "cloud", now_s=NOW_S, caps=("lease",))
    assert judged(ours, pack.token, given)[0].code == "lease-not-allocator"


def test_a_second_refund_of_one_copy_contradicts_the_first(pack: BuiltPack, box: str) -> None:
    sold, first, second = bought(pack), refund(1, 13), refund(2, 14)
    assert [one.code for one in judged(sold, first, second, box)] == [None, None, "takeback-twice", None]


def test_a_delegation_with_a_lower_number_counts_no_more(own_creator: Creator, pack: BuiltPack, box: str) -> None:
    narrow = delegations.delegate(own_creator, BOX.did, "box", now_s=NOW_S + 30, caps=("receipt",), drops=("zines",))
    assert judged(bought(pack), box)[0].ok
    assert judged(bought(pack), box, narrow)[0].code == "delegation-drop"


def test_a_badge_is_told_with_whose_it_is(own_creator: Creator, box: str) -> None:
    achievement = badge.Achievement(
        id="urn:uuid:00000000-0000-4000-8000-00000000000a",
        type=("Achievement",),
        name="Collector",
        description="Five prints of one series",
        criteria=badge.Criteria(narrative="Own five prints."),
    )
    document = badge.build(
        BOX, id="00000000-0000-4000-8000-00000000000b", issuer_name="Fair box", achievement=achievement,
        valid_from_s=NOW_S + 60, delegation=box, owner=OWNER.did, valid_until_s=NOW_S + 86_400,
    )  # fmt: skip
    found, over = judged(document)[0], judged(document, as_of_s=NOW_S + 90_000)[0]
    assert (found.ok, found.what, found.grade) == (True, "badge", "VALID")
    assert "Collector" in found.says[0]
    assert OWNER.did in found.says[0]
    assert [link.role for link in found.chain] == ["box", "creator"]
    assert over.code == "verify-over"
