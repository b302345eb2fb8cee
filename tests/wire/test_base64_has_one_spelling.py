"""base64url: one spelling per value, everything else refused."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stall.errors import WireError
from stall.wire import b64


@given(st.binary(max_size=100))
def test_bytes_survive_and_carry_no_padding(data: bytes) -> None:
    text = b64.encode(data)
    assert b64.decode(text) == data
    assert text == base64.urlsafe_b64encode(data).decode().rstrip("=")


@given(st.text("ABgwxyz019-_", max_size=12))
def test_a_text_is_read_only_if_it_is_the_one_spelling(text: str) -> None:
    try:
        data = b64.decode(text)
    except WireError:
        return
    assert b64.encode(data) == text


@pytest.mark.parametrize(
    "text", ["A", "AB", "AAB", "AA==", "AA=", "A+AA", "A/AA", "AA AA", "AAAA\n", "ÄAAA", "AA.A", "=", "\x00"]
)
def test_any_other_spelling_is_refused(text: str) -> None:
    with pytest.raises(WireError):
        b64.decode(text)
