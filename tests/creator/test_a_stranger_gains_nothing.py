"""Another creator may delegate any box or cloud without asking it: that helps no paper of it, and harms none."""

from __future__ import annotations

import tracemalloc

import pytest

from stall.creator.papers import Text
from stall.wire import b64, decline, delegation, jws, keys, lease, lease_return, manifest, note, receipt
from tests.creator.heap import (
    LEASE,
    MANIFEST,
    NAME,
    OURS,
    THEIRS,
    certified,
    exported,
    judged,
    revoking,
    sold,
    taken_back,
    to_cloud,
    words,
)
from tests.wire import documents as doc
from tests.wire.documents import BOX, CLOUD, CREATOR, DAY, NOW, STRANGER, forge

LATER = {"iat": NOW + 400 * DAY, "nbf": NOW + 400 * DAY, "exp": NOW + 500 * DAY}
THEIRS_LATER = forge(STRANGER, delegation.TYP, doc.delegation_claims(iss=STRANGER.did, drops=["*"], **LATER))


def test_a_receipt_goes_back_to_the_creator_of_its_manifest_whoever_else_delegated_its_box() -> None:
    for heap in ((sold(), MANIFEST, OURS, THEIRS), (sold(), THEIRS, OURS, MANIFEST)):
        found, *_ = judged(*heap)
        assert (found.grade, found.chain[-1].did) == ("VALID", CREATOR.did)


def test_a_strangers_delegation_alone_does_not_tell_whose_receipt_it_is() -> None:
    found, *_ = judged(sold(), MANIFEST, THEIRS)
    assert (found.verdict, found.code) == ("unknown", "verify-needs-delegation")


def test_without_a_manifest_nobody_is_picked_out_of_two_creators() -> None:
    found, *_ = judged(sold(), OURS, THEIRS)
    assert (found.verdict, found.code) == ("unknown", "verify-several-creators")
    assert CREATOR.did in found.says[0]
    assert STRANGER.did in found.says[0]
    assert judged(sold(), OURS, THEIRS, creator_did=CREATOR.did)[0].chain[-1].did == CREATOR.did


def test_without_a_manifest_the_creator_is_the_one_whose_delegation_names_the_drop() -> None:
    other = forge(STRANGER, delegation.TYP, doc.delegation_claims(iss=STRANGER.did, seq=9, drops=["zines"]))
    assert judged(sold(), OURS, other)[0].chain[-1].did == CREATOR.did


def test_the_boxs_own_certificate_tells_whose_its_receipt_is() -> None:
    found, *_ = judged(sold(), certified(sold()), OURS, THEIRS)
    assert found.chain[-1].did == CREATOR.did


def test_a_revoked_boxs_receipt_stays_revoked_beside_a_strangers_delegation() -> None:
    revoked = revoking("box", BOX.thumbprint, NOW - 30)
    assert words(sold(), MANIFEST, revoked, OURS, THEIRS)[0] == "revoked-box"


def test_what_is_dated_after_the_delegation_is_not_saved_by_a_strangers() -> None:
    late = sold(iat=NOW + 410 * DAY)
    assert words(late, MANIFEST, OURS, THEIRS_LATER)[0] == "delegation-time"


def test_a_void_after_the_delegation_takes_nothing_back_beside_a_strangers() -> None:
    late = taken_back(iat=NOW + 410 * DAY, seq=900)
    for one in (MANIFEST, OURS):  # with the manifest and without
        found = words(certified(sold()), sold(), late, one, OURS, THEIRS_LATER)
        assert found[:3] == ["provisional-unconfirmed", "VALID", "delegation-time"]


def test_a_strangers_lease_of_the_same_name_replaces_none() -> None:
    beyond = sold(ed=15)
    wide = forge(STRANGER, lease.TYP, doc.lease_claims(iss=STRANGER.thumbprint, man=NAME, ranges=[[1, 50]]))
    assert words(beyond, MANIFEST, OURS, THEIRS, LEASE, wide)[0] == "receipt-not-leased"
    other = forge(STRANGER, lease.TYP, doc.lease_claims(iss=STRANGER.thumbprint, ranges=[[40, 41]]))
    for leases in ((LEASE, other), (other, LEASE)):
        assert words(sold(), MANIFEST, OURS, THEIRS, *leases)[0] == "VALID"


def test_a_strangers_cloud_declines_nothing() -> None:
    stored = sold(pay=[{"m": "card", "st": "stored", "cur": "EUR", "minor": 450}])
    refused = forge(CLOUD, decline.TYP, doc.decline_claims(rcpt=jws.token_hash(stored)))
    theirs = to_cloud(STRANGER, cap=["decline"], seq=9)
    found = words(certified(stored), stored, refused, theirs, MANIFEST, OURS)
    assert found[:3] == ["provisional-unconfirmed", "VALID", "verify-needs-delegation"]


