"""Claim codes: derived the same everywhere, typed in any fashion, never mistaken for another."""

from __future__ import annotations

import contextlib
import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stall.errors import LocalWireError, Refused, StallError
from stall.wire import claimcode, crockford

KEY, EPOCH = bytes(range(32)), bytes(range(16))
codes = st.binary(min_size=16, max_size=16)


@given(codes)
def test_every_code_survives_its_spelling(code: bytes) -> None:
    text = claimcode.encode(code)
    assert (len(text), text) == (26, text.upper())
    assert not set(text) & set("ILOU")
    assert claimcode.decode(text) == code


@given(codes, st.booleans(), st.sampled_from([" ", "-", " - ", "\u2011", "\n"]))
def test_people_may_type_it_their_way(code: bytes, lower: bool, separator: str) -> None:
    text = crockford.grouped(claimcode.encode(code)).replace(" ", separator)
    assert claimcode.decode(text.lower() if lower else text) == code


def test_letters_that_look_like_digits_are_read_as_digits() -> None:
    assert claimcode.decode("oOiIlL" + "0" * 20) == claimcode.decode("001111" + "0" * 20)


def test_groups_are_of_four() -> None:
    assert crockford.grouped("7" + "Z" * 25) == "7ZZZ ZZZZ ZZZZ ZZZZ ZZZZ ZZZZ ZZ"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0" * 25,
        "0" * 27,
        "U" + "0" * 25,
        "8" + "0" * 25,
        "Z" * 26,
        "0" * 25 + "é",
        "0" * 25 + "\u0660",
        "-" * 26,
        "0" * 26 + " " * 200,
        "ß" * 13,
    ],
)
def test_what_is_no_code_is_refused(text: str) -> None:
    with pytest.raises(Refused) as caught:
        claimcode.decode(text)
    assert caught.value.code == "claim-code-malformed"


@given(st.text(max_size=40))
def test_garbage_raises_only_our_errors(text: str) -> None:
    with contextlib.suppress(StallError):
        assert len(claimcode.decode(text)) == 16


def test_a_code_is_the_start_of_the_keyed_hash_of_its_sale() -> None:
    message = EPOCH + (5).to_bytes(8, "big") + (1).to_bytes(4, "big")
    assert claimcode.derive(KEY, EPOCH, 5, 1) == hmac.new(KEY, message, hashlib.sha256).digest()[:16]


def test_every_sale_issue_epoch_and_key_has_its_own_code() -> None:
    made = {claimcode.derive(KEY, EPOCH, sale, issue) for sale in range(50) for issue in range(3)}
    made |= {claimcode.derive(bytes(32), EPOCH, 0, 0), claimcode.derive(KEY, bytes(16), 0, 0)}
    assert len(made) == 152


@pytest.mark.parametrize(
    ("key", "epoch", "sale", "issue"),
    [
        (KEY[1:], EPOCH, 0, 0),
        (KEY, EPOCH[1:], 0, 0),
        (KEY, EPOCH, -1, 0),
        (KEY, EPOCH, 2**64, 0),
        (KEY, EPOCH, 0, 2**32),
    ],
)
def test_values_out_of_range_derive_nothing(key: bytes, epoch: bytes, sale: int, issue: int) -> None:
    with pytest.raises(LocalWireError):
        claimcode.derive(key, epoch, sale, issue)


def test_the_database_keeps_only_the_hash() -> None:
    assert claimcode.digest(bytes(16)) == hashlib.sha256(bytes(16)).digest()
    with pytest.raises(LocalWireError):
        claimcode.encode(bytes(15))
