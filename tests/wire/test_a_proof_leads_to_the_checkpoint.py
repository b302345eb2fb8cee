"""Proofs to hand on: each entry of any journal can be proven, and nothing else; the text is that of the C2SP page."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stall.errors import LocalWireError, StallError, WireError
from stall.wire import delegation, merkle, note, tlogproof
from stall.wire.tlogproof import TlogProof
from tests.wire import documents as doc
from tests.wire.cases import tlog_proof as cases
from tests.wire.make_vectors import FOLDER

VECTORS = json.loads((FOLDER / "tlog_proof.json").read_text(encoding="utf-8"))
LOG = note.Verifier(doc.ORIGIN, doc.BOX.public)
HASH, OTHER = bytes(range(32)), bytes(32)


@pytest.mark.parametrize("case", VECTORS["valid"])
def test_a_proof_is_read_and_written_the_same_again(case: dict[str, Any]) -> None:
    assert tlogproof.write(tlogproof.read(case["text"])) == case["text"]
    logged = cases.opened(case)
    assert (logged.event.seq, logged.checkpoint.size) == (case["index"], case["size"])


def test_a_proof_looks_as_the_page_shows_it() -> None:
    text = tlogproof.write(TlogProof(73894, (HASH, OTHER), "example.com/log\n9\nroot\n\n— example.com/log x\n", b"a"))
    assert text == (
        "c2sp.org/tlog-proof@v1\nextra YQ==\nindex 73894\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\nexample.com/log\n9\nroot\n\n— example.com/log x\n"
    )
    assert tlogproof.write(TlogProof(0, (), "note\n")) == "c2sp.org/tlog-proof@v1\nindex 0\n\nnote\n"


def test_the_time_of_a_cosignature_is_told() -> None:
    case = VECTORS["valid"][0]
    given_ = delegation.verify(case["cosigned_by"], doc.TRUSTED)
    told = tlogproof.cosigned_s(cases.opened(case), cases.COSIGNER, given_, doc.CREATOR.did, "night-prints")
    assert told == case["cosigned_s"]


def test_another_creators_cloud_confirms_nothing() -> None:
    case = VECTORS["valid"][0]
    given_ = delegation.verify(case["cosigned_by"], doc.TRUSTED)
    with pytest.raises(WireError) as caught:
        tlogproof.cosigned_s(cases.opened(case), cases.COSIGNER, given_, doc.STRANGER.did, "night-prints")
    assert caught.value.code == "tlogproof-cosigner"


@given(st.integers(1, 70).flatmap(lambda size: st.tuples(st.just(size), st.integers(0, size - 1))))
def test_every_entry_of_every_journal_can_be_proven_and_no_other(place: tuple[int, int]) -> None:
    size, index = place
    leaves = [merkle.leaf_hash(bytes([n])) for n in range(size)]
    signed = note.sign(doc.BOX, doc.ORIGIN, note.Checkpoint(doc.ORIGIN, size, merkle.root_of(leaves)).body())
    proof = tlogproof.read(tlogproof.write(TlogProof(index, tuple(merkle.inclusion_proof(index, leaves)), signed)))
    checkpoint, _ = tlogproof.verify(proof, leaves[index], LOG)
    assert checkpoint.size == size
    with pytest.raises(WireError):
        tlogproof.verify(proof, merkle.leaf_hash(b"something else"), LOG)


@pytest.mark.parametrize(
    "proof",
    [
        cases.made(index=4, note=""),
        cases.made(extra=b""),
        cases.made(hashes=(bytes(31),)),
        TlogProof(-1, (), "note\n"),
        TlogProof(0, (HASH,) * 64, "note\n"),
        TlogProof(0, (), "x" * tlogproof.MAX_CHARS),
    ],
    ids=["no note", "empty event", "short hash", "negative", "64 hashes", "too long"],
)
def test_nothing_is_written_that_could_not_be_read(proof: TlogProof) -> None:
    with pytest.raises(LocalWireError):
        tlogproof.write(proof)


def test_a_text_longer_than_any_proof_is_not_looked_into() -> None:
    with pytest.raises(WireError) as caught:
        tlogproof.read(cases.GOOD + "x" * tlogproof.MAX_CHARS)
    assert caught.value.code == "tlogproof-too-long"


@given(st.integers(0, len(cases.GOOD) - 1), st.text(max_size=3))
def test_a_proof_changed_anywhere_raises_only_our_errors(at: int, other: str) -> None:
    text = cases.GOOD[:at] + other + cases.GOOD[at + 1 :]
    try:
        logged = cases.opened({**VECTORS["valid"][0], "text": text})
    except StallError:
        return
    assert logged.event.seq == 4  # a line of an unknown key may be changed, or nothing was


@pytest.mark.parametrize("given_", [None, b"c2sp.org/tlog-proof@v1", 7, "", "\n\n", "c2sp.org/tlog-proof@v1\nindex 0"])
def test_whatever_is_handed_in_raises_only_our_errors(given_: Any) -> None:
    with pytest.raises(WireError):
        tlogproof.read(given_)
