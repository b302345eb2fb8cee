"""A box keeps a journal, and a cloud countersigns it, by a delegation that says so and that held then."""

from __future__ import annotations

from typing import Any

import pytest

from stall.creator.papers import Text
from stall.wire import delegation, note
from tests.creator.heap import MANIFEST, OURS, certified, exported, judged, logged, revoking, sold, to_cloud, words
from tests.wire import documents as doc
from tests.wire.documents import CLOUD, CREATOR, DAY, NOW, OTHER_JTI, SIGNER, forge

NO_LOG = forge(CREATOR, delegation.TYP, doc.delegation_claims(cap=["receipt", "cert"]))
LONG_AGO: dict[str, Any] = {"iat": NOW - 50 * DAY, "nbf": NOW - 50 * DAY}


def test_a_checkpoint_of_a_box_that_may_keep_no_journal_is_refused() -> None:
    assert words(Text(doc.checkpoint_note()), NO_LOG)[0] == "delegation-cap"
    assert judged(Text(doc.checkpoint_note()), OURS)[0].ok


def test_an_exported_journal_of_a_box_that_may_keep_none_is_refused() -> None:
    assert words(exported(CREATOR), NO_LOG)[0] == "delegation-cap"
    again = forge(CREATOR, delegation.TYP, doc.delegation_claims(seq=2, jti=OTHER_JTI))
    assert judged(exported(CREATOR), NO_LOG, again)[0].ok


def test_a_checkpoint_by_a_signer_of_packs_is_refused() -> None:
    signer = forge(CREATOR, delegation.TYP, doc.delegation_to(SIGNER, role="signer", cap=["manifest"], max=None))
    origin = note.origin(SIGNER.thumbprint, doc.EPOCH_BYTES)
    text = note.sign(SIGNER, origin, note.Checkpoint(origin, 3, bytes(32)).body())
    assert words(Text(text), signer)[0] == "delegation-cap"


def test_a_journal_that_the_box_may_not_keep_makes_nothing_final() -> None:
    document = certified(sold(), delegation=NO_LOG)
    assert words(document, logged(document), to_cloud(), MANIFEST)[:2] == ["provisional-unconfirmed", "delegation-cap"]


@pytest.mark.parametrize(
    ("seen_s", "cloud", "reason"),
    [
        (NOW + 100, to_cloud(), "final-log"),
        (NOW - DAY, to_cloud(**LONG_AGO), "final-log"),  # the clock of the box may be ahead
        (NOW - DAY - 1, to_cloud(**LONG_AGO), "provisional-unconfirmed"),
    ],
)
def test_a_cosignature_from_long_before_a_certificate_does_not_make_it_final(
    seen_s: int, cloud: str, reason: str
) -> None:
    document = certified(sold())
    assert words(document, logged(document, seen_s), cloud, MANIFEST, OURS)[0] == reason


def test_a_cloud_whose_right_was_taken_by_a_newer_delegation_confirms_nothing() -> None:
    document, proof = certified(sold()), logged(certified(sold()))
    for iat, reason in ((NOW + 1, "provisional-unconfirmed"), (NOW + 101, "final-log")):
        newer = to_cloud(cap=["decline"], seq=5, jti=OTHER_JTI, iat=iat)
        for order in ((to_cloud(), newer), (newer, to_cloud())):
            found, told, *_ = judged(document, proof, *order, MANIFEST, OURS)
            assert found.reason == reason
            assert any("It was cosigned by" in line for line in told.says) == (reason == "final-log")


def test_a_cloud_that_was_revoked_before_confirms_nothing() -> None:
    document = certified(sold())
    heap = (document, logged(document), to_cloud(), MANIFEST, OURS)
    assert words(*heap, revoking("box", CLOUD.thumbprint, NOW + 100))[0] == "provisional-unconfirmed"
    assert words(*heap, revoking("box", CLOUD.thumbprint, NOW + 101))[0] == "final-log"


def test_a_forked_journal_makes_nothing_final() -> None:
    document = certified(sold())
    other = note.sign(doc.BOX, doc.ORIGIN, note.Checkpoint(doc.ORIGIN, 1, bytes(32)).body())
    found = words(document, logged(document), Text(other), to_cloud(), MANIFEST, OURS)
    assert found[:3] == ["provisional-unconfirmed", "verify-forked", "verify-forked"]
