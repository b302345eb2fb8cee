"""The golden vectors: what is accepted, what is refused and by which rule, and that the files are up to date."""

from __future__ import annotations

import json
from types import ModuleType
from typing import Any

import pytest

from stall.errors import WireError
from stall.wire import credential, delegation, event, jws, lease, manifest, merkle, note, receipt
from tests.wire import documents, make_vectors

TYPED: dict[str, ModuleType] = {
    "manifest": manifest,
    "delegation": delegation,
    "lease": lease,
    "receipt": receipt,
}


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


@pytest.mark.parametrize("name", TYPED)
def test_valid_documents_verify_and_say_the_same_again(name: str) -> None:
    vectors, module = load(name), TYPED[name]
    for case in vectors["valid"]:
        read = module.verify(case["token"], documents.TRUSTED)
        assert module.parse(module.claims(read)) == read
        assert jws.verify(case["token"], documents.TRUSTED, vectors["typ"]) == case["claims"]


@pytest.mark.parametrize("name", TYPED)
def test_a_parsed_document_signs_to_the_same_token(name: str) -> None:
    vectors, module = load(name), TYPED[name]
    key, _ = documents.SCHEMAS[vectors["typ"]]
    for case in vectors["valid"]:
        assert module.sign(key, module.parse(case["claims"])) == case["token"]


@pytest.mark.parametrize(("name", "case"), invalid(*TYPED))
def test_a_broken_rule_is_refused_by_its_name(name: str, case: dict[str, Any]) -> None:
    key, _ = documents.SCHEMAS[load(name)["typ"]]
    token = documents.forge(key, load(name)["typ"], case["claims"])
    with pytest.raises(WireError) as caught:
        TYPED[name].verify(token, documents.TRUSTED)
    assert caught.value.code == case["error"]
    with pytest.raises(WireError) as caught:
        TYPED[name].parse(case["claims"])
    assert caught.value.code == case["error"]


@pytest.mark.parametrize(("name", "case"), invalid("tokens"))
def test_a_hostile_token_is_refused(name: str, case: dict[str, Any]) -> None:
    with pytest.raises(WireError) as caught:
        jws.verify(case["token"], documents.TRUSTED, load(name)["typ"])
    assert caught.value.code == case["error"]


def test_certificates_verify_with_their_grade() -> None:
    for case in load("certificate")["valid"]:
        assert credential.verify(case["document"]).grade == case["grade"]


@pytest.mark.parametrize(("name", "case"), invalid("certificate"))
def test_a_hostile_certificate_is_refused(name: str, case: dict[str, Any]) -> None:
    with pytest.raises(WireError) as caught:
        credential.verify(case["document"])
    assert caught.value.code == case["error"], name


def verifiers() -> list[note.Verifier]:
    return [note.Verifier(v["name"], bytes.fromhex(v["public"]), v["kind"]) for v in load("note")["verifiers"]]


def test_a_note_gives_its_checkpoint_and_the_time_it_was_witnessed() -> None:
    for case in load("note")["valid"]:
        opened = note.open(case["text"], verifiers())
        assert note.Checkpoint.parse(opened.body).size == 3
        assert [signature.time_s for signature in opened.signatures] == [None, case["time_s"]]


@pytest.mark.parametrize(("name", "case"), invalid("note"))
def test_a_hostile_note_is_refused(name: str, case: dict[str, Any]) -> None:
    with pytest.raises(WireError) as caught:
        note.open(case["text"], verifiers())
    assert caught.value.code == case["error"], name


def test_the_event_vector_reads_and_hashes_to_its_leaf() -> None:
    for case in load("event")["valid"]:
        data = case["event"].encode()
        assert event.encode(event.decode(data)) == data
        assert merkle.leaf_hash(data).hex() == case["leaf"]
