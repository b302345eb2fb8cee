"""`verify` gives a certificate the grade that all papers beside it make together, and says by which of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stall.creator import delegations
from stall.creator.keyring import Creator
from stall.creator.packs import BuiltPack
from stall.creator.papers import LogProof, read
from stall.wire import (
    b64,
    certificate,
    closing,
    decline,
    event,
    jws,
    keys,
    lease_return,
    merkle,
    note,
    presentation,
    proof,
    tlogproof,
)
from stall.wire.event import Event
from stall.wire.tlogproof import TlogProof
from tests.creator.test_the_box_and_the_cloud_are_believed_by_their_papers import (
    BOX,
    CLOUD,
    CLOUD_NAME,
    EPOCH,
    ORIGIN,
    judged,
)
from tests.creator.test_what_papers_prove import NOW_S, receipt_claims

OWNER = keys.SigningKey.from_seed(bytes([7]) * 32)
NEXT = keys.SigningKey.from_seed(bytes([8]) * 32)
CHALLENGE = "0123456789abcdef"


@pytest.fixture
def pack(own_creator: Creator, folder: Path, build: Callable[..., BuiltPack]) -> BuiltPack:
    return build(folder, signer=own_creator)


@pytest.fixture
def sold(pack: BuiltPack) -> str:
    plain = receipt_claims()
    plain["items"][0]["man"] = pack.manifest_hash
    plain["pay"][0]["st"] = "stored"
    return jws.sign(BOX, "stall-receipt+jwt", plain)


@pytest.fixture
def box(own_creator: Creator) -> str:
    return delegations.delegate(own_creator, BOX.did, "box", now_s=NOW_S)


@pytest.fixture
def cloud(own_creator: Creator) -> str:
    return delegations.delegate(own_creator, CLOUD.did, "cloud", now_s=NOW_S, caps=("cosign", "decline"))


@pytest.fixture
def document(own_creator: Creator, pack: BuiltPack, box: str, sold: str) -> dict[str, Any]:
    return certificate.build(
        BOX,
        issuer_name="Fair box",
        id="00000000-0000-4000-8000-000000000001",
        valid_from_s=NOW_S + 90,
        creator=own_creator.did,
        drop="night-prints",
        title="Night Prints",
        manifest=pack.manifest_hash,
        receipt=jws.token_hash(sold),
        settlement="settled",
        licence=pack.manifest.drop.licence,
        owner=OWNER.did,
        edition=7,
        edition_size=50,
        delegation=box,
    )


def closed(own_creator: Creator, pack: BuiltPack, seventh: str | None) -> str:
    entries = [closing.Entry(st="unsold", ed=number) for number in range(1, 51)]
    entries[6] = closing.Entry(st="sold", ed=7, cert=seventh)
    return closing.sign(
        own_creator.key,
        closing.Close(
            iss=own_creator.did,
            jti=b64.encode(bytes(16)),
            iat=NOW_S + 900,
            drop="night-prints",
            man=pack.manifest_hash,
            editions=tuple(entries),
        ),
    )


def test_a_closing_statement_that_lists_it_makes_it_final(
    own_creator: Creator, pack: BuiltPack, document: dict[str, Any]
) -> None:
    close = closed(own_creator, pack, certificate.digest(document))
    found, said, _ = judged(document, close, pack.token)
    assert (found.ok, found.grade, found.reason) == (True, "VALID-FINAL", "final-close")
    assert (said.ok, said.what) == (True, "closing statement")
    assert "1 sold, 49 unsold" in said.says[0]


def test_a_closing_statement_with_another_certificate_for_its_number_makes_it_invalid(
    own_creator: Creator, pack: BuiltPack, document: dict[str, Any]
) -> None:
    found, _ = judged(document, closed(own_creator, pack, b64.encode(bytes(32))))
    assert (found.ok, found.grade, found.code) == (False, "INVALID", "certificate-not-in-close")


def log_proof(document: dict[str, Any], at_s: int, name: str | None = None) -> LogProof:
    """The box's journal has one event after its beginning: that the certificate was signed; a cloud saw it."""
    body = {"sale": 1, "line": 0, "uuid": document["id"], "hash": name or certificate.digest(document)}
    data = event.encode(Event(b64.encode(EPOCH), 1, "certificate", (NOW_S + 90) * 1000, "ntp", body))
    leaves = [bytes(32), merkle.leaf_hash(data)]
    text = note.sign(BOX, ORIGIN, note.Checkpoint(ORIGIN, 2, merkle.root_of(leaves)).body())
    proof = TlogProof(1, (leaves[0],), note.cosign(CLOUD, CLOUD_NAME, text, at_s), data)
    return LogProof(tlogproof.write(proof))


