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
    try:
        _check(first)
        frame = _members(first)
        return [_written({**frame, "seq": seq, "body": body}) for seq, body in enumerate(bodies, first.seq)]
    except WireError as error:
        raise LocalWireError(
            "event-unwritable", f"The journal cannot take this. Nothing was changed. {error.sentence}"
        ) from error


def _written(members: dict[str, Any]) -> bytes:
    _check_count(members["seq"])
    _check_body(members["body"])
    return canonical.dumps_readable(members, max_bytes=MAX_BYTES, max_depth=MAX_DEPTH)


def decode(data: bytes) -> Event:
    """Read an event; raises WireError unless the bytes are exactly what `encode` writes for it."""
    members = strict_json.loads(data, max_bytes=MAX_BYTES, max_depth=MAX_DEPTH)
    if not isinstance(members, dict) or members.keys() != _MEMBERS:
        raise WireError("event-members", "An event does not have exactly the seven members. Update its sender.")
    if members.pop("v") != VERSION:
        raise WireError("event-version", "An event is not of version 1. Update the program that reads it.")
    event = Event(**members)
    _check(event)
    if canonical.dumps(_members(event)) != data:
        raise WireError("event-not-canonical", "An event is not in canonical form. Update its sender.")
    return event


def _members(event: Event) -> dict[str, Any]:
    """An event as it is written; its body is not copied."""
    return {
        "v": VERSION, "epoch": event.epoch, "seq": event.seq, "kind": event.kind, "at": event.at, "clk": event.clk, "body": event.body
    }  # fmt: skip


def _check(event: Event) -> None:
    """Refuse an event that is wrong, whose members may still be of any type."""
    if not is_id22(event.epoch):
        raise WireError("event-epoch", "An event's epoch is not base64url of 16 bytes. Update its sender.")
    _check_count(event.seq)
    if not _is_kind(event.kind):
        raise WireError("event-kind", "An event's kind is not a short lower-case word. Update its sender.")
    if not _is_count(event.at, MAX_AT_MS):
        raise WireError("event-at", "An event's time is not milliseconds UTC before 2100. Update its sender.")
    if event.clk not in _CLOCK_SOURCES:
        raise WireError("event-clk", "An event does not say where its time comes from. Update its sender.")
    _check_body(event.body)


def _check_count(seq: object) -> None:
    if not _is_count(seq, strict_json.MAX_INTEGER):
        raise WireError("event-seq", "An event's number is not a count from 0. Update its sender.")


def _check_body(body: object) -> None:
    if not isinstance(body, dict):
        raise WireError("event-body", "An event's body is not an object. Update its sender.")


def _is_kind(value: object) -> bool:
    return isinstance(value, str) and _KIND.fullmatch(value) is not None


def _is_count(value: object, most: int) -> bool:
    return type(value) is int and 0 <= value <= most
