"""The golden vectors: what is accepted, what is refused and by which rule, and that the files are up to date."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stall.errors import StallError
from stall.wire import b64, claimcode, credential, event, jws, merkle, note
from tests.wire import casebook, documents, make_vectors

DOCUMENTS = casebook.documents()
SIGNED = [name for name, document in DOCUMENTS.items() if document.sign is not None]


def load(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((make_vectors.FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return content


def invalid(*names: str) -> list[Any]:
    """One parameter per broken rule, named by it."""
    return [pytest.param(name, case, id=f"{name}: {case['rule']}") for name in names for case in load(name)["invalid"]]


@pytest.mark.parametrize("name", sorted(path.name for path in make_vectors.FOLDER.iterdir()))
def test_committed_vectors_are_what_the_code_makes(name: str) -> None:
    made = make_vectors.written(make_vectors.vectors()[name])
    assert (make_vectors.FOLDER / name).read_text(encoding="utf-8") == made, "run python -m tests.wire.make_vectors"


def test_every_vector_file_is_committed() -> None:
    assert {path.name for path in make_vectors.FOLDER.iterdir()} == make_vectors.vectors().keys()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_valid_cases_are_read(name: str) -> None:
    for case in load(name)["valid"]:
        DOCUMENTS[name].read(case)


@pytest.mark.parametrize(("name", "case"), invalid(*DOCUMENTS))
def test_a_broken_rule_is_refused_by_its_code(name: str, case: dict[str, Any]) -> None:
    with pytest.raises(StallError) as caught:
        DOCUMENTS[name].read(case)
    assert caught.value.code == case["code"]


@pytest.mark.parametrize(("name", "case"), [param for param in invalid(*SIGNED) if "claims" in param.values[1]])
def test_claims_are_refused_by_the_same_code_before_they_are_signed(name: str, case: dict[str, Any]) -> None:
    parse = DOCUMENTS[name].parse
    assert parse is not None
    with pytest.raises(StallError) as caught:
        parse(case["claims"])
    assert caught.value.code == case["code"]


@pytest.mark.parametrize("name", SIGNED)
def test_a_token_holds_its_claims_and_is_signed_the_same_again(name: str) -> None:
    vectors, sign = load(name), DOCUMENTS[name].sign
    assert sign is not None
    for case in vectors["valid"]:
        assert jws.verify(case["token"], documents.TRUSTED, vectors["typ"]) == case["claims"]
        assert sign(case["claims"]) == case["token"]


def test_tokens_hold_their_claims_in_any_spelling() -> None:
    for case in load("tokens")["valid"]:
        assert jws.verify(case["token"], documents.TRUSTED, load("tokens")["typ"]) == case["claims"]


def test_certificates_verify_with_their_grade() -> None:
    for case in load("certificate")["valid"]:
        assert credential.verify(case["document"]).grade == case["grade"]


def test_a_note_gives_its_checkpoint_and_who_signed_it_when() -> None:
    vectors = load("note")
    verifiers = [note.Verifier(v["name"], bytes.fromhex(v["public"]), v["kind"]) for v in vectors["verifiers"]]
    for case in vectors["valid"]:
        opened = note.open(case["text"], verifiers)
        expected = note.Checkpoint(case["origin"], case["size"], bytes.fromhex(case["root"]))
        assert note.Checkpoint.parse(opened.body) == expected
        assert list(opened.signatures) == [note.Signature(**signed) for signed in case["signed"]]


def test_an_event_is_written_the_same_again_and_hashes_to_its_leaf() -> None:
    for case in load("event")["valid"]:
        data = case["event"].encode()
        assert event.encode(event.decode(data)) == data
        assert merkle.leaf_hash(data).hex() == case["leaf"]


def test_a_claim_code_is_derived_read_and_hashed() -> None:
    vectors = load("claimcode")
    key, epoch = bytes.fromhex(vectors["key"]), bytes.fromhex(vectors["epoch"])
    for case in vectors["valid"]:
        code = claimcode.derive(key, epoch, case["sale"], case["issue"])
        assert (code.hex(), claimcode.decode(case["text"])) == (case["code"], code)
        assert b64.encode(claimcode.digest(code)) == case["hash"]
