"""`verify` and what others than the creator sign: delegated signers, a cloud's leases, checkpoints, exported journals."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import pytest

from stall.cli import main
from stall.creator import delegations, leases, papers, verdicts
from stall.creator.keyring import Creator
from stall.creator.packs import BuiltPack
from stall.creator.papers import Content, Export, Paper, Text
from stall.creator.terms import Span
from stall.creator.verdicts import Verdict
from stall.wire import b64, event, jws, keys, lease, manifest, merkle, note, receipt
from stall.wire.event import Event
from tests.creator.conftest import DAY_S, NOW_S
from tests.creator.test_what_papers_prove import receipt_claims

BOX = keys.SigningKey.from_seed(bytes([1]) * 32)
CLOUD = keys.SigningKey.from_seed(bytes([2]) * 32)
SIGNER = keys.SigningKey.from_seed(bytes([3]) * 32)
EPOCH = bytes(16)
ORIGIN = note.origin(BOX.thumbprint, EPOCH)
CLOUD_NAME = f"stall.example/cloud/{CLOUD.thumbprint[:12]}"


def judged(*contents: Content, creator_did: str | None = None, as_of_s: int | None = None) -> list[Verdict]:
    handed_in = [Paper(f"paper {n}", content) for n, content in enumerate(contents)]
    return verdicts.judge(handed_in, creator_did, None if as_of_s is None else Span(as_of_s, as_of_s))


def outcome(verdict: Verdict) -> tuple[bool, str | None, str | None]:
    return verdict.ok, verdict.grade, verdict.code


@pytest.fixture
def box(own_creator: Creator) -> str:
    return delegations.delegate(own_creator, BOX.did, "box", now_s=NOW_S, name="Fair box")


@pytest.fixture
def cloud(own_creator: Creator) -> str:
    return delegations.delegate(own_creator, CLOUD.did, "cloud", now_s=NOW_S)


@pytest.fixture
def pack(own_creator: Creator, folder: Path, build: Callable[..., BuiltPack]) -> BuiltPack:
    return build(folder, signer=own_creator)


def by_signer(pack: BuiltPack) -> str:
    return jws.sign(SIGNER, manifest.TYP, manifest.claims(pack.manifest))


def test_a_manifest_by_a_signer_holds_with_the_signers_delegation_and_not_without(
    own_creator: Creator, pack: BuiltPack
) -> None:
    given = delegations.delegate(own_creator, SIGNER.did, "signer", now_s=NOW_S)
    found, _ = judged(by_signer(pack), given)
    assert outcome(found) == (True, "VALID", None)
    assert [link.role for link in found.chain] == ["signer", "creator"]
    assert (found.chain[0].did, found.chain[1].did) == (SIGNER.did, own_creator.did)
    assert judged(by_signer(pack))[0].code == "token-unknown-key"


def test_a_manifest_from_before_its_signers_delegation_is_refused(own_creator: Creator, pack: BuiltPack) -> None:
    late = delegations.delegate(own_creator, SIGNER.did, "signer", now_s=NOW_S + DAY_S)
    assert judged(by_signer(pack), late)[0].code == "verify-needs-delegation"


def by_cloud(own_creator: Creator, pack: BuiltPack) -> str:
    token = leases.issue(own_creator, pack.token, BOX.thumbprint, b64.encode(EPOCH), now_s=NOW_S, count=3)
    plain = lease.claims(lease.verify(token, {own_creator.key.thumbprint: own_creator.key.public}))
    return lease.sign(CLOUD, lease.parse(plain | {"iss": CLOUD.thumbprint}))


def test_a_lease_by_a_cloud_holds_if_the_creator_let_it_lease(own_creator: Creator, pack: BuiltPack) -> None:
    token = by_cloud(own_creator, pack)
    may = delegations.delegate(own_creator, CLOUD.did, "cloud", now_s=NOW_S, caps=("lease",), drops=("night-prints",))
    found, _ = judged(token, may)
    assert outcome(found) == (True, "VALID", None)
    assert [link.role for link in found.chain] == ["cloud", "creator"]


def test_a_lease_by_a_cloud_that_may_only_cosign_is_refused(own_creator: Creator, pack: BuiltPack) -> None:
    token = by_cloud(own_creator, pack)
    may_not = delegations.delegate(own_creator, CLOUD.did, "cloud", now_s=NOW_S, caps=("cosign",))
    assert judged(token, may_not)[0].code == "delegation-cap"


def test_a_receipt_of_a_box_revoked_before_it_is_revoked(own_creator: Creator, pack: BuiltPack, box: str) -> None:
    newer = manifest.claims(pack.manifest) | {"ver": 2, "prev": pack.manifest_hash}
    sold = jws.sign(BOX, receipt.RECEIPT, receipt_claims(iat=NOW_S + 60))
    for at, grade in ((NOW_S + 60, "REVOKED"), (NOW_S + 61, "VALID")):
        newer["revoked"] = [{"kind": "box", "ref": BOX.thumbprint, "at": at}]
        found, *_ = judged(sold, box, manifest.sign(own_creator.key, manifest.parse(newer)))
        assert (found.ok, found.grade) == (grade == "VALID", grade)


def checkpoint(size: int = 3, root: bytes = bytes(32)) -> str:
    return note.sign(BOX, ORIGIN, note.Checkpoint(ORIGIN, size, root).body())


def test_a_checkpoint_names_its_box_and_the_cloud_that_saw_it(box: str, cloud: str) -> None:
    text = note.cosign(CLOUD, CLOUD_NAME, checkpoint(), NOW_S + 90)
    found, *_ = judged(Text(text), box, cloud)
    assert outcome(found) == (True, "VALID", None)
    assert "3 events" in found.says[0]
    assert f"It was cosigned by {CLOUD_NAME} on 2026-11-18." in found.says


def test_a_cosignature_at_a_time_no_calendar_has_is_told(box: str) -> None:
    text = note.cosign(CLOUD, "a-cloud", checkpoint(), 2**62)
    cosigner = note.Verifier("a-cloud", CLOUD.public, note.COSIGNATURE_KIND)
    found, _ = verdicts.judge([Paper("note", Text(text)), Paper("box", box)], cosigners=[cosigner])
    assert f"It was cosigned by a-cloud on second {2**62}." in found.says


def test_a_cosignature_from_outside_the_clouds_delegation_is_not_told(box: str, cloud: str) -> None:
    text = note.cosign(CLOUD, CLOUD_NAME, checkpoint(), NOW_S - DAY_S)
    found, *_ = judged(Text(text), box, cloud)
    assert found.ok
    assert not any("cosigned by" in line for line in found.says)


def test_a_checkpoint_of_an_unknown_box_proves_nothing() -> None:
    assert judged(Text(checkpoint()))[0].code == "verify-needs-delegation"


def test_two_checkpoints_of_one_size_and_two_roots_are_a_fork_that_both_tell(box: str) -> None:
    one, other, later, _ = judged(Text(checkpoint()), Text(checkpoint(root=b"1" * 32)), Text(checkpoint(4)), box)
    assert (one.code, other.code, later.code) == ("verify-forked", "verify-forked", None)


def test_two_receipts_in_one_place_of_a_journal_are_a_fork_that_both_tell(box: str) -> None:
    sold = [jws.sign(BOX, receipt.RECEIPT, receipt_claims(jti=b64.encode(bytes([n]) * 16))) for n in (1, 2)]
    assert [one.code for one in judged(*sold, box)] == ["verify-forked", "verify-forked", None]


def journal() -> Export:
    """The shortest journal: an epoch that begins, and nothing else."""
    data = event.encode(Event(b64.encode(EPOCH), 0, "epoch", NOW_S * 1000, "ntp", {"parent": None}))
    text = note.sign(BOX, ORIGIN, note.Checkpoint(ORIGIN, 1, merkle.leaf_hash(data)).body())
    lines: list[dict[str, object]] = [
        {"type": "checkpoint", "box": BOX.did, "epoch": b64.encode(EPOCH), "epochs": 1, "note": text},
        {"type": "event", "seq": 0, "bytes": b64.encode(data)},
    ]
    return Export(lambda: [json.dumps(line).encode() + b"\n" for line in lines])


def test_a_journal_is_told_with_the_box_and_the_creator_behind_it(own_creator: Creator, box: str) -> None:
    found, _ = judged(journal(), box, creator_did=own_creator.did)
    assert outcome(found) == (True, "VALID", None)
    assert [link.did for link in found.chain] == [BOX.did, own_creator.did]
    assert any("may be left out" in line for line in found.says)


def test_a_journal_alone_cannot_be_told_as_a_receipt_alone_cannot(own_creator: Creator) -> None:
    sold = jws.sign(BOX, receipt.RECEIPT, receipt_claims())
    for expected in (None, own_creator.did):
        alone = judged(journal(), creator_did=expected)[0]
        assert (alone.verdict, alone.code, len(alone.chain)) == ("unknown", "verify-needs-delegation", 1)
        assert alone.says[0].startswith("Epoch ")
        assert judged(sold, creator_did=expected)[0].code == alone.code


def test_a_journal_does_not_count_on_a_day_before_its_first_event(box: str) -> None:
    for days, code in ((-1, "verify-not-yet"), (0, None), (1, None)):
        assert judged(journal(), box, as_of_s=NOW_S + days * DAY_S)[0].code == code


def test_a_journal_that_differs_from_a_checkpoint_of_the_same_box_is_a_fork(box: str) -> None:
    found = judged(journal(), Text(checkpoint(1)), box)
    assert [one.code for one in found] == ["verify-forked", "verify-forked", None]


def test_a_journal_in_which_another_receipt_stands_than_was_handed_out_is_a_fork(box: str) -> None:
    sold = jws.sign(BOX, receipt.RECEIPT, receipt_claims(seq=0))
    assert judged(journal(), sold, box)[0].code == "verify-forked"
    beyond = jws.sign(BOX, receipt.RECEIPT, receipt_claims(seq=12))
    assert judged(journal(), beyond, box)[0].ok


@pytest.mark.parametrize(("days", "code"), [(-1, "verify-not-yet"), (0, None), (90, None), (91, "verify-over")])
def test_with_a_day_named_a_paper_must_be_in_force_then(box: str, days: int, code: str | None) -> None:
    assert judged(box, as_of_s=NOW_S + days * DAY_S)[0].code == code


def test_what_a_box_says_of_its_keys_brings_its_delegations(box: str) -> None:
    data = json.dumps({"box": {"did": BOX.did}, "creators": [], "delegations": [box]}).encode()
    assert papers.read_all("keys.json", data) == [Paper("keys.json/1", box)]


def test_the_command_tells_signer_chain_and_grade_as_json(
    own_creator: Creator, box: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "box.jws").write_text(box)
    (tmp_path / "note.txt").write_text(note.cosign(CLOUD, "a-cloud", checkpoint(2), NOW_S))
    (tmp_path / "fork.txt").write_text(checkpoint(1))
    (tmp_path / "journal.jsonl").write_bytes(b"".join(journal().lines()))
    files = [str(tmp_path / name) for name in ("box.jws", "journal.jsonl")]
    with pytest.raises(SystemExit) as ended:
        main(["verify", *files, "--json"])
    told = json.loads(capsys.readouterr().out)
    assert (ended.value.code, told["ok"]) == (0, True)
    creator, delegate = {"role": "creator", "did": own_creator.did}, {"role": "box", "did": BOX.did, "name": "Fair box"}
    assert [(one["what"], one["grade"], one["signer"], one["chain"]) for one in told["papers"]] == [
        ("delegation", "VALID", own_creator.did, [creator]),
        ("journal", "VALID", BOX.did, [delegate, creator]),
    ]
    notes = [str(tmp_path / name) for name in ("note.txt", "fork.txt")]
    with pytest.raises(SystemExit) as ended:
        main(["verify", *files, *notes, "--cosigner", f"a-cloud={b64.encode(CLOUD.public)}"])
    said = capsys.readouterr().out
    assert ended.value.code == 1
    assert "note.txt: checkpoint, VALID\n" in said
    assert "cosigned by a-cloud" in said
    assert said.count("INVALID [verify-forked]") == 2  # the root in fork.txt is not that of the journal


def test_a_pack_by_a_signer_is_checked_with_the_signers_delegation(
    own_creator: Creator, pack: BuiltPack, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    packed, given = tmp_path / "signed.stallpack", tmp_path / "signer.jws"
    with ZipFile(pack.path) as built, ZipFile(packed, "w") as signed:
        for name in built.namelist():
            signed.writestr(name, by_signer(pack) if name == "manifest.jws" else built.read(name))
    given.write_text(delegations.delegate(own_creator, SIGNER.did, "signer", now_s=NOW_S))
    for files, code in (([packed, given], 0), ([packed], 1)):
        with pytest.raises(SystemExit) as ended:
            main(["verify", *map(str, files), "--creator-did", own_creator.did])
        assert ended.value.code == code
    assert "Every byte of its 3 files" in capsys.readouterr().out


def test_a_cosigner_written_wrongly_is_said_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x").write_text("x")
    with pytest.raises(SystemExit) as ended:
        main(["verify", str(tmp_path / "x"), "--cosigner", "a-cloud"])
    said = capsys.readouterr().err
    assert ended.value.code == 2
    assert "'--cosigner'" in said
    assert "NAME=KEY" in said
