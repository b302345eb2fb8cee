"""Journal events: written once, read back only in the one spelling that hashes to the same leaf."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stall.errors import LocalWireError, StallError, WireError
from stall.wire import event
from tests.wire import documents as doc

SOLD = event.Event(doc.EPOCH, 17, "attempt.paid", doc.NOW * 1000, "rtc", {"sale": 4, "receipt": "x"})

bodies = st.dictionaries(
    st.text("abcé", max_size=4),
    st.integers(-(2**53) + 1, 2**53 - 1) | st.text("aé€", max_size=9) | st.none(),
    max_size=5,
)


@given(st.integers(0, 2**53 - 1), st.integers(0, event.MAX_AT_MS), st.sampled_from(["ntp", "floor"]), bodies)
def test_every_event_is_read_back(seq: int, at: int, clk: str, body: dict[str, Any]) -> None:
    happened = event.Event(doc.EPOCH, seq, "drop.open", at, clk, body)
    assert event.decode(event.encode(happened)) == happened


def test_an_event_is_canonical_json_with_its_version() -> None:
    assert event.encode(SOLD).decode() == (
        f'{{"at":{doc.NOW}000,"body":{{"receipt":"x","sale":4}},"clk":"rtc","epoch":"{doc.EPOCH}",'
        '"kind":"attempt.paid","seq":17,"v":1}'
    )


BAD: list[dict[str, Any]] = [
    {"epoch": "short"},
    {"epoch": 5},
    {"seq": -1},
    {"seq": True},
    {"seq": "1"},
    {"seq": 2**53},
    {"kind": ""},
    {"kind": "Attempt"},
    {"kind": "a" * 65},
    {"kind": None},
    {"at": -1},
    {"at": event.MAX_AT_MS + 1},
    {"clk": "gps"},
    {"clk": ["ntp"]},
    {"body": []},
    {"body": None},
]


@pytest.mark.parametrize("change", BAD, ids=str)
def test_a_malformed_event_is_neither_written_nor_read(change: dict[str, Any]) -> None:
    with pytest.raises(LocalWireError):
        event.encode(dataclasses.replace(SOLD, **change))
    members = {"v": 1, **dataclasses.asdict(SOLD), **change}
    with pytest.raises(WireError):
        event.decode(json.dumps(members, sort_keys=True, separators=(",", ":")).encode())


@pytest.mark.parametrize(
    "body", [{"a": 1.5}, {"a": "e\u0301"}, {"a": "\ud800"}, {"a": "x" * event.MAX_BYTES}, {"a": b"x"}, {"a": 2**53}]
)
def test_nothing_is_journaled_that_could_not_be_read(body: dict[str, Any]) -> None:
    with pytest.raises(LocalWireError):
        event.encode(dataclasses.replace(SOLD, body=body))


def test_a_second_spelling_is_refused() -> None:
    data = event.encode(SOLD)
    members = json.loads(data)
    spellings = [
        data + b"\n",
        json.dumps(members, sort_keys=True).encode(),
        json.dumps(dict(reversed(members.items())), separators=(",", ":")).encode(),
        data.replace(b'"rtc"', b'"\\u0072tc"'),
    ]
    for spelling in spellings:
        assert json.loads(spelling) == members
        with pytest.raises(WireError):
            event.decode(spelling)


@pytest.mark.parametrize("version", [2, True, "1", None])
def test_another_version_is_refused(version: object) -> None:
    members = {**json.loads(event.encode(SOLD)), "v": version}
    with pytest.raises(WireError):
        event.decode(json.dumps(members, sort_keys=True, separators=(",", ":")).encode())


def test_missing_and_unknown_members_are_refused() -> None:
    members = json.loads(event.encode(SOLD))
    for changed in ({**members, "x": 1}, {name: value for name, value in members.items() if name != "clk"}):
        with pytest.raises(WireError):
            event.decode(json.dumps(changed, sort_keys=True, separators=(",", ":")).encode())


@given(st.binary(max_size=100))
def test_garbage_raises_only_our_errors(data: bytes) -> None:
    with pytest.raises(StallError):
        event.decode(data)
