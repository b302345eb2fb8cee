"""Strict JSON: one meaning or an error, whatever the bytes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stall.errors import StallError, WireError
from stall.wire import strict_json

LIMIT = 2**53 - 1


def refused(data: bytes, **limits: int) -> str:
    with pytest.raises(WireError) as caught:
        strict_json.loads(data, **limits)
    return caught.value.code


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b"{}", {}),
        (b" [1, -2 , 0]\n", [1, -2, 0]),
        (b'"\\ud83d\\ude00"', "😀"),
        ('"Zoë"'.encode(), "Zoë"),
        (b"true", True),
        (b"null", None),
        (str(LIMIT).encode(), LIMIT),
        (str(-LIMIT).encode(), -LIMIT),
    ],
)
def test_plain_values_are_read(data: bytes, value: object) -> None:
    assert strict_json.loads(data) == value


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "json-malformed"),
        (b"{", "json-malformed"),
        (b"]", "json-malformed"),
        (b'{"a":[1,2', "json-malformed"),
        (b"[" * 9, "json-too-deep"),
        (b"]" * 9 + b"[" * 9, "json-malformed"),
        (b"[}", "json-malformed"),
        (b"[1,]", "json-malformed"),
        (b"{'a':1}", "json-malformed"),
        (b'"a\nb"', "json-malformed"),
        (b'"unended', "json-malformed"),
        (b"01", "json-malformed"),
        (b"+1", "json-malformed"),
        (b"1 2", "json-malformed"),
        (b"\xff", "json-not-utf8"),
        (b'"\xed\xa0\x80"', "json-not-utf8"),
        ('"a"'.encode("utf-16"), "json-not-utf8"),
        ('{"a":1}'.encode("utf-16-le"), "json-malformed"),
        (b"\xef\xbb\xbf{}", "json-byte-order-mark"),
        (b'{"a":1,"b":{"c":1,"c":1}}', "json-duplicate-name"),
        (b'{"a":1,"\\u0061":2}', "json-duplicate-name"),
        (b"1.0", "json-not-integer"),
        (b"1e2", "json-not-integer"),
        (b"-Infinity", "json-not-integer"),
        (b"NaN", "json-not-integer"),
        (str(LIMIT + 1).encode(), "json-integer-range"),
        (str(-LIMIT - 1).encode(), "json-integer-range"),
        (b"9" * 10_000, "json-integer-range"),
        (b'"\\udc00"', "json-surrogate"),
        (b'{"\\ud800":1}', "json-surrogate"),
        (b'["\\ud83d x \\ude00"]', "json-surrogate"),
        ('{"a":["\U0001fae8"]}'.encode(), "json-unassigned"),
        (b'{"\\u0378":1}', "json-unassigned"),
        (b'"\\uffff"', "json-unassigned"),
        ('{"a":["e\u0301"]}'.encode(), "json-not-nfc"),
        (b'{"e\\u0301":1}', "json-not-nfc"),
        ('"\u212b"'.encode(), "json-not-nfc"),
    ],
)
def test_what_readers_differ_on_is_refused(data: bytes, code: str) -> None:
    assert refused(data) == code


def test_brackets_inside_text_are_not_levels() -> None:
    text = '[{"' * 50 + '\\"' * 3
    assert strict_json.loads(json.dumps({text: text}).encode(), max_depth=1) == {text: text}


@pytest.mark.parametrize("levels", [1, 8, 9, 100])
def test_depth_is_counted_exactly(levels: int) -> None:
    for opening, closing in ((b"[", b"]"), (b'{"a":[', b"]}")):
        data = opening * levels + closing * levels
        deep = levels * (2 if len(opening) > 1 else 1)
        assert strict_json.loads(data, max_depth=deep) == json.loads(data)
        assert refused(data, max_depth=deep - 1) == "json-too-deep"


def test_deep_nesting_never_reaches_the_parser() -> None:
    for data in (b"[" * 60_000, b'{"a":' * 5_000 + b"1" + b"}" * 5_000, b"[" * 30_000 + b"]" * 30_000):
        assert refused(data) == "json-too-deep"


def test_hostile_quotes_take_time_in_proportion_to_their_length() -> None:
    # Were every quote a new start of an unended string, half a million of them would not end within the day.
    assert refused(b'"' + b'\\"' * 500_000, max_bytes=2**21) == "json-malformed"


def test_size_is_limited_to_the_byte() -> None:
    assert strict_json.loads(b'"abc"', max_bytes=5) == "abc"
    assert refused(b'"abc"', max_bytes=4) == "json-too-large"


values = st.recursive(
    st.none() | st.booleans() | st.integers(-LIMIT, LIMIT) | st.text('aé€😀\\"\x00{[]}', max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text('aé\\"{', max_size=4), inner, max_size=4),
    max_leaves=15,
)


@given(values, st.booleans())
def test_every_plain_value_survives_both_spellings(value: object, escaped: bool) -> None:
    assert strict_json.loads(json.dumps(value, ensure_ascii=escaped).encode(), max_depth=20) == value


@given(st.binary(max_size=80) | st.text('{}[]":,\\u0eE1-.d8 tn', max_size=40).map(str.encode))
def test_garbage_raises_only_our_errors(data: bytes) -> None:
    try:
        value: Any = strict_json.loads(data)
    except StallError:
        return
    assert json.loads(data) == value
