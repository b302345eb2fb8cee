"""Sealed ids and erasable details: they open with their own key and purpose, and with nothing else."""

from __future__ import annotations

import dataclasses
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stall.errors import Broken, LocalWireError
from stall.wire import capability, erasable

KEY, OTHER = bytes(range(32)), bytes(32)
numbers = st.integers(0, 2**64 - 1)


@given(numbers)
def test_an_id_gives_its_number_back_and_stays_the_same(number: int) -> None:
    sealed = capability.seal(KEY, "order", number)
    assert len(sealed) == 16
    assert sealed == capability.seal(KEY, "order", number)
    assert capability.unseal(KEY, "order", sealed) == number


@given(numbers)
def test_an_id_opens_nothing_under_another_key_or_purpose(number: int) -> None:
    sealed = capability.seal(KEY, "order", number)
    assert capability.unseal(KEY, "receipt", sealed) is None
    assert capability.unseal(OTHER, "order", sealed) is None


@given(st.binary(max_size=20))
def test_a_guessed_id_opens_nothing(guess: bytes) -> None:
    assert capability.unseal(KEY, "order", guess) is None


def test_ids_of_neighbours_share_nothing_visible() -> None:
    ids = [capability.seal(KEY, "order", number) for number in range(100)]
    assert ids == capability.seal_all(KEY, "order", range(100))
    assert len({sealed[:4] for sealed in ids}) == 100


@pytest.mark.parametrize("number", [-1, 2**64])
def test_a_number_out_of_range_is_not_sealed(number: int) -> None:
    with pytest.raises(LocalWireError):
        capability.seal(KEY, "order", number)


def test_a_key_of_another_size_is_refused() -> None:
    with pytest.raises(LocalWireError):
        capability.seal(KEY[1:], "order", 1)


@given(st.binary(max_size=100))
def test_a_detail_is_read_back_and_its_hash_can_be_journaled(data: bytes) -> None:
    sealed = erasable.seal(KEY, data)
    assert erasable.unseal(KEY, sealed) == data
    assert sealed.digest == hashlib.sha256(sealed.salt + data).digest()


def test_equal_details_look_different() -> None:
    first, second = erasable.seal(KEY, b"4242"), erasable.seal(KEY, b"4242")
    assert first.digest != second.digest
    assert first.ciphertext != second.ciphertext


@pytest.mark.parametrize("part", ["salt", "digest", "ciphertext"])
def test_a_changed_part_is_noticed(part: str) -> None:
    sealed = erasable.seal(KEY, b"4242")
    good = getattr(sealed, part)
    for bad in (good[:-1] + bytes([good[-1] ^ 1]), good[:-1], b""):
        with pytest.raises(Broken):
            erasable.unseal(KEY, dataclasses.replace(sealed, **{part: bad}))


def test_another_key_opens_no_detail() -> None:
    with pytest.raises(Broken):
        erasable.unseal(OTHER, erasable.seal(KEY, b"4242"))
