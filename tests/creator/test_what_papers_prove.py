"""`verify` says what papers prove, by what chain and how far, and never more than that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from stall.creator import delegations, leases, papers, verdicts
from stall.creator.keyring import Creator
from stall.creator.packs import BuiltPack
from stall.creator.papers import Paper
from stall.creator.verdicts import Verdict
from stall.errors import StallError
from stall.wire import b64, certificate, jws, manifest, receipt
from stall.wire.keys import SigningKey

NOW_S = 1_795_000_000
BOX = SigningKey.from_seed(bytes([1]) * 32)
EPOCH = b64.encode(bytes(16))


@dataclass(frozen=True)
class Sale:
    """The papers of one sale: number 7 of 50, paid by card."""

    creator: Creator
    manifest: str
    delegation: str
    receipt: str
    certificate: dict[str, Any]


def receipt_claims(**changes: Any) -> dict[str, Any]:
    item = {
        "drop": "night-prints",
        "man": b64.encode(bytes(32)),
        "ed": 7,
        "qty": 1,
        "cur": "EUR",
        "minor": 450,
        "vat": 1900,
        "lease": EPOCH,
    }
    plain = {
        "iss": BOX.thumbprint, "jti": b64.encode(bytes([5]) * 16), "iat": NOW_S + 60, "clk": "ntp", "epoch": EPOCH, "seq": 12,
        "items": [item], "tax": [{"rate": 1900, "net": 378, "vat": 72}],
        "pay": [{"m": "card", "st": "online", "cur": "EUR", "minor": 450}],
    }  # fmt: skip
    return plain | changes


@pytest.fixture
def sale(own_creator: Creator, folder: Path, build: Callable[..., BuiltPack]) -> Sale:
    """One sale, complete and in order."""
    pack = build(folder, signer=own_creator)
    chain = delegations.delegate(own_creator, BOX.did, "box", now_s=NOW_S, name="Fair box")
    plain = receipt_claims()
    plain["items"][0]["man"] = pack.manifest_hash
    token = jws.sign(BOX, receipt.RECEIPT, plain)
    document = certificate.build(
        BOX,
        issuer_name="Fair box",
        id="00000000-0000-4000-8000-000000000001",
        valid_from_s=NOW_S + 90,
        creator=own_creator.did,
        drop="night-prints",
        title="Night Prints",
        manifest=pack.manifest_hash,
        receipt=jws.token_hash(token),
        settlement="settled",
        licence="For private use",
        edition=7,
        edition_size=50,
        delegation=chain,
    )
    return Sale(own_creator, pack.token, chain, token, document)


def judged(*contents: str | dict[str, Any], creator_did: str | None = None) -> list[Verdict]:
    return verdicts.judge([Paper(f"paper {n}", content) for n, content in enumerate(contents)], creator_did)


def words(verdict: Verdict) -> str:
    return "\n".join(verdict.says)


def test_a_certificate_alone_is_provisional_and_names_number_box_and_creator(sale: Sale) -> None:
    [found] = judged(sale.certificate)
    assert (found.ok, found.what, found.grade) == (True, "certificate", "VALID-PROVISIONAL")
    for part in ("Number 7 of 50 of night-prints", "Provisional", "Fair box", BOX.did, sale.creator.did, "Compare"):
        assert part in words(found)


def test_with_the_creator_named_nothing_is_left_to_compare(sale: Sale) -> None:
    [found] = judged(sale.certificate, creator_did=sale.creator.did)
    assert "That is the creator you named." in words(found)
    assert "Compare" not in words(found)


def test_every_paper_of_another_creator_than_the_one_named_fails(sale: Sale, creator: Creator) -> None:
    found = judged(sale.manifest, sale.delegation, sale.receipt, sale.certificate, creator_did=creator.did)
    assert [one.ok for one in found] == [False] * 4
    assert {one.code for one in found} == {"verify-other-creator"}


def test_papers_of_one_sale_explain_each_other(sale: Sale) -> None:
    found = judged(sale.certificate, sale.receipt, sale.delegation, sale.manifest)
    assert [one.ok for one in found] == [True] * 4
    assert [one.what for one in found] == ["certificate", "receipt", "delegation", "manifest"]
    assert "The manifest it names lies beside it: “Night Prints”." in words(found[0])
    assert "The receipt it names lies beside it." in words(found[0])
    assert "€4.50, paid by card, on " in words(found[1])
    assert "number 7 of night-prints" in words(found[1])


def test_a_receipt_without_the_delegation_of_its_box_proves_nothing(sale: Sale) -> None:
    [found] = judged(sale.receipt)
    assert (found.ok, found.code) == (False, "verify-needs-delegation")


def test_the_certificate_brings_the_delegation_its_receipt_needs(sale: Sale) -> None:
    assert [one.ok for one in judged(sale.receipt, sale.certificate)] == [True, True]


def test_a_countersigned_certificate_is_final(sale: Sale) -> None:
    held = sale.certificate["credentialSubject"]
    document = certificate.build(
        sale.creator.key,
        issuer_name="Ada",
        id="00000000-0000-4000-8000-000000000001",
        valid_from_s=NOW_S + 90,
        creator=sale.creator.did,
        drop="night-prints",
        title="Night Prints",
        manifest=held["manifest"].removeprefix("sha256-"),
        receipt=held["receipt"].removeprefix("sha256-"),
        settlement="settled",
        licence="For private use",
        edition=7,
        edition_size=50,
        delegation=None,
    )
    [found] = judged(document)
    assert (found.ok, found.grade) == (True, "VALID-FINAL")
    assert "Final" in words(found)


def test_a_changed_letter_anywhere_fails(sale: Sale) -> None:
    altered = sale.certificate | {"name": "Night Prints — edition 8 of 50"}
    broken = sale.receipt[:-3] + ("AAA" if sale.receipt[-3:] != "AAA" else "BBB")
    found = judged(altered, broken, sale.delegation)
    assert [one.ok for one in found] == [False, False, True]
    assert all(one.code for one in found[:2])


def test_another_manifest_of_the_drop_is_not_taken_for_the_one_the_certificate_names(sale: Sale) -> None:
    trusted = {sale.creator.key.thumbprint: sale.creator.key.public}
    other = manifest.claims(manifest.verify(sale.manifest, trusted))
    other["drop"]["edition"] = 40
    token = manifest.sign(sale.creator.key, manifest.parse(other))
    [found, _] = judged(sale.certificate, token)
    assert found.ok
    assert "manifest it names" not in words(found)


@pytest.mark.parametrize("kind", ["cert", "box"])
def test_a_certificate_the_creator_revoked_counts_no_more(sale: Sale, kind: str) -> None:
    trusted = {sale.creator.key.thumbprint: sale.creator.key.public}
    newer = manifest.claims(manifest.verify(sale.manifest, trusted))
    ref = certificate.digest(sale.certificate) if kind == "cert" else BOX.thumbprint
    newer |= {
        "ver": 2,
        "prev": jws.token_hash(sale.manifest),
        "revoked": [{"kind": kind, "ref": ref, "at": NOW_S + 80}],
    }
    [found, _] = judged(sale.certificate, manifest.sign(sale.creator.key, manifest.parse(newer)))
    assert (found.ok, found.grade) == (False, "REVOKED")


def test_a_box_revoked_later_takes_nothing_back_that_it_signed_before(sale: Sale) -> None:
    trusted = {sale.creator.key.thumbprint: sale.creator.key.public}
    newer = manifest.claims(manifest.verify(sale.manifest, trusted))
    gone = {"kind": "box", "ref": BOX.thumbprint, "at": NOW_S + 91}
    newer |= {"ver": 2, "prev": jws.token_hash(sale.manifest), "revoked": [gone]}
    [found, _] = judged(sale.certificate, manifest.sign(sale.creator.key, manifest.parse(newer)))
    assert found.ok


def test_nobody_else_can_revoke(sale: Sale, creator: Creator, folder: Path, build: Callable[..., BuiltPack]) -> None:
    strangers = manifest.claims(build(folder, signer=creator).manifest)
    strangers["revoked"] = [{"kind": "cert", "ref": certificate.digest(sale.certificate), "at": NOW_S}]
    [found, _] = judged(sale.certificate, manifest.sign(creator.key, manifest.parse(strangers)))
    assert found.ok


def taken_back(typ: str, edition: int) -> str:
    claims = receipt_claims(jti=b64.encode(bytes([6]) * 16), ref=b64.encode(bytes([5]) * 16), seq=13)
    claims["items"] = [claims["items"][0] | {"ed": edition, "minor": -450}]
    claims["tax"] = [{"rate": 1900, "net": -378, "vat": -72}]
    claims["pay"] = [claims["pay"][0] | {"minor": -450}]
    return jws.sign(BOX, typ, claims)


def test_what_comes_back_is_named_and_its_money_goes_back_not_in(sale: Sale) -> None:
    said = words(judged(sale.certificate, sale.receipt, taken_back(receipt.REFUND, 7))[2])
    assert "€4.50, given back by card, on " in said
    assert "What came back: number 7 of night-prints." in said


def test_an_exchange_names_a_thing_that_came_back_as_that(sale: Sale) -> None:
    bought = {"sku": "print", "qty": 1, "cur": "EUR", "minor": 450, "vat": 1900}
    back = {"sku": "postcard", "qty": 1, "cur": "EUR", "minor": -450, "vat": 1900}
    claims = receipt_claims(
        jti=b64.encode(bytes([6]) * 16), ref=b64.encode(bytes([4]) * 16), seq=13, items=[back, bought],
        tax=[{"rate": 1900, "net": 0, "vat": 0}], pay=[{"m": "comp", "st": "free", "cur": "EUR", "minor": 0}],
    )  # fmt: skip
    claims.pop("code", None)
    said = words(judged(jws.sign(BOX, receipt.RECEIPT, claims), sale.delegation)[0])
    assert "It bought 1 × print." in said
    assert "It gave back 1 × postcard." in said


@pytest.mark.parametrize(
    ("typ", "edition", "revoked"), [(receipt.REFUND, 7, True), (receipt.REFUND, 8, False), (receipt.VOID, 7, True)]
)
def test_a_refund_takes_back_the_number_it_names_and_a_void_all(
    sale: Sale, typ: str, edition: int, revoked: bool
) -> None:
    found = judged(sale.certificate, sale.receipt, taken_back(typ, edition))
    assert (found[0].grade == "REVOKED") is revoked
    assert ("takes it back" in words(found[1])) is revoked
    assert ("It takes back the receipt" in words(found[2])) is revoked
    assert found[2].code == (None if revoked else "takeback-not-bought")


def test_a_lease_needs_to_know_its_creator(sale: Sale) -> None:
    token = leases.issue(sale.creator, sale.manifest, BOX.thumbprint, EPOCH, now_s=NOW_S, count=3)
    assert judged(token)[0].code == "verify-needs-creator"
    assert "Numbers 1-3 of night-prints" in words(judged(token, sale.manifest)[0])
    assert judged(token, creator_did=sale.creator.did)[0].ok


def test_a_receipt_from_before_its_delegation_is_refused(sale: Sale) -> None:
    early = jws.sign(BOX, receipt.RECEIPT, receipt_claims(iat=NOW_S - 1))
    [found, _] = judged(early, sale.delegation)
    assert (found.ok, found.verdict, found.code) == (False, "unknown", "verify-needs-delegation")


def test_a_receipt_is_covered_by_any_delegation_beside_it_that_was_in_force(sale: Sale) -> None:
    renewed = delegations.delegate(sale.creator, BOX.did, "box", now_s=NOW_S + 86_400)
    found = judged(sale.receipt, renewed, sale.delegation)
    assert [one.ok for one in found] == [True] * 3
    assert judged(sale.receipt, renewed)[0].code == "verify-needs-delegation"


def test_a_paper_of_an_unknown_kind_is_said(sale: Sale) -> None:
    [found] = judged(jws.sign(BOX, "stall-rumour+jwt", {"a": 1}))
    assert (found.ok, found.code) == (False, "verify-type")


@pytest.mark.parametrize("data", [b"", b"hello", b"[1]", b"\xff\xfe.a.b", b"a.b", b"x" * 7_000_000, b"{"])
def test_what_is_no_paper_is_refused(data: bytes) -> None:
    with pytest.raises(StallError):
        papers.read("x", data)


def test_recognising_a_paper_does_not_mind_white_space(sale: Sale) -> None:
    assert papers.read("r", b"\n" + sale.receipt.encode() + b"\r\n") == Paper("r", sale.receipt)


def test_a_creator_named_wrongly_is_said_at_once() -> None:
    with pytest.raises(StallError):
        judged("a.b.c", creator_did="did:key:nonsense")
