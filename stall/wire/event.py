"""One entry of the journal as bytes: what the Merkle leaf is made of. Knows the frame, not the kinds."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, get_args

from stall.errors import LocalWireError, WireError
from stall.wire import canonical, strict_json
from stall.wire.claims import CLOCK_SOURCES, is_id22

VERSION = 1
MAX_BYTES = 256 * 1024
"""Longest event: a receipt token of 64 KiB and room for what goes with it."""

MAX_DEPTH = 12
"""Levels of nesting: two for the frame and more than any document needs for the body."""

MAX_AT_MS = 4_102_444_800_000
"""Times are milliseconds UTC before the year 2100."""

_CLOCK_SOURCES = get_args(CLOCK_SOURCES)
_KIND = re.compile(r"[a-z][a-z0-9_.-]{0,63}", re.ASCII)
_BODY_FAULT = "body is not an object"
_MEMBERS = {"v", "epoch", "seq", "kind", "at", "clk", "body"}


@dataclass(frozen=True, slots=True)
class Event:
    """A fact: `seq` counts gap-free from 0 within `epoch` (base64url of 16 bytes), `at` is ms UTC, `clk` its source."""

    epoch: str
    seq: int
    kind: str
    at: int
    clk: str
    body: dict[str, Any]


def encode(event: Event) -> bytes:
    """Write the canonical bytes (RFC 8785); raises LocalWireError rather than journal what nobody could read back."""
    return encode_all(event, (event.body,))[0]


def encode_all(first: Event, bodies: Iterable[dict[str, Any]]) -> list[bytes]:
    """Write events that follow one another, `first` with the first body and so on; they differ in nothing else."""
    _refuse(_fault(first))
    frame = _members(first)
    try:
        return [_written({**frame, "seq": seq, "body": body}) for seq, body in enumerate(bodies, first.seq)]
    except WireError as error:
        raise LocalWireError(
            "event-unwritable", f"The journal cannot take this. Nothing was changed. {error.sentence}"
        ) from error


def _written(members: dict[str, Any]) -> bytes:
    if not _is_object(members["body"]) or members["seq"] > strict_json.MAX_INTEGER:
        _refuse(_BODY_FAULT)
    return canonical.dumps_readable(members, max_bytes=MAX_BYTES, max_depth=MAX_DEPTH)


def _refuse(fault: str | None) -> None:
    if fault is not None:
        raise LocalWireError(
            "event-unwritable", f"The journal cannot take this: {fault}. Nothing was changed; ask for help."
        )


def decode(data: bytes) -> Event:
    """Read an event; raises WireError unless the bytes are exactly what `encode` writes for it."""
    members = strict_json.loads(data, max_bytes=MAX_BYTES, max_depth=MAX_DEPTH)
    if not isinstance(members, dict) or members.keys() != _MEMBERS or members.pop("v") != VERSION:
        raise WireError("event-malformed", "An event does not have the members of version 1. Update its sender.")
    event = Event(**members)
    fault = _fault(event)
    if fault is not None:
        raise WireError("event-malformed", f"An event is malformed: {fault}. Update its sender.")
    if canonical.dumps(_members(event)) != data:
        raise WireError("event-not-canonical", "An event is not in canonical form. Update its sender.")
    return event


def _members(event: Event) -> dict[str, Any]:
    """An event as it is written; its body is not copied."""
    return {
        "v": VERSION, "epoch": event.epoch, "seq": event.seq, "kind": event.kind, "at": event.at, "clk": event.clk, "body": event.body
    }  # fmt: skip


def _fault(event: Event) -> str | None:
    """Name what is wrong with an event, whose members may still be of any type."""
    if not is_id22(event.epoch):
        return "epoch is not base64url of 16 bytes"
    if not _is_count(event.seq, strict_json.MAX_INTEGER):
        return "seq is not a count from 0"
    if not _is_kind(event.kind):
        return "kind is not a short lower-case word"
    if not _is_count(event.at, MAX_AT_MS):
        return "at is not milliseconds UTC before 2100"
    if event.clk not in _CLOCK_SOURCES:
        return "clk is not a clock source"
    return None if _is_object(event.body) else _BODY_FAULT


def _is_object(value: object) -> bool:
    return isinstance(value, dict)


def _is_kind(value: object) -> bool:
    return isinstance(value, str) and _KIND.fullmatch(value) is not None


def _is_count(value: object, most: int) -> bool:
    return type(value) is int and 0 <= value <= most
