"""Replay the events: what they say together, and whether each left the row it speaks of.

Attempts are followed through their states by the table of domain.payment. Only payments that are not finished
are remembered.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from stall.domain.payment import FINAL, TRANSITIONS, Kind, State
from stall.store import acting, attempts, returns
from stall.store.attempts import Attempt
from stall.store.audit.closings import Closings
from stall.store.audit.entries import Entries
from stall.store.audit.found import Audit
from stall.store.audit.offline import Offline, as_read
from stall.store.audit.people import People
from stall.store.audit.shifts import Shifts
from stall.store.audit.sold import Sold
from stall.store.audit.stock import Stock
from stall.store.schema import event_id
from stall.wire.event import Event

#: Where an attempt may begin: asked of a terminal, or paid at once.
_BEGINNINGS = frozenset({State.REQUESTED, State.PAID})

_REFERENCES = {
    "delegation": "SELECT 1 FROM documents WHERE hash = :hash",
    "import": "SELECT 1 FROM packs p JOIN drops d ON d.no = p.drop_no WHERE p.manifest_hash = :manifest AND d.drop_id = :drop"
    " AND (SELECT count(*) FROM files f WHERE f.id >= p.no << 16 AND f.id < (p.no + 1) << 16) = :files",
    "exception": "SELECT 1 FROM exceptions WHERE attempt IS :attempt AND sentence = :sentence",
    "printed": "SELECT 1 FROM print_jobs WHERE event = :id AND kind = :what AND copy = :copy AND copy > 0 AND (kind <> 'z' OR subject = :shift)",
    "day_end": "SELECT 1 FROM day_ends WHERE event = :id AND reader = :reader AND total_minor = :total AND cur = :cur AND count IS :count AND tid IS :tid"
    " AND upto = CASE WHEN :upto IS NULL THEN :id ELSE :id >> 40 << 40 | :upto END",
    "seen": "SELECT 1 FROM exceptions WHERE no = :exception AND seen_event = :id AND seen_by = :decided_by"
    " UNION ALL SELECT 1 FROM day_ends WHERE no = :day_end AND seen_event = :id AND seen_by = :decided_by",
    "grant": "SELECT 1 FROM grants WHERE no = :grant AND claim = :sale << 8 | :issue",
    "staff": "SELECT 1 WHERE (:person IS NULL OR EXISTS (SELECT 1 FROM staff WHERE no = :person))"
    " AND (:enrolled IS NULL OR EXISTS (SELECT 1 FROM devices WHERE no = :enrolled))",
    "return": "SELECT 1 FROM sales WHERE no = :sale AND coalesce(ref_sale, no) = :of AND return_reason = :reason",
    "delivery": "SELECT 1 FROM grants g JOIN downloads d ON d.claim = g.claim WHERE g.no = :grant AND g.claim >> 8 = :sale",
}
_WHAT = {
    "delegation": "a delegation",
    "import": "a pack",
    "exception": "something a person must look at",
    "day_end": "an end of day",
    "printed": "something printed again",
    "seen": "something that somebody looked at",
    "grant": "a phone that may download",
    "delivery": "a download",
    "staff": "a person or a device",
    "return": "opened goods that may come back",
}
_OPTIONAL = dict.fromkeys(("attempt", "count", "tid", "person", "enrolled", "upto", "exception", "day_end", "shift"))


class Story:
    """What the events say together. `told` counts them by kind, `attempts` the payments that were begun."""

    def __init__(self, conn: sqlite3.Connection, found: Audit, public: bytes) -> None:
        """Begin before the first event."""
        self.told: Counter[str] = Counter()
        self.attempts = 0
        self.stock = Stock(conn, found)
        self.sold = Sold(conn, found, public, self.stock)
        self.entries = Entries(conn, found)
        self.shifts = Shifts(conn, found)
        self.people = People(conn, found)
        self.offline = Offline(conn, found)
        self.closings = Closings(conn, found)
        self.switched_on: dict[str, bool] = {}
        self.products: dict[str, dict[str, Any]] = {}
        self.shelf: list[str] = []
        self._conn = conn
        self._found = found
        self._newest = 0
        self._open: dict[int, dict[str, Any]] = {}
        self._tell: dict[str, Callable[[int, Event], None]] = {
            "attempt": self._attempt,
            "sale": self._attempt,
            "finish": self.sold.receipt,
            "lease": self.stock.lease,
            "certificate": self.sold.certificate,
            "drop": self._drop,
            "product": self._product,
            "drawer": self.shifts.moved,
            "shift_close": self.shifts.closed,
            "shelf": self._shelf,
            "settled": self.offline.settled,
            "owed": self.sold.back.owed,
            "declined_late": self._declined_late,
            "close": self.closings.closed,
            "countersigned": self.closings.countersigned,
        }

    def tell(self, epoch_no: int, read: Event) -> None:
        """Take one event into account."""
        self.told[read.kind] += 1
        tell = self._tell.get(read.kind, self._referring)
        read = replace(read, body=acting.without(read.kind, read.body))
        try:
            tell(epoch_no, read)
            self.entries.tell(epoch_no, read)
            self.people.tell(read)
        except (KeyError, TypeError, ValueError, sqlite3.ProgrammingError):
            self._found.add(f"Event {read.seq} ({read.kind}) does not say what an event of its kind says.")

    def end(self) -> None:
        """After the last event: compare the payments that are still open."""
        for body in self._open.values():
            self._compare(body)
        self.entries.end()
        self.shifts.end()
        self.people.end()
        self.offline.end()
        self.closings.end()

    def _referring(self, epoch_no: int, read: Event) -> None:
        """An event that must have left one row, found by what it says."""
        query = _REFERENCES.get(read.kind)
        if query is None:
            return
        if read.kind in {"grant", "delivery"}:
            self.sold.handed_over(read)
        told = {**_OPTIONAL, **read.body, "id": event_id(epoch_no, read.seq)}
        if self._conn.execute(query, told).fetchone() is None:
            self._found.add(f"Event {read.seq} tells of {_WHAT[read.kind]} that the tables do not have.")

    def _drop(self, _: int, read: Event) -> None:
        self.switched_on[str(read.body["drop"])] = bool(read.body["open"])

    def _product(self, _: int, read: Event) -> None:
        sku = str(read.body["sku"])
        if sku not in self.products:
            self.shelf.append(sku)
        self.products[sku] = read.body

    def _shelf(self, _: int, read: Event) -> None:
        """A product's tile is put at another place."""
        self.shelf.remove(str(read.body["sku"]))
        self.shelf.insert(int(read.body["place"]) - 1, str(read.body["sku"]))

    def _declined_late(self, epoch_no: int, read: Event) -> None:
        self.offline.declined_late(epoch_no, read)
        self.sold.declined_late(read)

    def _attempt(self, epoch_no: int, read: Event) -> None:
        """One step of a payment; its last one must be what the row says."""
        body, number = read.body, int(read.body["attempt"])
        state = State(body["state"])
        before = self._open.pop(number, None)
        if before is None:
            self._begin(number, state, read.seq)
        elif state not in TRANSITIONS[State(before["state"])]:
            self._found.add(f"Payment {number} goes from {before['state']} to {state} in event {read.seq}.")
        if state is State.PAID:
            (self.sold.given_back if self._undoes_own(body) else self.sold.paid)(body)
        plain = {name: value for name, value in body.items() if name != "receipt"}
        if before is not None and "baseline" in before:  # journaled when the payment is sent; the row keeps it
            plain["baseline"] = before["baseline"]
        if "receipt" in body:
            self.sold.receipt(epoch_no, read)
        if state in FINAL:
            self._compare(plain)
        else:
            self._open[number] = plain

    def _undoes_own(self, body: dict[str, Any]) -> bool:
        """Whether it gives a payment of its own sale back; what undoes none, or one of another sale, is a part of its own."""
        if body["kind"] == Kind.PAY or "of" not in body:
            return False
        of = attempts.find(self._conn, int(body["of"]))
        if of is None or (of.kind, of.state, of.tender) != (Kind.PAY, State.PAID, body["tender"]):
            self._found.add(
                f"Payment {body['attempt']} gives back {body['of']}, which is no payment that was taken so."
            )
        elif returns.left_of(self._conn, of) < 0:
            self._found.add(f"More was given back of payment {of.no} than it took.")
        return of is None or of.sale == body["sale"]

    def _begin(self, number: int, state: State, seq: int) -> None:
        """Payments are numbered as they begin, so a number that does not rise is told twice."""
        self.attempts += 1
        if number <= self._newest:
            self._found.add(f"Payment {number} is finished and goes on in event {seq}.")
        elif state not in _BEGINNINGS:
            self._found.add(f"Payment {number} begins as {state} in event {seq}.")
        self._newest = max(self._newest, number)

    def _compare(self, body: dict[str, Any]) -> None:
        """Compare what the journal last said of a payment with its row, member by member."""
        row = attempts.find(self._conn, body["attempt"])
        if row is None:
            self._found.add(f"Payment {body['attempt']} of the journal is not in the table of payments.")
            return
        there = _members(row)
        for name in sorted((body.keys() | there.keys()) - {"card", "words"}):
            if body.get(name) != there.get(name):
                self._found.add(
                    f"Payment {row.no}: {name} is {body.get(name)} in the journal and {there.get(name)} in the table."
                )


def _members(row: Attempt) -> dict[str, Any]:
    """A row in the words of an event; absent facts left out."""
    facts = {
        "attempt": row.no, "sale": row.sale, "ordinal": row.ordinal, "kind": row.kind, "of": row.of, "tender": row.tender,
        "reader": row.reader, "state": row.state.value, "settlement": as_read(row.settlement), "minor": row.amount_minor, "cur": row.cur,
        "given": row.given_minor, "offline": None if row.offline is None else bool(row.offline), "decided_by": row.decided_by,
        "reason": row.reason, "tid": row.tid, "receipt_no": row.receipt_no, "trace": row.trace, "ref": row.reference,
        "baseline": None if row.baseline_tid is None else [row.baseline_tid, row.baseline_receipt],
    }  # fmt: skip
    return {name: value for name, value in facts.items() if value is not None}
