"""Papers signed by Digital Bazaar's JavaScript packages hold here, and ours hold there.

Their `eddsa-jcs-2022` 1.0.0 (with data-integrity 2.5.0, ed25519-multikey 1.3.1, jsonld-signatures 11.6.0, on Node 20.20) follows
W3C vc-di-eddsa 3.3: `@context` stands in the proof and is signed with it. What it signed is kept in
`vc/theirs.json`, made by `vc/sign.mjs` with the seeds of our vectors, so that needs no Node. No gate installs the packages:
by hand, `npm ci --ignore-scripts` in `vc/` brings them, and the two tests that ask them run.
"""

from __future__ import annotations

import copy
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from stall.errors import WireError
from stall.wire import badge, base58, credential, presentation, proof
from tests.house.sources import ROOT
from tests.wire import documents as doc
from tests.wire.make_vectors import FOLDER

VC = ROOT / "tests/interop/vc"
NODE = shutil.which("node")

THEIRS: dict[str, Any] = json.loads((VC / "theirs.json").read_text(encoding="utf-8"))
BY_BOX, BY_CREATOR = THEIRS["certificates"]
ANSWER = THEIRS["presentation"]

Verify = Callable[[dict[str, Any]], object]


def verify_answer(document: dict[str, Any]) -> presentation.Shown:
    now_s = proof.parse_timestamp(ANSWER["document"]["proof"]["created"]) + 60
    return presentation.verify(document, ANSWER["challenge"], ANSWER["domain"], now_s)


ALL: dict[str, tuple[dict[str, Any], Verify]] = {
    "certificate by the box": (BY_BOX, credential.verify),
    "certificate by the creator": (BY_CREATOR, credential.verify),
    "badge": (THEIRS["badge"], badge.verify),
    "presentation": (ANSWER["document"], verify_answer),
}
SIGNERS = dict(zip(ALL, (doc.BOX, doc.CREATOR, doc.BOX, doc.OWNER), strict=True))


def with_text(document: dict[str, Any], path: tuple[str | int, ...], change: Callable[[str], str]) -> dict[str, Any]:
    changed = copy.deepcopy(document)
    place: Any = changed
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = change(place[path[-1]])
    return changed


def later(created: str) -> str:
    return created.replace("41Z", "42Z")


