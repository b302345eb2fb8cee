"""An owner passes a certificate on: only by the creator's hand, once, and what counts no more is told to whoever asks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from stall.cli import main
from stall.creator import closings, countersigning, ledger, packs, passing, revocations, revoking, taken_back, verdicts
from stall.creator.packs import PackOptions
from stall.creator.passing import PassedOn
from stall.errors import Refused, StallError
from stall.store import packfile
from stall.wire import certificate, credential, presentation, seal
from stall.wire.keys import SigningKey
from stall.wire.manifest import Manifest, Revoked
from tests.creator import closing_scene
from tests.creator.closing_scene import DAY_S, DROP, NOW_S, TITLE, Scene, claim, refund, refuse, sell
from tests.fakes.stock import Stocked

FIRST, NEXT, THIRD = (closing_scene.owner_key(n) for n in (41, 42, 43))
DOMAIN = "ada.example"
LATER = NOW_S + 2 * DAY_S


def bought(stall: Stocked, owner: SigningKey = FIRST, how: str = "cash") -> dict[str, Any]:
    (document,) = claim(stall, sell(stall, how), owner.did)
    return document


def answer(scene: Scene, document: dict[str, Any], by: SigningKey, to: SigningKey | None) -> dict[str, Any]:
    challenge = passing.ask(scene.creator.folder, DOMAIN, now_s=LATER)
    return presentation.prove(by, document, challenge, DOMAIN, LATER + 60, None if to is None else to.did)


def passed_on(
    scene: Scene, document: dict[str, Any], by: SigningKey = FIRST, to: SigningKey = NEXT, *more: Any
) -> PassedOn:
    return passing.pass_on(
        scene.creator,
        scene.token,
        answer(scene, document, by, to),
        [scene.paper(one) for one in more],
        now_s=LATER + 90,
    )


def next_version(scene: Scene, tmp_path: Path, *named: Revoked) -> Manifest:
    with packfile.open_pack(scene.pack) as opened:
        return revoking.next_version(
            scene.creator,
            opened.manifest_token,
            opened.arriving(),
            tmp_path / "next.stallpack",
            named,
            now_s=LATER + 100,
        )


def grades(scene: Scene, *papers: Any) -> list[str]:
    found = verdicts.judge([scene.paper(one) for one in papers])
    return [one.code or one.reason or one.verdict for one in found]


def test_the_next_owner_has_a_certificate_of_the_creators_own_and_the_one_before_is_revoked(
    scene: Scene, tmp_path: Path
) -> None:
    old = bought(scene.boxes["one"])
    passed = passed_on(scene, old)
    held = credential.verify(passed.document)
    assert (held.by_creator, held.owner, held.settlement) == (True, NEXT.did, "settled")
    assert seal.digest_of(passed.document) == seal.digest_of(old)
    assert passed.document["id"] != old["id"]
    assert (passed.old, passed.new) == (certificate.digest(old), certificate.digest(passed.document))
    # a stranger with the old paper alone cannot know; the next version tells
    assert grades(scene, old, passed.document, scene.token)[:2] == ["provisional-unconfirmed", "final-creator"]
    new = next_version(scene, tmp_path)
    assert [(one.kind, one.ref) for one in new.revoked] == [("cert", passed.old)]
    with packfile.open_pack(tmp_path / "next.stallpack") as opened:
        for entry in opened.entries:
            opened.check(entry)
        told = opened.manifest_token
    assert grades(scene, old, passed.document, told)[:2] == ["revoked-certificate", "final-creator"]


def test_what_was_passed_on_is_revoked_by_any_next_version(scene: Scene, tmp_path: Path) -> None:
    passed = passed_on(scene, bought(scene.boxes["one"]))
    options = PackOptions(
        title=TITLE, price_minor=450, opens_s=NOW_S - DAY_S, closes_s=NOW_S + 20 * DAY_S, edition=12, after=scene.token
    )
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "night.txt").write_text("It was dark.\n")
    built = packs.build(tmp_path / "files", tmp_path / "next.stallpack", scene.creator, options, now_s=LATER)
    assert [one.ref for one in built.manifest.revoked] == [passed.old]


def test_building_a_version_says_what_was_passed_on_before_it_is_revoked_and_carries_it_on_after(
    scene: Scene, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    passed = passed_on(scene, bought(scene.boxes["one"]))
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "night.txt").write_text("It was dark.\n")
    asked = ["pack", "build", tmp_path / "files", "--creator", scene.creator.folder, "--title", TITLE]
    asked += ["--price", "4.50", "--edition", 12, "--yes"]
    assert run(*asked, "--after", scene.pack, "--out", tmp_path / "second.stallpack") == 0
    said = " ".join(capsys.readouterr().out.split())
    assert f"revokes for good: certificate {passed.old}" in said
    assert "carries on" not in said
    assert "import it on every box" in said
    assert run(*asked, "--after", tmp_path / "second.stallpack", "--out", tmp_path / "third.stallpack") == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "carries on what earlier versions revoked: 1 in all" in said
    assert "for good" not in said


def test_a_certificate_goes_from_hand_to_hand_and_the_closing_lists_the_newest(scene: Scene, tmp_path: Path) -> None:
    one = scene.boxes["one"]
    old = bought(one)
    second = passed_on(scene, old)
    third = passed_on(scene, second.document, NEXT, THIRD)
    counted, token = scene.close()
    assert counted.fates.numbered[1].certificate == third.new
    next_version(scene, tmp_path)
    with packfile.open_pack(tmp_path / "next.stallpack") as opened:
        told = opened.manifest_token
    assert grades(scene, old, token, scene.token)[0] == "certificate-not-in-close"
    assert grades(scene, old, second.document, third.document, token, told, scene.token) == [
        "revoked-certificate", "revoked-certificate", "final-creator", "valid", "valid", "valid",
    ]  # fmt: skip


def test_nothing_is_passed_on_that_nobody_asked_or_that_does_not_count(scene: Scene) -> None:
    one = scene.boxes["one"]
    document = bought(one)
    asked = answer(scene, document, FIRST, NEXT)
    others = presentation.prove(FIRST, document, "A" * 32, DOMAIN, LATER, NEXT.did)
    nobody = answer(scene, document, FIRST, None)
    cases: list[tuple[dict[str, Any], int, str]] = [
        (others, LATER, "pass-challenge"),
        (nobody, LATER + 90, "pass-no-owner"),
        (asked, LATER + 8 * DAY_S, "presentation-stale"),
    ]
    for given, now_s, code in cases:
        with pytest.raises(StallError) as refused:
            passing.pass_on(scene.creator, scene.token, given, now_s=now_s)
        assert refused.value.code == code
    passing.pass_on(scene.creator, scene.token, asked, now_s=LATER + 90)
    proof = asked["proof"]
    other = presentation.prove(FIRST, document, proof["challenge"], DOMAIN, LATER + 60, THIRD.did)
    for given in (other, answer(scene, document, FIRST, THIRD), answer(scene, document, FIRST, NEXT)):
        with pytest.raises(Refused) as again:
            passing.pass_on(scene.creator, scene.token, given, now_s=LATER + 90)
        assert again.value.code == "pass-again"
    with ledger.opened(scene.creator.folder) as book:
        assert len(book.passed(DROP)) == 1


def test_the_same_answer_gives_the_same_certificate_again_where_the_first_reached_no_disk(scene: Scene) -> None:
    old = bought(scene.boxes["one"])
    asked = answer(scene, old, FIRST, NEXT)
    first, again = (
        passing.pass_on(scene.creator, scene.token, asked, now_s=LATER + later) for later in (90, 5 * DAY_S)
    )
    assert again == first
    with ledger.opened(scene.creator.folder) as book:
        assert [(one, row.new) for one, row in book.passed(DROP).items()] == [(first.old, first.new)]
    assert passed_on(scene, first.document, NEXT, THIRD).old == first.new


def test_a_certificate_that_was_taken_back_is_passed_on_by_nobody(scene: Scene) -> None:
    one = scene.boxes["one"]
    sale = sell(one)
    (document,) = claim(one, sale, FIRST.did)
    refund(one, sale)
    _, token = scene.close()
    with pytest.raises(Refused) as refused:
        passed_on(scene, document)
    assert refused.value.code == "pass-needs-close"
    with pytest.raises(Refused) as refused:
        passed_on(scene, document, FIRST, NEXT, token)
    assert refused.value.code == "pass-does-not-count"


def test_one_whose_payment_has_not_arrived_waits(scene: Scene) -> None:
    document = bought(scene.boxes["one"], how="offline")
    with pytest.raises(Refused) as refused:
        passed_on(scene, document)
    assert refused.value.code == "pass-pending"


def test_after_the_closing_a_listed_certificate_is_passed_on_and_only_the_next_version_ends_the_old_one(
    scene: Scene, tmp_path: Path
) -> None:
    old = bought(scene.boxes["one"])
    _, token = scene.close()
    passed = passed_on(scene, old, FIRST, NEXT, token)
    assert grades(scene, old, token, scene.token)[0] == "final-close"
    new = next_version(scene, tmp_path)
    assert new.drop.window.exp <= LATER + 100  # it sells nothing
    with packfile.open_pack(tmp_path / "next.stallpack") as opened:
        told = opened.manifest_token
    assert grades(scene, old, passed.document, token, told)[:2] == ["revoked-certificate", "final-creator"]


@pytest.mark.parametrize("form", ["box", "creator"])
def test_both_forms_of_a_certificate_count_no_more_once_it_is_passed_on(
    scene: Scene, tmp_path: Path, form: str
) -> None:
    old = bought(scene.boxes["one"])
    _, token = scene.close()
    (own,) = signed_anew(scene, token, old)
    passed = passed_on(scene, old if form == "box" else own, FIRST, NEXT, token)
    next_version(scene, tmp_path)
    with packfile.open_pack(tmp_path / "next.stallpack") as opened:
        told = opened.manifest_token
    assert grades(scene, old, own, passed.document, token, told)[:3] == [
        "revoked-certificate", "revoked-certificate", "final-creator",
    ]  # fmt: skip
    assert signed_anew(scene, token, old) == []  # nor is it signed once more for who had it before


def test_whoever_revokes_one_form_of_a_certificate_revokes_both(scene: Scene, tmp_path: Path) -> None:
    old = bought(scene.boxes["one"])
    _, token = scene.close()
    (own,) = signed_anew(scene, token, old)
    (tmp_path / "own.json").write_text(json.dumps(own))
    named = revocations.read(scene.creator, "cert", str(tmp_path / "own.json"), LATER)
    new = next_version(scene, tmp_path, named)
    assert {one.ref for one in new.revoked} == {certificate.digest(old), certificate.digest(own)}


def signed_anew(scene: Scene, token: str, document: dict[str, Any]) -> list[dict[str, Any]]:
    close = countersigning.read_close(scene.creator, token)
    entries = countersigning.entries_of(close, ())
    signed = countersigning.countersign(scene.creator, close, entries, [("old.json", document)], (), now_s=LATER)
    return list(signed.documents.values())


def test_what_takes_back_is_gathered_into_one_zip_that_anybody_checks_with(scene: Scene, tmp_path: Path) -> None:
    one, two = scene.boxes["one"], scene.boxes["two"]
    kept = bought(one)
    sale = sell(one)
    (back,) = claim(one, sale)
    refund(one, sale)
    lost_sale = sell(two, "offline")
    (lost,) = claim(two, lost_sale)
    refuse(two, lost_sale)
    _, token = scene.close()
    found = taken_back.gather(scene.creator, DROP, [scene.paper(scene.token), scene.paper(token), *scene.journals()])
    assert sorted(found) == [
        "close-1.jws", "delegation-1.jws", "delegation-2.jws", "manifest-1.jws", "receipt-1.jws", "refund-1.jws",
    ]  # fmt: skip
    assert grades(scene, kept, back, lost, *found.values())[:3] == [
        "final-close", "revoked-refund", "certificate-not-in-close",
    ]  # fmt: skip
    # named in the next version, one paper says it all
    told = revoking.taken_back(closings_told(scene), packed(scene), LATER)
    assert {one.ref for one in told} == {certificate.digest(back), certificate.digest(lost)}
    taken_back.write(tmp_path / "revoked.zip", found)
    for name, document, code in (("kept", kept, 0), ("back", back, 1)):
        (tmp_path / f"{name}.json").write_text(json.dumps(document))
        assert run("verify", tmp_path / f"{name}.json", tmp_path / "revoked.zip") == code


def closings_told(scene: Scene) -> Any:
    return closings.told_by(scene.creator, scene.journals(), DROP)


def packed(scene: Scene) -> Any:
    with packfile.open_pack(scene.pack) as opened:
        return opened.manifest


def test_the_commands_lead_from_one_owner_to_the_next(
    scene: Scene, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    codes = [tmp_path / f"{name}.code" for name in ("first", "next")]
    dids = []
    for code in codes:
        assert run("owner", "new", "--out", code, "--json") == 0
        dids.append(json.loads(capsys.readouterr().out)["did"])
    (document,) = claim(scene.boxes["one"], sell(scene.boxes["one"]), dids[0])
    (tmp_path / "old.json").write_text(json.dumps(document))
    creator = ("--creator", scene.creator.folder)
    assert run("certificate", "ask", *creator, "--domain", DOMAIN, "--json") == 0
    challenge = json.loads(capsys.readouterr().out)["challenge"]
    assert run("owner", "prove", tmp_path / "old.json", "--challenge", challenge, "--domain", DOMAIN, "--code-file", codes[0],
               "--to", dids[1], "--out", tmp_path / "answer.json") == 0  # fmt: skip
    assert (
        run(
            "certificate",
            "pass-on",
            tmp_path / "answer.json",
            *creator,
            "--pack",
            scene.pack,
            "--out",
            tmp_path / "new.json",
        )
        == 0
    )
    assert run("certificate", "revoke", *creator, "--pack", scene.pack, "--out", tmp_path / "next.stallpack") == 0
    assert "which revokes 1 certificate in all" in capsys.readouterr().out
    assert run("verify", tmp_path / "new.json", tmp_path / "next.stallpack") == 0
    assert run("verify", tmp_path / "old.json", tmp_path / "next.stallpack") == 1
    assert (
        run(
            "certificate",
            "revoke",
            *creator,
            "--pack",
            tmp_path / "next.stallpack",
            "--out",
            tmp_path / "none.stallpack",
        )
        == 1
    )
    assert "[revoke-nothing]" in capsys.readouterr().err
    assert (
        run("close", "revocations", *creator, "--pack", tmp_path / "next.stallpack", "--out", tmp_path / "revoked.zip")
        == 0
    )
    assert run("verify", tmp_path / "old.json", tmp_path / "revoked.zip") == 1


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main([str(one) for one in arguments])
    assert isinstance(ended.value.code, int)
    return ended.value.code
