"""Canonical JSON: the fast way writes what the library writes, and the library what RFC 8785 prints."""

from __future__ import annotations

import enum
import json
from collections.abc import Callable

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from stall.errors import LocalWireError, WireError
from stall.wire import canonical, strict_json

LIMIT = 2**53 - 1

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8) | st.text(
    '\x00\x1f\x7f\u2028"\\/b\b\f\n\r\té😀\ufb33'
)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-LIMIT, LIMIT) | texts | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=5),
    max_leaves=15,
)


@given(values)
def test_every_value_is_written_as_the_reference_library_writes_it(value: object) -> None:
    assert canonical.dumps(value) == rfc8785.dumps(value)  # type: ignore[arg-type]  # any JSON value


@given(values, st.integers(0, 4), st.integers(0, 40))
def test_what_is_written_readable_is_what_a_strict_reader_takes(value: object, depth: int, size: int) -> None:
    def outcome(write: Callable[[], object]) -> object:
        try:
            return write()
        except WireError as refusal:
            return refusal.code

    def read_back() -> bytes:
        data = canonical.dumps(value)
        strict_json.loads(data, max_bytes=size, max_depth=depth)
        return data

    assert outcome(lambda: canonical.dumps_readable(value, max_bytes=size, max_depth=depth)) == outcome(read_back)


def test_the_example_of_rfc_8785_is_reproduced() -> None:
    # Clause 3.2.2 (input) and 3.2.3 (result).
    value = json.loads(
        r"""{"numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
        "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/", "literals": [null, true, false]}"""
    )
    expected = (
        r'{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
        r'"string":"€$\u000f\nA' + r"'B\"\\\\\"/" + r'"}'
    )
    assert canonical.dumps(value) == expected.encode()


def test_names_are_sorted_by_utf16_units() -> None:
    # Clause 3.2.3: code points would put U+FB33 before U+1F600.
    names = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6"]
    written = json.loads(canonical.dumps(dict.fromkeys(names, 0)))
    assert list(written) == ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]


@pytest.mark.parametrize(
    "value",
    [
        2**53,
        -(2**53),
        [2**53],
        {"a": 2**60},
        float("nan"),
        float("inf"),
        "\ud800",
        {"\udfff": 1},
        {1: 2},
        {None: 1},
        frozenset({1}),
        b"bytes",
        Ellipsis,
        {"a": Ellipsis},
        {"é": frozenset({3})},
    ],
    ids=str,
)
def test_what_json_cannot_say_is_refused(value: object) -> None:
    with pytest.raises(LocalWireError):
        canonical.dumps(value)


class State(enum.StrEnum):
    PAID = "paid"


class Level(enum.IntEnum):
    HIGH = 3


def test_states_and_tuples_are_written_as_what_they_stand_for() -> None:
    plain = b'{"a":["paid",3],"paid":3}'
    assert canonical.dumps({State.PAID: Level.HIGH, "a": (State.PAID, 3)}) == plain
    assert canonical.dumps({State.PAID: Level.HIGH, "a": [State.PAID, 3]}) == plain


def test_endless_nesting_is_refused() -> None:
    knot: list[object] = []
    knot.append(knot)
    for value in (knot, {"é": knot}):
        with pytest.raises(LocalWireError):
            canonical.dumps(value)


@given(values.filter(lambda value: "." not in repr(value) and "e" not in repr(value)))
def test_what_is_written_reads_back_and_writes_the_same(value: object) -> None:
    written = canonical.dumps(value)
    try:
        read = strict_json.loads(written, max_depth=20)
    except WireError:
        return  # not NFC
    assert canonical.dumps(read) == written
