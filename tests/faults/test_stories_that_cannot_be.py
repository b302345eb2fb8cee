"""What the journal must never tell: each impossible story is named by the reader that trusts nobody."""

from __future__ import annotations

import base64
import contextlib
import json
import sqlite3
from typing import Any

import pytest

from tests.faults import journal_story


def receipt(*items: dict[str, object]) -> str:
    claims = base64.urlsafe_b64encode(json.dumps({"items": list(items)}).encode()).decode().rstrip("=")
    return f"head.{claims}.signature"


def card(state: str, *, attempt: int = 1, sale: int = 1, reader: int = 1, **more: object) -> dict[str, Any]:
    return {"kind": "attempt", "body": {"attempt": attempt, "sale": sale, "reader": reader, "state": state, **more}}


def cash(sale: int, attempt: int, *items: dict[str, object]) -> dict[str, Any]:
    body = {"attempt": attempt, "sale": sale, "state": "paid", "receipt": receipt(*items)}
    return {"kind": "sale", "body": body}


NUMBER_1 = {"drop": "prints", "ed": 1, "minor": 450}
STORIES: dict[str, tuple[list[dict[str, Any]], str]] = {
    "sent twice": ([card("requested"), card("sent"), card("unknown"), card("sent")], "went from unknown to sent"),
    "repeated while unknown": (
        [card("requested"), card("sent"), card("unknown"), card("requested", attempt=2)],
        "began while attempt 1 was not final",
    ),
    "a reader with two payments": (
        [card("requested"), card("sent"), card("requested", attempt=2, sale=2)],
        "busy with attempt 1",
    ),
    "a receipt before paid": ([card("requested", receipt=receipt())], "has a receipt while it is requested"),
    "begun in the middle": ([card("approved")], "begins as approved"),
    "two receipts": ([cash(1, 1), cash(1, 2)], "Sale 1 has 2 receipts"),
    "one number in two receipts": ([cash(1, 1, NUMBER_1), cash(2, 2, NUMBER_1)], "sell number 1 of prints 2 times"),
    "certified twice": (
        [{"kind": "certificate", "body": {"sale": 1, "line": 0}}] * 2,
        "Line 0 of sale 1 was certified 2 times",
    ),
}


def told(events: list[dict[str, Any]]) -> list[str]:
    with contextlib.closing(sqlite3.connect(":memory:")) as conn:
        conn.execute("CREATE TABLE events (id INTEGER PRIMARY KEY, bytes BLOB)")
        conn.executemany("INSERT INTO events (bytes) VALUES (?)", [(json.dumps(event).encode(),) for event in events])
        return journal_story.read(conn).findings


@pytest.mark.parametrize("story", STORIES)
def test_it_is_named(story: str) -> None:
    events, sentence = STORIES[story]
    found = told(events)
    assert any(sentence in each for each in found), found


def test_what_may_happen_is_not_named() -> None:
    paid = [card("requested"), card("sent"), card("approved"), card("paid", receipt=receipt(NUMBER_1))]
    declined = [card(state, attempt=2, sale=2) for state in ("requested", "sent", "declined")]
    given_back = {"drop": "prints", "ed": 1, "minor": -450}
    finished = {"kind": "finish", "body": {"sale": 4, "receipt": receipt({"drop": "prints", "ed": 2, "minor": 450})}}
    assert told([*paid, *declined, cash(2, 3), cash(3, 4, given_back), finished]) == []
