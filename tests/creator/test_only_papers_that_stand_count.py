"""What is INVALID or REVOKED itself takes nothing back, makes nothing final and explains nothing (docs/protocol.md, 8)."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from stall.creator.papers import Content
from stall.wire import b64, certificate, closing, delegation, jws, lease, lease_return, manifest, receipt
from tests.creator.heap import (
    LEASE,
    MANIFEST,
    NAME,
    OURS,
    certified,
    closed,
    exported,
    judged,
    logged,
    revoking,
    sold,
    taken_back,
    to_cloud,
    words,
)
from tests.wire import documents as doc
from tests.wire.documents import BOX, CLOUD, CREATOR, DAY, NOW, OTHER_JTI, SIGNER, STRANGER, forge

THREE = forge(CREATOR, manifest.TYP, doc.manifest_claims(drop=doc.drop_claims(edition=3)))
OF_THREE = jws.token_hash(THREE)
FIRST_SOLD = forge(BOX, receipt.RECEIPT, doc.receipt_claims(items=[doc.item_claims(man=OF_THREE, ed=1)]))
FIRST = certified(FIRST_SOLD, manifest=OF_THREE, edition=1, edition_size=3)


@pytest.mark.parametrize("typ", [receipt.VOID, receipt.REFUND])
def test_what_a_box_dates_after_it_was_revoked_takes_nothing_back(typ: str) -> None:
    late = taken_back(typ)  # a minute after the sale
    for at, graded in ((NOW + 30, "provisional-box-revoked"), (NOW + 61, f"revoked-{typ[6:-4]}")):
        heap = (certified(sold()), late, sold(), MANIFEST, OURS, revoking("box", BOX.thumbprint, at))
        assert words(*heap)[:2] == [graded, "revoked-box" if at == NOW + 30 else "VALID"]


def test_what_a_revoked_box_dates_later_does_not_touch_the_creators_own_certificate() -> None:
    own = certified(sold(), CREATOR, delegation=None)
    heap = (own, taken_back(), sold(), MANIFEST, OURS, revoking("box", BOX.thumbprint, NOW + 30))
    assert words(*heap)[0] == "final-creator"


def test_a_refund_that_is_refused_leaves_room_for_the_one_that_holds() -> None:
    too_much = taken_back(
        receipt.REFUND,
        iat=NOW + 30, seq=19, jti=b64.encode(bytes(16)), items=[doc.item_claims(minor=-900, man=NAME)],
        tax=[{"rate": 1900, "net": -756, "vat": -144}], pay=[{"m": "cash", "st": "cash", "cur": "EUR", "minor": -900}],
    )  # fmt: skip
    heap = (too_much, taken_back(receipt.REFUND), certified(sold()), sold(), MANIFEST, OURS)
    assert words(*heap)[:3] == ["takeback-too-much", "VALID", "revoked-refund"]


def test_a_closing_statement_that_does_not_fit_its_manifest_makes_nothing_final() -> None:
    short = closed(FIRST, OF_THREE, editions=[doc.entry_claims(cert=certificate.digest(FIRST))])
    assert words(FIRST, short, THREE)[:2] == ["provisional-unconfirmed", "close-incomplete"]
    assert words(FIRST, closed(FIRST, OF_THREE), THREE)[:2] == ["final-close", "VALID"]


def test_two_closing_statements_that_differ_are_refused_in_any_order() -> None:
    burned = [doc.entry_claims(ed=n, st="burned", cert=None) for n in (1, 2, 3)]
    papers: dict[str, Any] = {
        "certificate": FIRST, "manifest": THREE, "one": closed(FIRST, OF_THREE),
        "other": closed(FIRST, OF_THREE, jti=OTHER_JTI, editions=burned),
    }  # fmt: skip
    for order in permutations(papers):
        found = dict(zip(order, words(*(papers[name] for name in order)), strict=True))
        assert (found["one"], found["other"]) == ("close-twice", "close-twice")
        assert found["certificate"] == "provisional-unconfirmed"
    again = closed(FIRST, OF_THREE, jti=OTHER_JTI, iat=NOW + 2 * DAY)
    assert words(FIRST, papers["one"], again, THREE)[:3] == ["final-close", "VALID", "VALID"]


def test_a_closing_statement_that_is_refused_contradicts_none() -> None:
    short = closed(FIRST, OF_THREE, jti=OTHER_JTI, editions=[doc.entry_claims()])
    assert words(FIRST, short, closed(FIRST, OF_THREE), THREE)[:3] == ["final-close", "close-incomplete", "VALID"]


def stored() -> str:
    return sold(pay=[{"m": "card", "st": "stored", "cur": "EUR", "minor": 450}])


def low() -> str:
    limit = {"cur": "EUR", "sale": 100, "stored_total": 20000, "stored_age_h": 24}
    return forge(CREATOR, delegation.TYP, doc.delegation_claims(max=limit))


@pytest.mark.parametrize(
    ("of", "chain", "beside", "code"),
    [
        (sold(ed=15), OURS, (LEASE,), "receipt-not-leased"),
        (stored(), low(), (), "delegation-over-limit"),
        (sold(), OURS, (sold(jti=OTHER_JTI, ed=8),), "verify-forked"),
    ],
)
def test_a_certificate_of_a_receipt_that_is_refused_is_refused_with_it(
    of: str, chain: str, beside: tuple[str, ...], code: str
) -> None:
    number = jws.unverified_claims(of)["items"][0]["ed"]
    document = certified(of, delegation=chain, edition=number)
    found, told, *_ = judged(document, of, MANIFEST, chain, *beside)
    assert (found.grade, found.code, told.code) == ("INVALID", code, code)
    assert "The receipt it names lies beside it." not in found.says
    own = certified(of, CREATOR, delegation=None, edition=number)
    assert words(own, of, MANIFEST, chain, *beside)[0] == "final-creator"


def test_the_creators_closing_statement_decides_where_a_box_contradicts_itself() -> None:
    other = forge(BOX, receipt.RECEIPT, doc.receipt_claims(jti=OTHER_JTI, items=[doc.item_claims(man=OF_THREE, ed=1)]))
    heap = (FIRST, FIRST_SOLD, other, THREE, OURS)
    assert words(*heap)[:3] == ["verify-forked"] * 3
    assert words(*heap, closed(FIRST, OF_THREE))[:3] == ["final-close", "verify-forked", "verify-forked"]


def test_a_receipt_under_a_revoked_lease_is_revoked_as_its_certificate_and_the_lease_are() -> None:
    name = jws.token_hash(LEASE)
    heap = (certified(sold()), sold(), LEASE, MANIFEST, OURS)
    assert words(*heap, revoking("lease", name, NOW))[:3] == ["revoked-lease"] * 3
    assert words(*heap, revoking("lease", name, NOW + 1))[:3] == ["provisional-unconfirmed", "VALID", "revoked-lease"]


def test_a_lease_to_a_revoked_box_is_revoked() -> None:
    found, *_ = judged(LEASE, MANIFEST, revoking("box", BOX.thumbprint, NOW + 1))
    assert (found.ok, found.grade, found.reason) == (False, "REVOKED", "revoked-box")


def test_a_manifest_says_what_it_revokes() -> None:
    [found] = judged(revoking("lease", jws.token_hash(LEASE), NOW))
    assert f"It revokes: the lease {jws.token_hash(LEASE)} from 2026-05-28 on." in found.says
    many = [{"kind": "cert", "ref": b64.encode(bytes([n]) * 32), "at": NOW} for n in range(12)]
    [told] = judged(forge(CREATOR, manifest.TYP, doc.manifest_claims(revoked=many)))
    assert any(line.endswith("; and 2 more.") for line in told.says)


def test_a_manifest_by_a_signer_who_was_revoked_before_revokes_nothing() -> None:
    signer = forge(CREATOR, delegation.TYP, doc.delegation_to(SIGNER, role="signer", cap=["manifest"], max=None))
    revoked = [{"kind": "cert", "ref": certificate.digest(certified(sold())), "at": NOW}]
    theirs = forge(
        SIGNER, manifest.TYP, doc.manifest_claims(ver=3, prev=NAME, jti=OTHER_JTI, iat=NOW + 60, revoked=revoked)
    )
    heap = (certified(sold()), theirs, signer, MANIFEST, OURS)
    assert words(*heap)[:2] == ["revoked-certificate", "VALID"]
    ended = revoking("box", SIGNER.thumbprint, NOW + 50)
    assert words(*heap, ended)[:2] == ["provisional-unconfirmed", "revoked-signer"]


def test_a_lease_that_is_refused_says_nothing_of_a_receipt() -> None:
    wide = forge(CREATOR, lease.TYP, doc.lease_claims(man=NAME, ranges=[[1, 51]]))
    assert words(sold(), wide, MANIFEST, OURS)[:2] == ["VALID", "lease-beyond-edition"]


def test_a_strangers_closing_statement_is_not_the_creators() -> None:
    theirs = forge(STRANGER, closing.TYP, doc.close_claims(iss=STRANGER.did, man=doc.HASH))
    assert words(FIRST, theirs, THREE)[0] == "provisional-unconfirmed"


def test_numbers_that_a_box_gives_back_after_it_was_revoked_are_not_given_back() -> None:
    second = forge(
        CREATOR, lease.TYP, doc.lease_claims(sub=STRANGER.thumbprint, man=NAME, jti=OTHER_JTI, iat=NOW + 2 * DAY, ranges=[[9, 10]])
    )  # fmt: skip
    back = forge(BOX, lease_return.TYP, doc.lease_return_claims())
    heap = (LEASE, second, back, MANIFEST, OURS)
    assert words(*heap)[:3] == ["VALID", "VALID", "VALID"]
    ended = revoking("box", BOX.thumbprint, NOW + DAY)
    assert words(*heap, ended)[1:3] == ["lease-numbers-twice", "revoked-box"]


def test_a_lease_by_a_cloud_that_was_revoked_before_is_no_lease() -> None:
    cloud = to_cloud(cap=["lease"])
    given = forge(CLOUD, lease.TYP, doc.lease_claims(iss=CLOUD.thumbprint, man=NAME, iat=NOW + 5, ranges=[[40, 41]]))
    assert words(sold(), given, cloud, MANIFEST, OURS)[:2] == ["receipt-not-leased", "VALID"]
    ended = revoking("box", CLOUD.thumbprint, NOW + 5)
    assert words(sold(), given, cloud, MANIFEST, OURS, ended)[:2] == ["VALID", "revoked-cloud"]


def test_a_journal_that_goes_on_from_a_fork_is_refused_in_any_order() -> None:
    papers: dict[str, Content] = {
        "long": exported(CREATOR),
        "short": exported(),
        "proof": logged(certified(sold())),
        "box": OURS,
    }
    for order in permutations(papers):
        found = dict(zip(order, words(*(papers[name] for name in order)), strict=True))
        assert (found["long"], found["short"], found["proof"]) == ("verify-forked",) * 3