def test_a_proof_from_a_journal_the_creators_cloud_saw_makes_it_final(document: dict[str, Any], cloud: str) -> None:
    found, shown, _ = judged(document, log_proof(document, NOW_S + 120), cloud)
    assert (found.ok, found.grade, found.reason) == (True, "VALID-FINAL", "final-log")
    assert (shown.ok, shown.what) == (True, "log proof")
    assert "cosigned by" in "".join(shown.says)


def test_a_cloud_the_creator_did_not_name_makes_nothing_final(document: dict[str, Any]) -> None:
    found, _ = judged(document, log_proof(document, NOW_S + 120))
    assert (found.grade, found.reason) == ("VALID-PROVISIONAL", "provisional-unconfirmed")


def test_what_a_journal_calls_a_certificate_is_shown_only_if_it_is_a_name(document: dict[str, Any], box: str) -> None:
    proof = log_proof(document, NOW_S + 120)
    assert certificate.digest(document) in judged(proof, box)[0].says[0]
    assert "\x1b" not in judged(log_proof(document, NOW_S + 120, "\x1b[2J"), box)[0].says[0]


def test_a_proof_is_known_by_its_first_line(document: dict[str, Any]) -> None:
    proof = log_proof(document, NOW_S)
    assert read("7.tlog-proof", proof.text.encode()).content == proof


def declined(sold: str, drop: str = "night-prints") -> str:
    told = decline.Decline(
        iss=CLOUD.thumbprint,
        jti=b64.encode(bytes(16)),
        iat=NOW_S + 300,
        box=BOX.thumbprint,
        ref=receipt_claims()["jti"],
        rcpt=jws.token_hash(sold),
        pay=0,
        cur="EUR",
        minor=450,
        items=(decline.Item(drop=drop, ed=7),),
        reason="Card blocked",
    )
    return decline.sign(CLOUD, told)


def test_a_decline_by_the_creators_cloud_takes_it_back(document: dict[str, Any], sold: str, cloud: str) -> None:
    found, _, said, _ = judged(document, sold, declined(sold), cloud)
    assert (found.ok, found.grade, found.reason) == (False, "REVOKED", "revoked-decline")
    assert (said.ok, said.what) == (True, "decline")
    assert "Card blocked" in said.says[0]


def test_a_decline_by_anybody_else_proves_nothing(document: dict[str, Any], sold: str, own_creator: Creator) -> None:
    only = delegations.delegate(own_creator, CLOUD.did, "cloud", now_s=NOW_S, caps=("cosign",))
    found, _, said, _ = judged(document, sold, declined(sold), only)
    assert (found.ok, said.code) == (True, "delegation-cap")


def test_a_decline_by_the_cloud_of_another_creator_takes_nothing_back(
    document: dict[str, Any], sold: str, creator: Creator
) -> None:
    theirs = delegations.delegate(creator, CLOUD.did, "cloud", now_s=NOW_S, caps=("decline",))
    found, _, said, _ = judged(document, sold, declined(sold), theirs)
    assert (found.ok, said.verdict, said.code) == (True, "unknown", "verify-needs-delegation")