def test_a_checkpoint_of_a_box_that_two_creators_delegated_is_of_neither_until_one_is_named() -> None:
    text = Text(doc.checkpoint_note())
    assert words(text, OURS, THEIRS)[0] == "verify-several-creators"
    assert judged(text, OURS, THEIRS, creator_did=CREATOR.did)[0].chain[-1].did == CREATOR.did
    assert judged(text, OURS)[0].ok


def test_a_journal_is_its_creators_whose_delegation_the_box_took() -> None:
    for taken, creators in (
        ([CREATOR], [CREATOR.did]),
        ([STRANGER], [STRANGER.did]),
        ([CREATOR, STRANGER], sorted([CREATOR.did, STRANGER.did])),
    ):
        found, *_ = judged(exported(*taken), OURS, THEIRS)
        assert found.ok
        assert [link.did for link in found.chain] == [BOX.did, *creators]
    assert words(exported(STRANGER), OURS, THEIRS, creator_did=CREATOR.did)[0] == "verify-other-creator"
    assert words(exported(CREATOR), THEIRS)[0] == "verify-needs-delegation"


def test_a_journal_that_does_not_say_whose_delegation_it_took_is_of_neither_until_one_is_named() -> None:
    found, *_ = judged(exported(), OURS, THEIRS)
    assert (found.verdict, found.code) == ("unknown", "verify-several-creators")
    assert found.says[0].startswith("Epoch ")
    assert judged(exported(), OURS, THEIRS, creator_did=CREATOR.did)[0].chain[-1].did == CREATOR.did


def test_a_lease_return_is_for_the_creator_who_leased_the_numbers() -> None:
    back = forge(BOX, lease_return.TYP, doc.lease_return_claims())
    assert judged(back, LEASE, MANIFEST, OURS, THEIRS)[0].chain[-1].did == CREATOR.did
    assert judged(back, MANIFEST, OURS, THEIRS)[0].chain[-1].did == CREATOR.did
    assert words(back, OURS, THEIRS)[0] == "verify-several-creators"


def test_a_basket_of_two_creators_must_hold_by_the_delegation_of_each() -> None:
    theirs = forge(STRANGER, manifest.TYP, doc.manifest_claims(iss=STRANGER.did, drop=doc.drop_claims(id="zines")))
    items = [
        doc.item_claims(man=NAME, minor=225),
        doc.item_claims(man=jws.token_hash(theirs), drop="zines", ed=8, minor=225),
    ]
    both = sold(items=items)
    assert words(both, MANIFEST, theirs, OURS)[0] == "verify-needs-delegation"
    assert words(both, MANIFEST, theirs, OURS, THEIRS)[0] == "VALID"
    for expected in (CREATOR.did, STRANGER.did):
        found, *_ = judged(both, MANIFEST, theirs, OURS, THEIRS, creator_did=expected)
        assert found.chain[-1].did == expected


def test_a_signed_fork_shows_even_where_nobody_can_tell_whose_it_is() -> None:
    other = sold(jti=doc.OTHER_JTI, ed=8)
    assert words(certified(sold()), sold(), other, OURS, THEIRS)[:2] == ["verify-forked", "verify-forked"]


def strangers(count: int) -> list[str]:
    made = [keys.SigningKey.from_seed((1000 + n).to_bytes(32, "big")) for n in range(count)]
    return [forge(key, delegation.TYP, doc.delegation_claims(iss=key.did, drops=["*"])) for key in made]


@pytest.mark.parametrize("expected", [None, CREATOR.did])
def test_every_signature_is_checked_once_however_many_delegated_the_box(
    monkeypatch: pytest.MonkeyPatch, expected: str | None
) -> None:
    receipts = [sold(jti=b64.encode(bytes([n]) * 16), seq=n, ed=n + 1) for n in range(10)]
    heap = [*receipts, MANIFEST, LEASE, OURS, *strangers(20)]
    checked: list[bytes] = []
    verify = keys.verify

    def counted(public: bytes, data: bytes, signature: bytes) -> bool:
        checked.append(signature)
        return verify(public, data, signature)

    monkeypatch.setattr(keys, "verify", counted)
    judged(*heap, creator_did=expected)
    assert len(checked) == len(set(checked)) == len(heap)


def test_memory_grows_with_the_papers_and_not_with_their_product() -> None:
    receipts = [
        forge(BOX, receipt.RECEIPT, doc.receipt_claims(jti=b64.encode(bytes([n]) * 16), seq=n)) for n in range(30)
    ]
    peaks = []
    for count in (10, 80):
        heap = [*receipts, *strangers(count)]
        tracemalloc.start()
        judged(*heap)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 80 * 20_000, peaks


def test_a_checkpoint_in_a_box_of_nobody_is_unknown() -> None:
    origin = note.origin(STRANGER.thumbprint, doc.EPOCH_BYTES)
    text = note.sign(STRANGER, origin, note.Checkpoint(origin, 3, bytes(32)).body())
    assert words(Text(text), OURS)[0] == "verify-needs-delegation"
