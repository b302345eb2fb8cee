"""The trail: the newest events of the journal in words, with who did them and when. A page decodes the events it shows, no more."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, render_template, request

from stall.domain import money
from stall.store import devices, journal, people
from stall.web.till.box import this_box
from stall.web.till.words import TENDERS
from stall.wire import event
from stall.wire.event import Event

trail = Blueprint("till_trail", __name__)

#: Events on one page.
PAGE = 50
_LARGEST = 1 << 62

_DEEDS = {
    "signed_in": "Signed in", "signed_out": "Signed out", "locked": "Screen locked", "unlocked": "Screen unlocked",
    "wrong_pin": "Wrong PIN", "shut_out": "Too many wrong PINs: locked for 15 minutes", "added": "Person added",
    "changed": "Person changed", "new_pin": "New PIN", "enrolled": "Device enrolled", "device_ended": "Device ended",
    "drawer": "Drawer opened without a sale",
}  # fmt: skip
_KINDS = {
    "epoch": "The journal began anew", "delegation": "A delegation was accepted", "import": "A pack was imported",
    "lease": "Edition numbers were leased", "clock": "The clock was set", "finish": "A sale was finished",
    "certificate": "A certificate was signed", "grant": "A phone opened a download", "delivery": "A download went out",
    "day_end": "The terminal closed its day", "exception": "Something to look at", "product": "What is for sale changed",
    "shift_close": "The shift was closed", "shelf": "A product was put elsewhere", "no_day_end": "An end of day closed nothing",
    "settled": "Offline card payments were sent in", "declined_late": "The bank refused an offline card payment",
    "close": "A drop was closed for good", "countersigned": "A creator signed a certificate",
    "seen": "Looked at and explained", "return": "Opened goods may come back", "owed": "Money owed to a buyer", "printed": "Printed again",
}  # fmt: skip
_WAYS = {
    "float": "Float counted into the drawer",
    "in": "Paid into the drawer",
    "out": "Paid out of the drawer",
    "count": "Drawer counted",
}
_STATES = {
    "requested": "Card asked for", "sent": "Sent to the terminal", "approved": "Approved", "paid": "Paid", "declined": "Not paid",
    "not_sent": "Not sent", "reversing": "Being taken back", "reversed": "Taken back", "unknown": "Unclear",
}  # fmt: skip
_BACK = {"reverse": "Payment taken back", "refund": "Refund"}


@dataclass(frozen=True, slots=True)
class Step:
    """One event in words: when (ms UTC), who, on which device, what, about what, and who allowed it."""

    seq: int
    at_ms: int
    who: str
    device: str
    what: str
    about: str
    allowed: str


@trail.get("/trail")
def page() -> str:
    """Show the newest events, or those before `?before=`."""
    before = request.args.get("before", _LARGEST, type=int)
    conn = this_box().db.read()
    rows = journal.newest(conn, before if 0 < before < _LARGEST else _LARGEST, PAGE + 1)
    steps = [step(conn, event.decode(data)) for _, data in rows[:PAGE]]
    older = rows[PAGE - 1][0] if len(rows) > PAGE else None
    return render_template("till/trail.html", steps=steps, older=older, first="before" not in request.args)


def step(conn: sqlite3.Connection, read: Event) -> Step:
    """Put one event into words."""
    body = read.body
    by, on, allowed = body.get("by"), body.get("device"), body.get("decided_by")
    device = None if not isinstance(on, int) or (read.kind == "staff" and by is None) else devices.find(conn, on)
    who = "" if by is None else people.called(conn, by)
    return Step(
        read.seq,
        read.at,
        who,
        "" if device is None else device.name,
        *_what(conn, read.kind, body),
        "" if allowed is None or allowed == str(by) else people.called(conn, allowed),
    )


def _what(conn: sqlite3.Connection, kind: str, body: dict[str, Any]) -> tuple[str, str]:
    if kind in {"attempt", "sale"}:
        return _payment(kind, body)
    if kind == "staff":
        return _DEEDS.get(str(body.get("what")), "Something else"), _subject(conn, body)
    if kind == "drop":
        return ("Drop opened" if body.get("open") else "Drop closed"), str(body.get("drop", ""))
    if kind == "drawer":
        amount = money.text(body["minor"], this_box().settings.cur)
        return _WAYS.get(str(body.get("way")), "Drawer"), amount
    return _title(kind, body), _about(kind, body)


def _title(kind: str, body: dict[str, Any]) -> str:
    if kind == "owed" and not body.get("owed"):
        return "No longer owed: the buyer keeps the goods"
    if kind == "epoch" and body.get("parent") is None:
        return "The journal began"
    return _KINDS.get(kind, kind)


def _about(kind: str, body: dict[str, Any]) -> str:
    if kind == "shift_close":
        return f"Z-report {body.get('z')}"
    if kind == "printed":
        paper = f"Z-report {body['shift']}" if "shift" in body else "A receipt"
        return f"{paper}, copy {body.get('copy')}"
    sale = body.get("sale")
    return (
        f"Sale {sale}" if sale is not None else str(body.get("drop") or body.get("title") or body.get("sentence") or "")
    )


def _payment(kind: str, body: dict[str, Any]) -> tuple[str, str]:
    words = _STATES.get(str(body["state"]), str(body["state"]))
    if body["kind"] in _BACK:
        words = f"{_BACK[body['kind']]}: {words.lower()}"
    elif kind == "sale":
        words = f"Sold, {TENDERS.get(body['tender'], body['tender'])}"
    return words, f"Sale {body['sale']}, {money.text(body['minor'], body['cur'])}"


def _subject(conn: sqlite3.Connection, body: dict[str, Any]) -> str:
    if "person" in body:
        role = f", {body['role']}" if "role" in body else ""
        return f"{people.called(conn, body['person'])}{role}{', left' if body.get('active') is False else ''}"
    if "enrolled" in body:
        found = devices.find(conn, body["enrolled"])
        return "" if found is None else found.name
    return ""
