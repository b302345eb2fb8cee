"""Entries of the journal: their frame and their one spelling."""

from __future__ import annotations

import json
from typing import Any

from stall.wire import canonical, event, merkle
from tests.wire import documents as doc
from tests.wire.casebook import Case, Document, Given

_SOLD = event.Event(doc.EPOCH, 17, "attempt.paid", doc.NOW * 1000, "rtc", {"sale": 4, "title": "Zoë"})
_BEGUN = event.Event(doc.EPOCH, 0, "epoch", 0, "floor", {"parent": None})
_LAST = event.Event(doc.EPOCH, 2**53 - 1, "delivery", event.MAX_AT_MS, "operator", {})
_MEMBERS = json.loads(event.encode(_SOLD))


def _valid(fact: event.Event) -> Given:
    data = event.encode(fact)
    return {"event": data.decode(), "leaf": merkle.leaf_hash(data).hex()}


def _text(rule: str, code: str, text: str) -> Case:
    return Case("7.1", rule, code, {"event": text})


def _bad(rule: str, code: str, **changes: Any) -> Case:
    """A canonical event with members changed; None takes one away."""
    members = {name: value for name, value in {**_MEMBERS, **changes}.items() if value is not None}
    return _text(rule, code, canonical.dumps(members).decode())


_BACKWARDS = json.dumps(dict(reversed(_MEMBERS.items())), ensure_ascii=False, separators=(",", ":"))
_GOOD = event.encode(_SOLD).decode()
_DEEP = '{"a":' * 11 + "1" + "}" * 11

DOCUMENT = Document(
    name="event",
    section="7.1",
    read=lambda given: event.decode(given["event"].encode()),
    valid=[_valid(_SOLD), _valid(_BEGUN), _valid(_LAST)],
    invalid=[
        _bad("member unknown", "event-members", by="till"),
        _bad("no kind", "event-members", kind=None),
        _bad("version 2", "event-version", v=2),
        _bad("epoch of 15 bytes", "event-epoch", epoch="A" * 20),
        _bad("number below zero", "event-seq", seq=-1),
        _bad("kind in capitals", "event-kind", kind="Attempt"),
        _bad("time beyond 2100", "event-at", at=event.MAX_AT_MS + 1),
        _bad("clock unknown", "event-clk", clk="gps"),
        _bad("body is a list", "event-body", body=[]),
        _text("members out of order", "event-not-canonical", _BACKWARDS),
        _text("a space between members", "event-not-canonical", _GOOD.replace('{"at"', '{ "at"')),
        _text("line feed behind", "event-not-canonical", _GOOD + "\n"),
        _text("a member twice", "json-duplicate-name", _GOOD.replace('"v":1', '"v":1,"v":1')),
        _text("a float in the body", "json-not-integer", _GOOD.replace('"sale":4', '"sale":4.5')),
        _text("thirteen levels", "json-too-deep", _GOOD.replace('"sale":4', f'"sale":{_DEEP}')),
    ],
)
