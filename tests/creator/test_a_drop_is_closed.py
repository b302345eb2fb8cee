"""Two boxes sold a drop; its creator says what became of every copy, and anybody can check that."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
import rfc8785

from stall.cli import main
from stall.creator import closings, delegations, leases, ledger, verdicts
from stall.creator.papers import Export, Paper
from stall.errors import Refused
from stall.flows.accept_closing import accept_close
from stall.flows.accept_document import accept_lease
from stall.store import journal
from stall.wire import b64, certificate, closing, decline, jws, lease, lease_return
from stall.wire.decline import Decline
from stall.wire.lease import Lease
from stall.wire.lease_return import LeaseReturn
from tests.creator import closing_scene
from tests.creator.closing_scene import DAY_S, DROP, EDITION, NOW_S, Scene, claim, refund, refuse, sell, settle
from tests.flows import selling


def states(token: str) -> dict[int | None, str]:
    return {entry["ed"]: entry["st"] for entry in jws.unverified_claims(token)["editions"]}


def code_of(refused: pytest.ExceptionInfo[Refused]) -> str:
    return refused.value.code


def test_a_night_of_every_kind_is_closed_and_graded(scene: Scene) -> None:
    one, two = scene.boxes["one"], scene.boxes["two"]
    kept = claim(one, sell(one))  # 1
    carded = claim(one, sell(one, "card"))  # 2
    back_sale = sell(one)  # 3
    back = claim(one, back_sale)
    refund(one, back_sale)
    sell(one, "comp")  # 4: never claimed
    refused_sale = sell(two, "offline")  # 6
    lost_money = claim(two, refused_sale)
    refuse(two, refused_sale)
    arrived_sale = sell(two, "offline")  # 7
    arrived = claim(two, arrived_sale)
    settle(two, arrived_sale)
    fresh = sell(two)  # 8: taken back before anybody opened it
    refund(two, fresh)

    counted, token = scene.close(artist=[(11, 12)])
    assert states(token) == {
        1: "sold", 2: "sold", 3: "burned", 4: "sold", 5: "unsold", 6: "burned", 7: "sold", 8: "unsold", 9: "unsold",
        10: "unsold", 11: "artist", 12: "artist",
    }  # fmt: skip
    assert {number: fate.why for number, fate in counted.fates.numbered.items() if fate.st == "burned"} == {
        3: "refunded",
        6: "refused by the bank",
    }
    assert [number for number, fate in counted.fates.numbered.items() if fate.why == "sold, never claimed"] == [4]
    assert [note.partition(":")[0] for note in counted.notes] == [
        f"No cloud countersigned the whole journal of box {scene.thumbprint(name)}"
        for name in sorted(scene.boxes, key=scene.thumbprint)
    ]
    held = [*kept, *carded, *arrived]
    gone = [*back, *lost_money]
    found = verdicts.judge(
        [scene.paper(token), scene.paper(scene.token), *scene.journals(), *(map(scene.paper, held + gone))]
    )
    assert [one.verdict for one in found[:4]] == ["valid"] * 4
    assert [(one.grade, one.reason) for one in found[4:7]] == [("VALID-FINAL", "final-close")] * 3
    assert [(one.grade, one.code) for one in found[7:]] == [
        ("INVALID", "certificate-not-in-close"),
        ("INVALID", "certificate-not-in-close"),
    ]
    # with the receipt beside it the refund in the journal takes it back
    sold = [
        event.body["receipt"]
        for event in selling.events(one)
        if event.body.get("sale") == back_sale and "receipt" in event.body
    ]
    with_receipt = verdicts.judge(
        [scene.paper(back[0]), scene.paper(sold[0]), scene.journal("one"), scene.paper(token)]
    )
    assert with_receipt[0].grade == "REVOKED"


def test_a_stranger_recomputes_what_the_statement_says(scene: Scene) -> None:
    one = scene.boxes["one"]
    (document,) = claim(one, sell(one))
    _, token = scene.close()
    said = json.loads(b64.decode(token.split(".")[1]))
    assert said["man"] == b64.encode(hashlib.sha256(scene.token.encode()).digest())
    digest = b64.encode(hashlib.sha256(rfc8785.dumps(document)).digest())
    assert said["editions"][0] == {"cert": digest, "ed": 1, "st": "sold"}
    for log, paper in zip(sorted(said["log"], key=str), sorted(scene.journals(), key=_origin), strict=True):
        body = _note(paper).split("\n")
        assert (log["origin"], str(log["size"])) == (body[0], body[1])


def _note(journal: Paper) -> str:
    return str(json.loads(next(iter(journal.content.lines())))["note"])  # type: ignore[union-attr]  # it is an export


def _origin(journal: Paper) -> str:
    return _note(journal)


def test_a_box_without_a_journal_is_named_until_it_is_said_to_be_lost(scene: Scene) -> None:
    sell(scene.boxes["two"])
    scene.switch_off()
    alone = [scene.journal("one")]
    with pytest.raises(Refused) as refused:
        scene.tally(journals=alone)
    assert code_of(refused) == "close-no-journal"
    assert scene.thumbprint("two") in refused.value.sentence
    counted = scene.tally(journals=alone, lost=frozenset({scene.thumbprint("two")}))
    lost = {number for number, fate in counted.fates.numbered.items() if fate.st == "burned"}
    assert lost == set(range(6, 10))
    assert {counted.fates.numbered[number].why for number in lost} == {"leased to a box that is lost"}


def test_what_a_lost_box_showed_to_have_sold_stays_sold(scene: Scene) -> None:
    claim(scene.boxes["two"], sell(scene.boxes["two"]))
    counted = scene.tally(lost=frozenset({scene.thumbprint("two")}), journals=[scene.journal("two"), *_closed(scene)])
    assert [counted.fates.numbered[n].st for n in range(6, 10)] == ["sold", "burned", "burned", "burned"]


def _closed(scene: Scene) -> list[Paper]:
    scene.switch_off()
    return [scene.journal("one")]


def test_a_box_nobody_leased_anything_cannot_be_lost(scene: Scene) -> None:
    scene.switch_off()
    with pytest.raises(Refused) as refused:
        scene.tally(lost=frozenset({"A" * 43}))
    assert code_of(refused) == "close-lost"


def test_a_box_that_still_sells_is_closed_first(scene: Scene) -> None:
    with pytest.raises(Refused) as refused:
        scene.tally()
    assert code_of(refused) == "close-still-selling"


def test_a_payment_that_is_not_finished_holds_the_closing_up(scene: Scene) -> None:
    one = scene.boxes["one"]
    selling.send(one, selling.ask(one, selling.basket(one, DROP)))
    scene.switch_off()
    with pytest.raises(Refused) as refused:
        scene.tally()
    assert code_of(refused) == "close-payment-open"


def test_money_the_bank_may_still_refuse_holds_it_up(scene: Scene) -> None:
    one = scene.boxes["one"]
    sale = sell(one, "offline")
    scene.switch_off()
    with pytest.raises(Refused) as refused:
        scene.tally()
    assert code_of(refused) == "close-unsettled"
    settle(one, sale)
    assert scene.tally().fates.numbered[1].st == "sold"


def test_a_number_somebody_has_is_not_the_creators_to_keep(scene: Scene) -> None:
    sell(scene.boxes["one"])
    scene.switch_off()
    for numbers in ((1, 1), (12, 13)):
        with pytest.raises(Refused) as refused:
            scene.tally(artist=[numbers])
        assert code_of(refused) == "close-artist"


def test_a_closed_drop_is_leased_and_sold_no_more_and_no_second_statement_differs(scene: Scene) -> None:
    _, token = scene.close()
    counted = scene.tally()
    again = closings.sign(scene.creator, counted, now_s=NOW_S + 2 * DAY_S)  # it says the same
    assert closing_scene_says(token) == closing_scene_says(again)
    assert [
        one.verdict for one in verdicts.judge([scene.paper(token), scene.paper(again), scene.paper(scene.token)])
    ] == ["valid"] * 3
    other = scene.tally(artist=[(12, 12)])
    with pytest.raises(Refused) as refused:
        closings.sign(scene.creator, other, now_s=NOW_S + 2 * DAY_S)
    assert code_of(refused) == "close-signed"
    with pytest.raises(Refused) as refused:
        leases.issue(scene.creator, scene.token, scene.thumbprint("one"), "A" * 22, now_s=NOW_S, numbers=[(10, 10)])
    assert code_of(refused) == "drop-closed"
    with ledger.opened(scene.creator.folder) as book:
        assert book.close(DROP) is not None


def closing_scene_says(token: str) -> object:
    return {name: value for name, value in jws.unverified_claims(token).items() if name in {"man", "editions"}}


def test_the_statement_holds_by_the_manifest_it_names(scene: Scene) -> None:
    counted, token = scene.close()
    signed = closing.verify(token, {scene.creator.thumbprint: scene.creator.public})
    closing.check_manifest(signed, counted.manifest, scene.token)
    assert len(signed.editions or ()) == EDITION


def leased_behind_the_ledger(scene: Scene, name: str, numbers: tuple[int, int]) -> None:
    """A lease that the ledger knows nothing of, as after the ledger was lost: two boxes hold one number."""
    stall = scene.boxes[name]
    epoch = journal.read_head(stall.box.db.read()).epoch_text
    granted = Lease(
        iss=scene.creator.thumbprint, sub=scene.thumbprint(name), jti="A" * 22, iat=NOW_S - 60, exp=NOW_S + 9 * DAY_S, drop=DROP,
        man=jws.token_hash(scene.token), epoch=epoch, lease_seq=9, ranges=(numbers,),
    )  # fmt: skip
    with stall.box.db.transaction() as tx:
        accept_lease(tx, lease.sign(scene.creator.key, granted))


def test_a_number_two_boxes_sold_is_for_a_person_to_decide(scene: Scene) -> None:
    one, two = scene.boxes["one"], scene.boxes["two"]
    leased_behind_the_ledger(scene, "two", (1, 1))
    later = sell(one)
    two.clock.wall = one.clock.wall - 60_000
    first = sell(two)
    (held,), (other,) = claim(two, first), claim(one, later)
    scene.switch_off()
    with pytest.raises(Refused) as refused:
        scene.tally()
    assert code_of(refused) == "close-number-twice"
    for document in (held, other):
        assert certificate.digest(document) in refused.value.sentence
    counted = scene.tally(earliest=True)
    assert counted.fates.numbered[1].certificate == certificate.digest(held)
    kept = scene.tally(keep={1: certificate.digest(other)})
    assert kept.fates.numbered[1].certificate == certificate.digest(other)
    for wrong in ({1: "A" * 22}, {2: "A" * 22}):
        with pytest.raises(Refused) as refused:
            scene.tally(keep=wrong)
        assert code_of(refused) == "close-keep"
    token = closings.sign(scene.creator, counted, now_s=NOW_S + DAY_S)
    graded = verdicts.judge([*(scene.paper(one) for one in (held, other, token)), scene.paper(scene.token)])
    assert [one.code or one.grade for one in graded[:2]] == ["VALID-FINAL", "certificate-not-in-close"]


def test_numbers_a_box_gave_back_are_unsold_even_if_it_is_lost(scene: Scene) -> None:
    signing = scene.boxes["two"].box.secrets.signing
    epoch = journal.read_head(scene.boxes["two"].box.db.read()).epoch_text
    back = LeaseReturn(
        iss=signing.thumbprint, jti="A" * 22, iat=NOW_S, clk="ntp", epoch=epoch, seq=7, drop=DROP, ranges=((8, 9),)
    )
    paper = scene.paper(lease_return.sign(signing, back))
    scene.switch_off()
    counted = scene.tally(paper, journals=[scene.journal("one")], lost=frozenset({scene.thumbprint("two")}))
    assert [(n, counted.fates.numbered[n].st, counted.fates.numbered[n].why) for n in (7, 8)] == [
        (7, "burned", "leased to a box that is lost"),
        (8, "unsold", "given back by its box"),
    ]


def test_a_decline_of_the_cloud_burns_a_number(scene: Scene) -> None:
    one, cloud = scene.boxes["one"], closing_scene.owner_key(77)
    sale = sell(one, "offline")
    claim(one, sale)
    token = next(event.body["receipt"] for event in selling.events(one) if "receipt" in event.body)
    told = jws.unverified_claims(token)
    delegations.delegate(scene.creator, cloud.did, "cloud", now_s=NOW_S - 60)
    refused = Decline(
        iss=cloud.thumbprint, jti="A" * 22, iat=NOW_S + 60, box=scene.thumbprint("one"), ref=told["jti"],
        rcpt=jws.token_hash(token), pay=0, cur="EUR", minor=450, reason="no money there",
    )  # fmt: skip
    counted, _ = scene.close(scene.paper(decline.sign(cloud, refused)))
    assert counted.fates.numbered[1].st == "burned"


def test_an_altered_journal_closes_nothing(scene: Scene) -> None:
    scene.switch_off()
    lines = list(scene.journal("one").content.lines())  # type: ignore[union-attr]  # it is an export
    cut = Paper("cut.jsonl", Export(lambda: lines[:-1]))
    with pytest.raises(Refused) as refused:
        scene.tally(journals=[cut, scene.journal("two")])
    assert code_of(refused) == "close-paper"


def test_an_open_edition_lists_certificates_and_leaves_out_nobody_silently(tmp_path: Path) -> None:
    closing_scene.make(tmp_path / "template", edition=None)
    with closing_scene.opened(tmp_path / "template", tmp_path / "night") as scene:
        one, two = scene.boxes["one"], scene.boxes["two"]
        (kept,), (back,) = claim(one, sell(one)), claim(one, sell(one))
        refund(one, 2)
        (other,) = claim(two, sell(two, "card"))
        sell(two)
        scene.switch_off()
        with pytest.raises(Refused) as refused:
            scene.tally()
        assert code_of(refused) == "close-unclaimed"
        with pytest.raises(Refused) as refused:
            scene.tally(journals=[scene.journal("one")], unclaimed=True)
        assert code_of(refused) == "close-no-journal"
        counted, token = scene.close(unclaimed=True)
        assert counted.fates.left_out == 1
        listed = [entry["cert"] for entry in jws.unverified_claims(token)["editions"]]
        assert listed == sorted(map(certificate.digest, (kept, other)))
        graded = verdicts.judge([*(scene.paper(one) for one in (kept, other, back, token)), scene.paper(scene.token)])
        assert [one.code or one.grade for one in graded[:3]] == ["VALID-FINAL"] * 2 + ["certificate-not-in-close"]


def test_the_command_shows_what_it_signs_and_asks(
    scene: Scene, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    claim(scene.boxes["one"], sell(scene.boxes["one"]))
    scene.switch_off()
    files = []
    for name in scene.boxes:
        files.append(tmp_path / f"{name}.jsonl")
        files[-1].write_bytes(b"".join(scene.journal(name).content.lines()))  # type: ignore[union-attr]  # it is an export
    asked = ["close", "make", *map(str, files), "--creator", str(scene.creator.folder), "--pack", str(scene.pack)]
    asked += ["--artist", "12", "--out", str(tmp_path / "night.close")]
    assert run(*asked) == 2  # nobody is there to ask
    assert "add --yes" in capsys.readouterr().err
    assert not (tmp_path / "night.close").exists()
    assert run(*asked, "--yes") == 0
    said = capsys.readouterr().out
    assert "sold         1        1 sold: 1" in said
    assert "kept         1        1 kept by you: 12" in said
    assert run("verify", str(tmp_path / "night.close"), str(scene.pack)) == 0
    asked[-1] = str(tmp_path / "again.close")
    assert run(*asked, "--yes", "--json") == 0
    facts = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert facts["counts"] == {"sold": 1, "burned": 0, "unsold": 10, "artist": 1}


def test_a_long_edition_is_counted_and_its_list_lies_beside(tmp_path: Path) -> None:
    edition = closing.MAX_LISTED + 3
    closing_scene.make(tmp_path / "template", edition=edition)
    with closing_scene.opened(tmp_path / "template", tmp_path / "night") as scene:
        one = scene.boxes["one"]
        (document,) = claim(one, sell(one))
        scene.switch_off()
        files = []
        for name in scene.boxes:
            files.append(tmp_path / f"{name}.jsonl")
            files[-1].write_bytes(b"".join(scene.journal(name).content.lines()))  # type: ignore[union-attr]  # an export
        out = tmp_path / "night.close"
        creator = ["--creator", str(scene.creator.folder)]
        asked = ["close", "make", *map(str, files), *creator, "--pack", str(scene.pack), "--out", str(out), "--yes"]
        assert run(*asked) == 0
        said = jws.unverified_claims(out.read_text().strip())
        listed = (tmp_path / "night.close-list.jsonl").read_bytes().splitlines()
        assert (said["count"], len(listed), "editions" in said) == (edition, edition, False)
        assert json.loads(listed[0])["cert"] == certificate.digest(document)
        assert b64.encode(root_by_hand([hashlib.sha256(b"\0" + line).digest() for line in listed])) == said["root"]
        with one.box.db.transaction() as tx:
            accept_close(tx, out.read_text().strip())
        assert selling.events(one, "close")[0].body["copies"] == edition
        (tmp_path / "own.json").write_text(json.dumps(document))
        asked = [
            "close",
            "certificates",
            str(tmp_path / "own.json"),
            *creator,
            "--close",
            str(out),
            "--out",
            str(tmp_path / "new.zip"),
        ]
        assert run(*asked) == 0
        (tmp_path / "night.close-list.jsonl").write_bytes(b"\n".join(listed[:-1]) + b"\n")
        asked[-1] = str(tmp_path / "none.zip")
        assert run(*asked) == 1  # another list than the one signed


def root_by_hand(leaves: list[bytes]) -> bytes:
    """RFC 9162, clause 2.1.1."""
    if len(leaves) == 1:
        return leaves[0]
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + root_by_hand(leaves[:half]) + root_by_hand(leaves[half:])).digest()


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert isinstance(ended.value.code, int)
    return ended.value.code
