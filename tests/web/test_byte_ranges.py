"""Which bytes a request gets, by RFC 9110."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stall.web.ranges import Conditions, Span, answer

TAG = '"sha256-aa"'


@pytest.mark.parametrize(
    ("header", "status", "first", "length"),
    [
        ("bytes=0-", 206, 0, 100),
        ("bytes=0-0", 206, 0, 1),
        ("bytes=10-19", 206, 10, 10),
        ("bytes=90-200", 206, 90, 10),
        ("bytes=-30", 206, 70, 30),
        ("bytes=-300", 206, 0, 100),
        ("BYTES=5-6", 206, 5, 2),
        ("bytes=99-999999999999999999", 206, 99, 1),
        ("bytes=100-", 416, 0, 0),
        ("bytes=999999999999999999-", 416, 0, 0),
        ("bytes=-0", 416, 0, 0),
        ("bytes=5-4", 416, 0, 0),
        ("bytes=99-99999999999999999999999999", 200, 0, 100),
        ("bytes = 5 - 6", 200, 0, 100),
        ("bytes=0-1,5-6", 200, 0, 100),
        ("bytes=-", 200, 0, 100),
        ("bytes=a-b", 200, 0, 100),
        ("bytes=+1-2", 200, 0, 100),
        ("lines=1-2", 200, 0, 100),
        ("", 200, 0, 100),
    ],
)
def test_a_range_header_means_these_bytes(header: str, status: int, first: int, length: int) -> None:
    got, span = answer(Conditions(range=header), TAG, 100)
    assert got == status
    if status != 416:
        assert span == Span(first, length)


@pytest.mark.parametrize("header", ["bytes=0-", "bytes=0-5"])
def test_an_empty_file_has_no_first_byte(header: str) -> None:
    assert answer(Conditions(range=header), TAG, 0)[0] == 416


def test_the_last_bytes_of_an_empty_file_are_all_of_it() -> None:
    assert answer(Conditions(range="bytes=-5"), TAG, 0) == (200, Span(0, 0))


@pytest.mark.parametrize(
    ("if_range", "status"),
    [(TAG, 206), ('"sha256-bb"', 200), (f"W/{TAG}", 200), ("Sat, 21 Nov 2026 12:00:00 GMT", 200)],
)
def test_a_resume_gets_a_part_only_of_the_very_same_file(if_range: str, status: int) -> None:
    assert answer(Conditions(range="bytes=50-", if_range=if_range), TAG, 100)[0] == status


@pytest.mark.parametrize(
    ("header", "status"),
    [
        (TAG, 304),
        ("*", 304),
        (f'"x", W/{TAG}', 304),
        (f", ,{TAG}", 304),
        (f'"x",, {TAG}', 304),
        ('"x"', 200),
        ("", 200),
        ("sha256-aa", 200),
    ],
)
def test_a_phone_that_has_the_file_gets_no_bytes(header: str, status: int) -> None:
    assert answer(Conditions(if_none_match=header), TAG, 100)[0] == status


@pytest.mark.parametrize(("header", "status"), [(TAG, 200), ("*", 200), ('"x"', 412), (f"W/{TAG}", 412)])
def test_if_match_wants_a_strong_match(header: str, status: int) -> None:
    assert answer(Conditions(if_match=header), TAG, 100)[0] == status


def test_not_changed_comes_before_the_range() -> None:
    assert answer(Conditions(if_none_match=TAG, range="bytes=500-"), TAG, 100)[0] == 304


@given(st.integers(0, 200), st.integers(0, 300), st.integers(0, 300))
def test_a_part_is_what_a_slice_would_give(size: int, first: int, last: int) -> None:
    data = bytes(index % 251 for index in range(size))
    status, span = answer(Conditions(range=f"bytes={first}-{last}"), TAG, size)
    wanted = data[first : last + 1]
    if wanted:
        assert status == 206
        assert data[span.first : span.first + span.length] == wanted
    else:
        assert status == 416


@given(st.text(max_size=40), st.integers(0, 50))
def test_no_header_breaks_it(header: str, size: int) -> None:
    status, span = answer(Conditions(header, header, header, header), TAG, size)
    assert status in {200, 206, 304, 412, 416}
    assert 0 <= span.first <= span.first + span.length <= size
