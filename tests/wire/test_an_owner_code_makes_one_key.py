"""Owner codes: random, one key each, read back however a person types them."""

from __future__ import annotations

import json

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given, settings
from hypothesis import strategies as st

from stall.errors import LocalWireError, Refused, StallError
from stall.wire import claimcode, crockford, hkdf, ownercode
from tests.wire.make_vectors import FOLDER
from tests.wire.test_recovery_lines_name_the_slip import times

CODE = bytes(range(16))
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
    assert len(text) == 28
    typed = between.join(text[at : at + 4] for at in range(0, 28, 4))
    assert ownercode.decode(typed.lower() if spelled is str.lower else typed) == code


def refusal(text: str) -> Refused:
    with pytest.raises(Refused) as refused:
        ownercode.decode(text)
    assert refused.value.code == "owner-code-malformed"
    return refused.value


def test_one_wrong_sign_makes_no_other_key_and_is_pointed_at() -> None:
    text = ownercode.encode(CODE)
    for at, right in list(enumerate(text))[::5]:
        for wrong in set(crockford.ALPHABET) - {right}:
            said = refusal(text[:at] + wrong + text[at + 1 :]).sentence
            assert f"its sign {at + 1} is {right} and not {wrong}" in said


@given(codes, st.dictionaries(st.integers(0, 27), st.integers(1, 31), min_size=2, max_size=2))
def test_two_wrong_signs_make_no_other_key(code: bytes, slips: dict[int, int]) -> None:
    signs = list(ownercode.encode(code))
    for at, change in slips.items():
        signs[at] = crockford.ALPHABET[crockford.ALPHABET.index(signs[at]) ^ change]
    refusal("".join(signs))


@settings(max_examples=25)
@given(codes, st.integers(0, 26))
def test_two_signs_swapped_make_no_other_key(code: bytes, at: int) -> None:
    text = ownercode.encode(code)
    swapped = text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    if swapped != text:
        refusal(swapped)


@given(codes)
def test_a_code_is_a_word_of_the_code_its_description_names(code: bytes) -> None:
    signs = [crockford.ALPHABET.index(sign) for sign in ownercode.encode(code)]
    assert crockford.number(signs[:26]) == int.from_bytes(code)
    for root in (2, 4):
        value = 0
        for sign in signs:
            value = times(value, root) ^ sign
        assert value == 0


def test_a_claim_code_is_no_owner_code() -> None:
    assert "28" in refusal(claimcode.encode(CODE)).sentence


@given(st.text(max_size=40) | st.none() | st.binary())
def test_anything_typed_raises_only_our_errors(text: object) -> None:
    with pytest.raises(StallError):
        ownercode.decode(text)  # type: ignore[arg-type]  # what a form may hold


def test_only_codes_of_sixteen_bytes_are_spelled_and_used() -> None:
    for use in (ownercode.encode, ownercode.key_of, lambda code: hkdf.derive_from_code(code, "x")):
        with pytest.raises(LocalWireError):
            use(bytes(15))