def test_a_cloud_of_two_creators_declines_for_both(
    document: dict[str, Any], sold: str, cloud: str, creator: Creator
) -> None:
    delegations.delegate(creator, CLOUD.did, "cloud", now_s=NOW_S, caps=("decline",))
    theirs = delegations.delegate(creator, CLOUD.did, "cloud", now_s=NOW_S, caps=("decline",))  # a higher number
    found, *_ = judged(document, sold, declined(sold), theirs, cloud)
    assert found.reason == "revoked-decline"


def test_a_certificate_under_a_delegation_that_was_replaced_is_invalid(
    document: dict[str, Any], own_creator: Creator
) -> None:
    newer = delegations.delegate(own_creator, BOX.did, "box", now_s=NOW_S + 30)
    later = delegations.delegate(own_creator, BOX.did, "box", now_s=NOW_S + 91)
    assert judged(document, newer)[0].code == "delegation-replaced"
    assert judged(document, later)[0].ok


def test_a_certificate_beside_its_manifest_must_agree_with_it(document: dict[str, Any], pack: BuiltPack) -> None:
    changed = {name: value for name, value in document.items() if name != "proof"}
    changed["credentialSubject"] = {**changed["credentialSubject"], "licence": "Public domain"}
    forged = proof.add(BOX, changed, NOW_S + 90)
    assert judged(forged)[0].ok
    assert judged(forged, pack.token)[0].code == "certificate-licence"


def test_a_certificate_beside_the_receipt_of_another_copy_is_invalid(document: dict[str, Any], box: str) -> None:
    plain = receipt_claims()
    plain["items"][0]["ed"] = 8
    other = jws.sign(BOX, "stall-receipt+jwt", plain)
    changed = {name: value for name, value in document.items() if name != "proof"}
    changed["credentialSubject"] = {**changed["credentialSubject"], "receipt": f"sha256-{jws.token_hash(other)}"}
    forged = proof.add(BOX, changed, NOW_S + 90)
    assert judged(forged, other, box)[0].code == "certificate-not-bought"


def test_a_lease_return_is_told_with_its_box(box: str) -> None:
    given = lease_return.LeaseReturn(
        iss=BOX.thumbprint,
        jti=b64.encode(bytes(16)),
        iat=NOW_S + 9,
        clk="ntp",
        epoch=b64.encode(EPOCH),
        seq=40,
        drop="night-prints",
        ranges=((8, 10),),
    )
    found, _ = judged(lease_return.sign(BOX, given), box)
    assert (found.ok, found.what) == (True, "lease return")
    assert "8-10 of night-prints" in found.says[0]


def test_a_lease_return_of_a_box_that_may_keep_no_journal_is_refused(own_creator: Creator) -> None:
    may_not = delegations.delegate(own_creator, BOX.did, "box", now_s=NOW_S, caps=("receipt",))
    given = lease_return.LeaseReturn(
        iss=BOX.thumbprint, jti=b64.encode(bytes(16)), iat=NOW_S + 9, clk="ntp",
        epoch=b64.encode(EPOCH), seq=40, drop="night-prints", ranges=((8, 10),),
    )  # fmt: skip
    assert judged(lease_return.sign(BOX, given), may_not)[0].code == "delegation-cap"


def test_an_owners_answer_says_what_was_asked_and_bears_the_grade_of_its_certificate(document: dict[str, Any]) -> None:
    answer = presentation.prove(OWNER, document, CHALLENGE, "stall.example", NOW_S + 500, NEXT.did)
    [found] = judged(answer)
    assert (found.ok, found.what, found.grade) == (True, "presentation", "VALID-PROVISIONAL")
    assert [link.role for link in found.chain] == ["owner", "box", "creator"]
    assert CHALLENGE in found.says[0]
    assert NEXT.did in found.says[2]


def test_an_answer_by_another_than_the_owner_is_refused(document: dict[str, Any]) -> None:
    answer = presentation.prove(OWNER, document, CHALLENGE, "stall.example", NOW_S + 500)
    answer["holder"] = NEXT.did
    assert judged(answer)[0].code == "presentation-holder"