def bit_turned(value: str) -> str:
    data = bytearray(base58.decode(value[1:]))
    data[len(data) // 2] ^= 1
    return "z" + base58.encode(bytes(data))


def altered() -> Iterator[Any]:
    """Each paper with one sign changed: in what it says, in its proof's date, in its signature."""
    for name, (document, verify) in ALL.items():
        inside: tuple[str | int, ...] = ("issuer", "name")
        if "holder" in document:  # an answer holds no free text of its own
            inside = ("verifiableCredential", 0, "issuer", "name")
        yield pytest.param(name, with_text(document, inside, lambda old: old[:-1] + "?"), verify, id=f"{name}: text")
        yield pytest.param(name, with_text(document, ("proof", "created"), later), verify, id=f"{name}: date")
        yield pytest.param(name, with_text(document, ("proof", "proofValue"), bit_turned), verify, id=f"{name}: value")


def purpose_of(name: str) -> str:
    return proof.AUTHENTICATION if name == "presentation" else proof.PURPOSE


@pytest.mark.parametrize("name", [name for name in ALL if name != "presentation"])
def test_their_proof_alone_verifies_here(name: str) -> None:
    assert credential.verify_proof(ALL[name][0]) == SIGNERS[name].public


def test_their_answer_to_a_challenge_verifies_here_but_asserts_nothing() -> None:
    assert proof.verify(ANSWER["document"], proof.AUTHENTICATION) == doc.OWNER.public
    with pytest.raises(WireError) as caught:
        credential.verify_proof(ANSWER["document"])
    assert caught.value.code == "proof-wrong-purpose"


def test_their_certificates_hold_here_with_the_grade_of_their_signer() -> None:
    by_box, by_creator = credential.verify(BY_BOX), credential.verify(BY_CREATOR)
    assert (by_box.by_creator, by_box.grade, by_box.owner) == (False, credential.PROVISIONAL, doc.OWNER.did)
    assert by_box.delegation is not None
    assert by_box.delegation.sub == doc.BOX.did
    assert (by_creator.by_creator, by_creator.grade, by_creator.delegation) == (True, credential.FINAL, None)


def test_their_badge_holds_here() -> None:
    held = badge.verify(THEIRS["badge"])
    assert (held.issuer, held.creator, held.owner) == (doc.BOX.public, doc.CREATOR.did, doc.OWNER.did)


def test_their_presentation_of_their_certificate_holds_here() -> None:
    shown = verify_answer(ANSWER["document"])
    assert (shown.holder, shown.certificate.document) == (doc.OWNER.did, BY_BOX)


@pytest.mark.parametrize(("name", "document", "verify"), list(altered()))
def test_one_sign_changed_and_it_holds_no_more(name: str, document: dict[str, Any], verify: Verify) -> None:
    for check in (verify, lambda it: proof.verify(it, purpose_of(name))):
        with pytest.raises(WireError) as caught:
            check(document)
        assert caught.value.code == "proof-bad-signature"


@pytest.mark.parametrize("name", ALL)
def test_we_sign_the_same_paper_with_the_same_bytes(name: str) -> None:
    document = ALL[name][0]
    bare = {member: value for member, value in document.items() if member != "proof"}
    created_s = proof.parse_timestamp(document["proof"]["created"])
    more = {member: document["proof"][member] for member in ("challenge", "domain") if member in document["proof"]}
    assert proof.add(SIGNERS[name], bare, created_s, purpose_of(name), more) == document


def run(script: str, lines: str = "") -> str:
    """Run one of their two scripts; skips where it cannot run."""
    if NODE is None or not (VC / "node_modules/@digitalbazaar/eddsa-jcs-2022-cryptosuite").is_dir():
        pytest.skip("Digital Bazaar's packages are not installed in tests/interop/vc (npm ci --ignore-scripts)")
    ran = subprocess.run(
        [NODE, str(VC / script)], input=lines, capture_output=True, encoding="utf-8", timeout=50, check=False
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    return ran.stdout


def wrongly_signed() -> list[dict[str, Any]]:
    """Our certificates whose signature is wrong, one of them only to who asks without cofactor, as they do too."""
    cases = json.loads((FOLDER / "certificate.json").read_text(encoding="utf-8"))["invalid"]
    return [{"document": case["document"]} for case in cases if case["code"] == "proof-bad-signature"]


def our_questions() -> list[dict[str, Any]]:
    """All valid vectors, each with what was asked of its holder."""
    files = [FOLDER / f"{name}.json" for name in ("certificate", "badge", "presentation")]
    cases = [case for file in files for case in json.loads(file.read_text(encoding="utf-8"))["valid"]]
    return [{key: case[key] for key in ("document", "challenge", "domain") if key in case} for case in cases]


def test_ours_hold_there_and_do_not_with_one_sign_changed() -> None:
    asked = our_questions()
    wrong = [{**one, "document": with_text(one["document"], ("proof", "proofValue"), bit_turned)} for one in asked]
    wrong += [{**one, "challenge": "another-challenge-altogether"} for one in asked if "challenge" in one]
    wrong += wrongly_signed()
    said = run("check.mjs", "".join(json.dumps(one) + "\n" for one in asked + wrong)).splitlines()
    assert [json.loads(line)["ok"] for line in said] == [True] * len(asked) + [False] * len(wrong)


def test_they_sign_today_what_they_signed_then() -> None:
    assert json.loads(run("sign.mjs")) == THEIRS, "in tests/interop/vc run node sign.mjs > theirs.json"
