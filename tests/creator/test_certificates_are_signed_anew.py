"""After the closing: the creator signs the certificates by their own hand, and each box hands those out from then on."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import pytest

from stall.cli import main
from stall.creator import closings, countersigning, verdicts
from stall.creator.countersigning import Signed
from stall.errors import Hostile, Refused
from stall.flows.accept_closing import accept_certificate, accept_close, check_certificate
from stall.flows.accept_document import accept_lease
from stall.flows.switch_drop import open_drop
from stall.store import catalogue, certificates, worth
from stall.store.audit import audit
from stall.wire import certificate, credential, grade, jws, lease, seal
from stall.wire.grade import Grade
from stall.wire.lease import Lease
from tests.creator import closing_scene
from tests.creator.closing_scene import DAY_S, DROP, NOW_S, Scene, claim, refund, sell
from tests.fakes.stock import Stocked
from tests.flows import selling


def signed_anew(scene: Scene, token: str, *names: str) -> Signed:
    close = countersigning.read_close(scene.creator, token)
    given = [
        (file, json.loads(text))
        for name in names
        for file, text in certificates.of_drop(scene.boxes[name].box.db.read(), DROP)
    ]
    told = closings.told_by(scene.creator, scene.journals(), DROP)
    return countersigning.countersign(
        scene.creator, close, countersigning.entries_of(close, ()), given, told, now_s=NOW_S + DAY_S
    )


def accept(stall: Stocked, token: str) -> None:
    with stall.box.db.transaction() as tx:
        accept_close(tx, token)


def take(stall: Stocked, document: dict[str, Any]) -> bool:
    with stall.box.db.transaction() as tx:
        return accept_certificate(tx, check_certificate(tx.conn, document))


def findings(stall: Stocked) -> list[str]:
    return audit(stall.box.db.read(), stall.box.secrets.signing.public).findings


def graded(stall: Stocked, document: dict[str, Any]) -> grade.Graded:
    held = worth.find(stall.box.db.read(), uuid.UUID(document["id"].removeprefix("urn:uuid:")).bytes)
    assert held is not None
    return worth.graded(stall.box.db.read(), stall.box.secrets.signing, held)


def test_what_counts_is_signed_anew_and_only_that(scene: Scene) -> None:
    one, two = scene.boxes["one"], scene.boxes["two"]
    owner = closing_scene.owner_key(31)
    (kept,), (other,) = claim(one, sell(one), owner.did), claim(two, sell(two, "card"))
    back_sale = sell(one)
    (back,) = claim(one, back_sale)
    refund(one, back_sale)
    late_sale = sell(one)  # never claimed before the closing
    counted, token = scene.close()
    (late,) = claim(one, late_sale)

    signed = signed_anew(scene, token, "one", "two")
    assert sorted(signed.documents) == [f"certificate-{DROP}-{n}.json" for n in (1, 3, 6)]
    assert [why for _, why in signed.refused] == ["The closing statement does not list it."]
    assert signed.missing == 0
    new = signed.documents[f"certificate-{DROP}-1.json"]
    held = credential.verify(new)
    assert (held.by_creator, held.settlement, held.owner) == (True, "settled", owner.did)
    assert seal.digest_of(new) == seal.digest_of(kept)
    assert {name: value for name, value in new.items() if name not in {"issuer", "proof"}} == {
        name: value for name, value in kept.items() if name not in {"issuer", "proof"}
    }
    papers = [*signed.documents.values(), kept, other, late, back]
    found = verdicts.judge([*(scene.paper(paper) for paper in papers), scene.paper(token), scene.paper(scene.token)])
    assert [one.reason for one in found[:3]] == ["final-creator"] * 3
    assert [one.code or one.reason for one in found[3:7]] == [
        "final-close", "final-close", "provisional-unconfirmed", "certificate-not-in-close",
    ]  # fmt: skip
    again = signed_anew(scene, token, "one", "two")
    assert again.documents == signed.documents  # to the byte
    assert counted.fates.numbered[3].certificate is None


def test_a_box_closes_for_good_and_hands_out_what_the_creator_signed(scene: Scene) -> None:
    one = scene.boxes["one"]
    (kept,) = claim(one, sell(one))
    sale = sell(one)
    (back,) = claim(one, sale)
    refund(one, sale)
    _, token = scene.close()
    assert graded(one, kept).grade is Grade.PROVISIONAL
    accept(one, token)
    accept(one, token)  # again changes nothing
    assert [event.body for event in selling.events(one, "close")] == [
        {"drop": DROP, "hash": jws.token_hash(token), "sold": 1, "burned": 1, "unsold": 10, "artist": 0}
    ]
    assert [reason.code for reason in graded(one, kept).reasons] == ["final-close"]
    assert graded(one, back).grade is Grade.REVOKED
    card = catalogue.card(one.box.db.read(), DROP, one.box.now_ms())
    assert card is not None
    assert card.ended is not None
    assert (card.offer, card.ended.sold, card.ended.burned) == ("late", 1, 1)
    document = signed_anew(scene, token, "one").documents[f"certificate-{DROP}-1.json"]
    assert take(one, document)
    assert not take(one, document)
    assert [reason.code for reason in graded(one, kept).reasons] == ["final-creator"]
    assert [event.body["hash"] for event in selling.events(one, "countersigned")] == [certificate.digest(document)]
    assert findings(one) == []


def test_a_closed_drop_is_neither_opened_nor_leased_here(scene: Scene) -> None:
    one = scene.boxes["one"]
    _, token = scene.close()
    accept(one, token)
    with one.box.db.transaction() as tx, pytest.raises(Refused) as refused:
        open_drop(tx, DROP)
    assert refused.value.code == "drop-closed"
    with pytest.raises(Refused):
        selling.basket(one, DROP)
    granted = Lease(
        iss=scene.creator.thumbprint, sub=scene.thumbprint("one"), jti="A" * 22, iat=NOW_S - 60, exp=NOW_S + 9 * DAY_S, drop=DROP,
        man=jws.token_hash(scene.token), epoch=closing_scene.epoch_of(one), lease_seq=9, ranges=((10, 10),),
    )  # fmt: skip
    with one.box.db.transaction() as tx, pytest.raises(Refused) as refused:
        accept_lease(tx, lease.sign(scene.creator.key, granted))
    assert refused.value.code == "drop-closed"


def test_a_box_takes_no_second_statement_and_none_it_cannot_read(scene: Scene) -> None:
    one = scene.boxes["one"]
    _, token = scene.close()
    accept(one, token)
    other = closing_scene.forged(scene, token, st="burned")
    with one.box.db.transaction() as tx, pytest.raises(Hostile) as refused:
        accept_close(tx, other)
    assert refused.value.code == "close-twice"
    with one.box.db.transaction() as tx, pytest.raises(Refused) as strange:
        accept_close(tx, closing_scene.forged(scene, token, by=closing_scene.owner_key(9)))
    assert strange.value.code == "close-no-drop"
    cases: tuple[tuple[dict[str, Any], str], ...] = (
        ({"drop": "other-drop"}, "close-no-drop"),
        ({"man": "A" * 43}, "close-no-manifest"),
    )
    for changed, code in cases:
        with one.box.db.transaction() as tx, pytest.raises(Refused) as unknown:
            accept_close(tx, closing_scene.forged(scene, token, **changed))
        assert unknown.value.code == code


def test_a_box_that_is_being_paid_finishes_first(scene: Scene) -> None:
    one = scene.boxes["one"]
    _, token = closing_scene.closed_without(scene, "one")
    selling.send(one, selling.ask(one, selling.basket(one, DROP)))
    with one.box.db.transaction() as tx, pytest.raises(Refused) as refused:
        accept_close(tx, token)
    assert refused.value.code == "close-running"


def test_what_the_statement_says_otherwise_is_noted_for_a_person(scene: Scene) -> None:
    one = scene.boxes["one"]
    _, token = closing_scene.closed_without(scene, "one")
    (document,) = claim(one, sell(one))
    accept(one, token)
    (note,) = [event.body["sentence"] for event in selling.events(one, "exception")]
    assert "to nobody, or to another certificate: 1." in note
    assert [reason.code for reason in graded(one, document).reasons] == ["certificate-not-in-close"]
    assert findings(one) == []


def test_what_a_box_did_not_sign_or_the_creator_did_not_is_not_handed_out(scene: Scene) -> None:
    one, two = scene.boxes["one"], scene.boxes["two"]
    (kept,), _ = claim(one, sell(one)), claim(two, sell(two))
    _, token = scene.close()
    new = signed_anew(scene, token, "one", "two").documents
    longer = countersigning.anew(scene.creator, kept, NOW_S + DAY_S, licence="Anything goes")
    for document, code in (
        (kept, "countersign-not-creator"),
        (new[f"certificate-{DROP}-6.json"], "countersign-unknown"),
        (longer, "countersign-differs"),
    ):
        with pytest.raises(Refused) as refused:
            take(one, document)
        assert refused.value.code == code


def test_what_comes_twice_in_one_go_is_taken_once_and_what_differs_not_at_all(scene: Scene) -> None:
    one = scene.boxes["one"]
    claim(one, sell(one))
    _, token = scene.close()
    accept(one, token)
    (new,) = signed_anew(scene, token, "one").documents.values()
    later = countersigning.anew(scene.creator, new, NOW_S + 2 * DAY_S)
    first, again, other = (check_certificate(one.box.db.read(), document) for document in (new, new, later))
    with one.box.db.transaction() as tx:
        assert [accept_certificate(tx, found) for found in (first, again)] == [True, False]
    with pytest.raises(Refused) as refused, one.box.db.transaction() as tx:
        accept_certificate(tx, other)
    assert refused.value.code == "countersign-differs"
    assert findings(one) == []


@pytest.mark.parametrize("damage", [
    "UPDATE drops SET closing = NULL",
    "UPDATE drops SET closing_document = 1",
    "UPDATE certificates SET countersigned = NULL",
    "UPDATE certificates SET countersigned = document",
])  # fmt: skip
def test_the_audit_misses_what_was_signed_in_the_end(scene: Scene, damage: str) -> None:
    one = scene.boxes["one"]
    claim(one, sell(one))
    _, token = scene.close()
    accept(one, token)
    take(one, signed_anew(scene, token, "one").documents[f"certificate-{DROP}-1.json"])
    assert findings(one) == []
    with one.box.db.transaction() as tx:
        tx.conn.execute(damage)
    assert findings(one) != []


def test_the_commands_lead_from_the_boxes_to_the_laptop_and_back(
    scene: Scene, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = scene.boxes["one"]
    claim(one, sell(one))
    claim(scene.boxes["two"], sell(scene.boxes["two"]))
    _, token = scene.close()
    (tmp_path / "night.close").write_text(token)
    for stall in scene.boxes.values():
        stall.box.close()
    creator = ("--creator", scene.creator.folder)
    zips = [tmp_path / f"{name}.zip" for name in scene.boxes]
    for name, out in zip(scene.boxes, zips, strict=True):
        run("drop", "certificates", DROP, "--data", scene.boxes[name].folder, "--out", out)
    run("close", "certificates", *zips, *creator, "--close", tmp_path / "night.close", "--out", tmp_path / "new.zip")
    assert "Signed 2 certificates; 0 that" in capsys.readouterr().out
    run("accept", "--data", one.folder, tmp_path / "night.close", tmp_path / "new.zip")
    said = capsys.readouterr().out
    assert "is closed for good" in said
    assert "1 certificate signed by the creator, handed out from now on; 0 were here before" in said
    run("drop", "status", "--data", one.folder)
    assert "night-prints: closed for good" in capsys.readouterr().out
    run("verify", tmp_path / "new.zip", tmp_path / "night.close", scene.pack)
    assert "VALID-FINAL" in capsys.readouterr().out


def run(*arguments: object) -> None:
    with pytest.raises(SystemExit) as ended:
        main([str(one) for one in arguments])
    assert ended.value.code == 0
