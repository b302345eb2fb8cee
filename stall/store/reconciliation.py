"""Read the books for the end of the day. Reads only.

Receipts are counted from the journal, where each stands signed; payments from their rows; the
terminal from its own end-of-day totals. Separate sources, so that a fault in one shows.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from stall.domain.books import Books, DayEnd, OpenPayment, TenderSum, Upload
from stall.domain.payment import Kind
from stall.store import attempts, day_ends, journal, notes, people, uploads
from stall.store.readonly import one_view
from stall.store.schema import event_id
from stall.wire import event, receipt
from stall.wire.event import Event

#: Notes that were seen, told at most.
_MOST_SEEN = 50

#: Kinds of event that may carry a receipt.
_PAYING = frozenset({"sale", "attempt", "finish"})


def read_books(
    conn: sqlite3.Connection, keys: Mapping[str, bytes], cur: str, *, cloud: bool, claim_key: bytes | None = None
) -> Books:
    """Read everything of every epoch in one view of the database.

    `keys` are the box's own, to verify its receipts; `cur` is the stall's currency; `cloud` says
    whether one is set up; `claim_key` opens the reasons people gave. Raises WireError when a receipt in the journal does not verify.
    """
    with one_view(conn):
        head = journal.read_head(conn)
        told = list(_told(conn))
        facts = [fact for _, fact in told]
        ends, since = _day_ends(conn, told)
        reached = upload(conn)
        return Books(
            cur=cur,
            epoch=head.epoch_text,
            size=reached.size,
            receipts=_receipts(facts, keys),
            paid=_paid(conn),
            part_paid=_part_paid(conn),
            day_ends=ends,
            since_minor=sum(each.minor for each in since),
            since_count=sum(each.kind == Kind.PAY for each in since),
            since_back=sum(each.kind != Kind.PAY for each in since),
            open_payments=open_payments(conn),
            exceptions=notes.unseen(conn),
            upload=reached.state if cloud else None,
            begun=notes.begun(conn),
            seen=notes.seen(conn, claim_key, _MOST_SEEN),
            cut=day_ends.cut_off(conn),
        )


def _told(conn: sqlite3.Connection) -> Iterator[tuple[int, Event]]:
    """Every event with its key, which grows from epoch to epoch."""
    for epoch_no in journal.epoch_numbers(conn):
        for seq, data in journal.all_events(conn, epoch_no):
            yield event_id(epoch_no, seq), event.decode(data)


def _receipts(facts: list[Event], keys: Mapping[str, bytes]) -> tuple[TenderSum, ...]:
    sums: dict[tuple[str, str], TenderSum] = {}
    epochs: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for fact in facts:
        token = fact.body.get("receipt") if fact.kind in _PAYING else None
        if token is None:
            continue
        for pay in receipt.verify_any(str(token), keys)[1].pay:
            key = pay.m, pay.cur
            epochs[key].add(fact.epoch)
            old = sums.get(key, TenderSum(*key, 0, 0, fact.seq, fact.seq))
            count, minor = old.count + 1, old.minor + pay.minor
            sums[key] = TenderSum(*key, count, minor, old.first_seq, fact.seq, len(epochs[key]))
    return tuple(sums[key] for key in sorted(sums))


def _paid(conn: sqlite3.Connection) -> tuple[tuple[str, str, int], ...]:
    """What the rows say was paid in finished sales, by tender and currency."""
    rows = conn.execute(
        f"SELECT a.tender, a.cur, sum({attempts.SIGNED}) FROM attempts a JOIN sales s ON s.no = a.sale"
        " WHERE a.state = 'paid' AND s.receipt_event IS NOT NULL"
        " GROUP BY a.tender, a.cur ORDER BY a.tender, a.cur"
    )
    return tuple((tender, cur, minor) for tender, cur, minor in rows.fetchall())


def _part_paid(conn: sqlite3.Connection) -> int:
    """How many sales have money taken but are not finished."""
    row = conn.execute(
        f"SELECT count(*) FROM (SELECT 1 FROM attempts a JOIN sales s ON s.no = a.sale"
        f" WHERE a.state = 'paid' AND s.state <> 'paid' GROUP BY s.no HAVING sum({attempts.SIGNED}) <> 0)"
    ).fetchone()
    return int(row[0])


@dataclass(frozen=True, slots=True)
class _Moved:
    """Money moved by card: the key of its event, the kind, and minor units, below zero what was given back."""

    key: int
    kind: str
    minor: int


def _day_ends(conn: sqlite3.Connection, told: list[tuple[int, Event]]) -> tuple[tuple[DayEnd, ...], list[_Moved]]:
    """Each end of day with the card payments journaled between it and the one before; then those after the last."""
    card = list(_card_payments(told))
    ends: list[DayEnd] = []
    before = -1
    rows = conn.execute(
        "SELECT upto, at_ms, tid, cur, total_minor, count, no, seen_by FROM day_ends ORDER BY upto"
    ).fetchall()
    for at, at_ms, tid, cur, total, count, no, seen_by in rows:
        ours = [each for each in card if before <= each.key < at]
        taken_back = sum(each.kind == Kind.REVERSE for each in ours)
        minor = sum(each.minor for each in ours)
        ends.append(
            DayEnd(
                at_ms,
                tid,
                cur,
                total,
                count,
                minor,
                len(ours) - 2 * taken_back,
                taken_back,
                no,
                None if seen_by is None else people.called(conn, seen_by),
            )
        )
        before = at
    return tuple(ends), [each for each in card if each.key >= before]


def _card_payments(told: list[tuple[int, Event]]) -> Iterator[_Moved]:
    """Card payments that became `paid`, and what was given back of them."""
    for key, fact in told:
        body = fact.body
        if fact.kind == "attempt" and body.get("tender") == "card" and body.get("state") == "paid":
            yield _Moved(key, body["kind"], int(body["minor"]) * (1 if body["kind"] == Kind.PAY else -1))


def open_payments(conn: sqlite3.Connection) -> tuple[OpenPayment, ...]:
    """The payments whose outcome is not final."""
    rows = conn.execute(
        "SELECT no, sale, state, amount_minor, cur FROM attempts INDEXED BY attempts_open"
        " WHERE state IN ('requested', 'sent', 'approved', 'reversing', 'unknown') ORDER BY no"
    )
    return tuple(OpenPayment(*row) for row in rows.fetchall())


def _doubted(doubt: uploads.Doubt) -> str:
    if doubt.reason == "edition-sold-twice":
        return f"Record {doubt.seq}: its edition number was sold by another box or copy too. Agree with both buyers who keeps it."
    return f"Record {doubt.seq}: the cloud calls it {doubt.verdict} ({doubt.reason}). Ask who keeps the cloud."


@dataclass(frozen=True, slots=True)
class Sent:
    """How many events there are, and how far they came."""

    size: int
    state: Upload


def upload(conn: sqlite3.Connection) -> Sent:
    """All epochs together. One kept beside the cloud's journal is never countersigned; its doubt says so."""
    size = sent = cosigned = 0
    doubts: list[str] = []
    for epoch_no in journal.epoch_numbers(conn):
        head, state = journal.read_epoch(conn, epoch_no), uploads.read_state(conn, epoch_no)
        size, sent = size + head.size, sent + state.next
        cosigned += head.size if state.beside else state.cosigned_size or 0
        doubts += [_doubted(doubt) for doubt in uploads.read_doubts(conn, epoch_no)]
    running = uploads.read_state(conn, journal.read_head(conn).epoch_no)
    return Sent(size, Upload(sent, cosigned, running.last_error, tuple(doubts)))
