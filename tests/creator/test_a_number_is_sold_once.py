"""One number of one drop is sold by one receipt and named by one certificate; two of either contradict each other."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from stall.wire import b64, certificate, delegation, jws, manifest, receipt
from tests.creator.heap import MANIFEST, OURS, certified, closed, revoking, sold, taken_back, words
from tests.wire import documents as doc
from tests.wire.documents import BOX, CREATOR, DAY, NOW, OTHER_JTI, STRANGER, forge

AGAIN = sold(jti=b64.encode(bytes(16)), seq=30, iat=NOW + DAY)
OTHER_BOX = forge(CREATOR, delegation.TYP, doc.delegation_to(STRANGER, jti=OTHER_JTI))
SECOND_ID = "22345678-1234-4123-8123-123456789abc"


def test_one_number_in_two_receipts_of_a_box_is_told_of_both_in_any_order() -> None:
    for order in permutations([sold(), AGAIN, MANIFEST, OURS]):
        found = dict(zip(order, words(*order), strict=True))
        assert (found[sold()], found[AGAIN]) == ("receipt-sold-twice", "receipt-sold-twice")


def test_one_number_in_receipts_of_two_boxes_is_told_of_both() -> None:
    theirs = sold(STRANGER)
    assert words(sold(), theirs, MANIFEST, OURS, OTHER_BOX)[:2] == ["receipt-sold-twice", "receipt-sold-twice"]


@pytest.mark.parametrize(
    ("back", "found"),
    [
        (taken_back(), ["VALID", "VALID"]),
        (taken_back(receipt.REFUND), ["VALID", "VALID"]),
        (taken_back(seq=31, iat=NOW + 2 * DAY), ["receipt-sold-twice", "receipt-sold-twice"]),  # only afterwards
    ],
    ids=["void between", "refund between", "void afterwards"],
)
def test_only_what_gives_it_back_between_frees_a_number(back: str, found: list[str]) -> None:
    assert words(sold(), AGAIN, back, MANIFEST, OURS)[:2] == found


def test_a_number_that_a_certificate_names_is_never_freed() -> None:
    found = words(sold(), AGAIN, taken_back(), certified(sold()), MANIFEST, OURS)
    assert found[:4] == ["receipt-sold-twice", "receipt-sold-twice", "VALID", "revoked-void"]


def test_a_void_that_does_not_count_frees_no_number() -> None:
    revoked = revoking("box", BOX.thumbprint, NOW + 60)
    before = sold(jti=b64.encode(bytes(16)), seq=30, iat=NOW + 59)
    dated = taken_back(iat=NOW + 60, seq=20)
    assert words(sold(), before, dated, MANIFEST, OURS, revoked)[:2] == ["receipt-sold-twice", "receipt-sold-twice"]


def test_what_a_revoked_box_sold_again_does_not_speak_against_the_first() -> None:
    revoked = revoking("box", STRANGER.thumbprint, NOW + 30)
    late = sold(STRANGER, iat=NOW + 31)
    assert words(sold(), late, MANIFEST, OURS, OTHER_BOX, revoked)[:2] == ["VALID", "revoked-box"]


def test_a_test_and_another_drop_sell_nothing_of_it() -> None:
    tried = sold(jti=b64.encode(bytes(16)), seq=30, test=True)
    assert words(sold(), tried, MANIFEST, OURS)[:2] == ["VALID", "VALID"]
    named = forge(STRANGER, manifest.TYP, doc.manifest_claims(iss=STRANGER.did))
    theirs = forge(STRANGER, delegation.TYP, doc.delegation_claims(iss=STRANGER.did))
    item = doc.item_claims(man=jws.token_hash(named))
    foreign = sold(jti=b64.encode(bytes(16)), seq=30, items=[item])
    assert words(sold(), foreign, MANIFEST, OURS, named, theirs)[:2] == ["VALID", "VALID"]


def test_two_receipts_of_one_name_are_a_fork() -> None:
    assert words(sold(), sold(seq=18, ed=8), MANIFEST, OURS)[:2] == ["verify-forked", "verify-forked"]
    assert words(sold(), sold(), MANIFEST, OURS)[:2] == ["VALID", "VALID"]  # the same one twice


def test_two_certificates_of_one_number_are_refused_unless_the_creator_decides() -> None:
    one, other = certified(sold()), certified(sold(), id=SECOND_ID)
    assert words(one, other, MANIFEST, OURS)[:2] == ["certificate-number-twice"] * 2
    assert words(one, certified(sold(), CREATOR, delegation=None, id=SECOND_ID), MANIFEST)[:2] == [
        "provisional-unconfirmed",
        "final-creator",
    ]
    gone = revoking("cert", certificate.digest(other), NOW)
    assert words(one, other, MANIFEST, OURS, gone)[:2] == ["provisional-unconfirmed", "revoked-certificate"]


def test_a_closing_statement_decides_between_two_certificates_of_one_number() -> None:
    three = forge(CREATOR, manifest.TYP, doc.manifest_claims(drop=doc.drop_claims(edition=3)))
    usual: dict[str, Any] = {"manifest": jws.token_hash(three), "edition": 1, "edition_size": 3}
    one, other = certified(sold(), **usual), certified(sold(), id=SECOND_ID, **usual)
    found = words(one, other, three, OURS, closed(one, jws.token_hash(three)))
    assert found[:2] == ["final-close", "certificate-not-in-close"]


def test_a_certificate_of_a_copy_without_number_is_like_the_next() -> None:
    plain = {key: value for key, value in doc.drop_claims(kind="open").items() if key != "edition"}
    opened = forge(CREATOR, manifest.TYP, doc.manifest_claims(drop=plain))
    usual: dict[str, Any] = {"manifest": jws.token_hash(opened), "edition": None, "edition_size": None}
    found = words(certified(sold(), **usual), certified(sold(), id=SECOND_ID, **usual), opened, OURS)
    assert found[:2] == ["provisional-unconfirmed"] * 2
