"""The journal read by somebody who trusts nobody: what was sold, which receipts there are, how attempts went.

Shares no code with the audit of the product: it reads the events of every epoch as plain JSON and asks only the table
of payment states what may follow what. Signatures and roots are the audit's part.
"""

from __future__ import annotations

import base64
import json
import sqlite3
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from stall.domain.payment import OPEN, TRANSITIONS, State


@dataclass
class Story:
    """What the events tell. `states` holds the newest state of each attempt, `receipts` the events with one, by sale."""

    states: dict[int, State] = field(default_factory=dict)
    sale_of: dict[int, int] = field(default_factory=dict)
    reader_of: dict[int, int] = field(default_factory=dict)
    receipts: dict[int, list[int]] = field(default_factory=dict)
    sold: Counter[tuple[str, int]] = field(default_factory=Counter)
    certificates: Counter[tuple[int, int]] = field(default_factory=Counter)
    open_now: set[int] = field(default_factory=set)
    findings: list[str] = field(default_factory=list)


def read(conn: sqlite3.Connection) -> Story:
    """Read every event of every epoch in order."""
    story = Story()
    for event, data in conn.execute("SELECT id, bytes FROM events ORDER BY id"):
        told = json.loads(data)
        body = told["body"]
        if told["kind"] in {"attempt", "sale"}:
            _attempt(story, body)
        elif told["kind"] == "certificate":
            story.certificates[body["sale"], body["line"]] += 1
        if "receipt" in body:
            _receipt(story, event, body)
    for (drop, number), times in story.sold.items():
        if times > 1:
            story.findings.append(f"Receipts sell number {number} of {drop} {times} times.")
    for sale, events in story.receipts.items():
        if len(events) > 1:
            story.findings.append(f"Sale {sale} has {len(events)} receipts.")
    for (sale, line), times in story.certificates.items():
        if times > 1:
            story.findings.append(f"Line {line} of sale {sale} was certified {times} times.")
    return story


def _attempt(story: Story, body: dict[str, Any]) -> None:
    no, new = int(body["attempt"]), State(body["state"])
    before = story.states.get(no)
    if before is None:
        _begun(story, no, body)
    elif new not in TRANSITIONS[before]:
        story.findings.append(f"Attempt {no} went from {before} to {new}.")
    story.states[no] = new
    if new in OPEN:
        story.open_now.add(no)
    else:
        story.open_now.discard(no)


def _begun(story: Story, no: int, body: dict[str, Any]) -> None:
    """A new attempt: nothing else may be under way for its sale, or on its reader."""
    if body["state"] not in {State.REQUESTED, State.PAID}:
        story.findings.append(f"Attempt {no} begins as {body['state']}.")
    story.sale_of[no] = int(body["sale"])
    if body.get("reader") is not None:
        story.reader_of[no] = int(body["reader"])
    for other in story.open_now:
        if story.sale_of[other] == body["sale"]:
            story.findings.append(f"Attempt {no} of sale {body['sale']} began while attempt {other} was not final.")
        elif body.get("reader") is not None and story.reader_of.get(other) == body["reader"]:
            story.findings.append(f"Attempt {no} was given to a reader that was busy with attempt {other}.")


def _receipt(story: Story, event: int, body: dict[str, Any]) -> None:
    if body.get("state", State.PAID) != State.PAID:  # `finish` has no state: its payment has its own event
        story.findings.append(f"Attempt {body['attempt']} has a receipt while it is {body['state']}.")
    story.receipts.setdefault(int(body["sale"]), []).append(event)
    for item in _claims(body["receipt"])["items"]:
        if "ed" in item and item["minor"] >= 0:  # a negative line gives something back
            story.sold[item["drop"], item["ed"]] += 1


def _claims(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return claims
