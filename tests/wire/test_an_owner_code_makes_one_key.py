"""Owner codes: random, one key each, read back however a person types them."""

from __future__ import annotations

import json

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st

from stall.errors import LocalWireError, StallError
from stall.wire import hkdf, ownercode
from tests.wire.make_vectors import FOLDER

codes = st.binary(min_size=16, max_size=16)


def test_each_code_makes_its_key() -> None:
    for case in json.loads((FOLDER / "owner_code.json").read_text(encoding="utf-8"))["valid"]:
        code = ownercode.decode(case["text"])
        key = ownercode.key_of(code)
        assert (code.hex(), key.seed.hex(), key.did) == (case["code"], case["seed"], case["did"])


def test_the_seed_is_derived_by_hkdf_without_salt() -> None:
    expected = HKDF(SHA256(), 32, None, b"stall-owner-v1").derive(bytes(range(16)))
    assert ownercode.key_of(bytes(range(16))).seed == expected


def test_no_two_new_codes_are_the_same() -> None:
    assert len({ownercode.new() for _ in range(100)}) == 100


@given(codes, st.sampled_from([str.upper, str.lower]), st.sampled_from(["", " ", "-", " – "]))
def test_a_code_survives_its_spelling(code: bytes, spelled: object, between: str) -> None:
    text = ownercode.encode(code)
    assert len(text) == 26
    typed = between.join(text[at : at + 4] for at in range(0, 26, 4))
    assert ownercode.decode(typed.lower() if spelled is str.lower else typed) == code


@given(st.text(max_size=40) | st.none() | st.binary())
def test_anything_typed_raises_only_our_errors(text: object) -> None:
    with pytest.raises(StallError):
        ownercode.decode(text)  # type: ignore[arg-type]  # what a form may hold


def test_only_codes_of_sixteen_bytes_are_spelled_and_used() -> None:
    for use in (ownercode.encode, ownercode.key_of, lambda code: hkdf.derive_from_code(code, "x")):
        with pytest.raises(LocalWireError):
            use(bytes(15))
