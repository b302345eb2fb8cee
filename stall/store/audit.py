"""Check a box's journal against itself and against the tables: root, signatures, gaps, money, numbers.

Reads only. Every finding is a sentence; no finding means that everything holds.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field

from stall.errors import StallError
from stall.store import journal
from stall.store.readonly import one_view
from stall.store.schema import HELD, SOLD
from stall.wire import b64, event, keys, merkle, receipt
from stall.wire.receipt import Receipt


@dataclass(slots=True)
class Audit:
    """What was read and what was found wrong. Sums in minor units per tender."""

    epoch: str
    events: int = 0
    root: bytes = b""
    receipts: int = 0
    tenders: dict[str, int] = field(default_factory=dict)
    sold: set[tuple[str, int]] = field(default_factory=set)
    findings: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Nothing was found wrong."""
        return not self.findings


def audit(conn: sqlite3.Connection, public: bytes) -> Audit:
    """Read the whole journal of the current epoch and compare. `public` is the box's key.

    Runs inside one read transaction, so that a running stall does not disturb it.
    """
    try:
        with one_view(conn):
            return _read_all(conn, public)
    except StallError as error:
        return Audit("unknown", findings=[f"The head of the journal cannot be read: {error.sentence}"])
    except sqlite3.DatabaseError as error:
        return Audit("unknown", findings=[f"The database file is damaged and cannot be read to its end: {error}."])


def _read_all(conn: sqlite3.Connection, public: bytes) -> Audit:
    head = journal.read_head(conn)
    found = Audit(head.epoch_text)
    _check_pages(conn, found)
    frontier = merkle.Frontier.empty()
    last_at = 0
    for seq, data in journal.all_events(conn, head.epoch_no):
        frontier = frontier.append(merkle.leaf_hash(data))
        last_at = _check_event(found, seq, data, public, last_at)
        found.events += 1
    found.root = frontier.root()
    if (frontier.size, found.root) != (head.size, head.frontier.root()):
        found.findings.append(
            f"The journal's {frontier.size} events do not make the root the box keeps for {head.size}."
        )
    _check_checkpoint(conn, found, head)
    _check_money(conn, found, head.epoch_no)
    _check_numbers(conn, found)
    return found


def _check_pages(conn: sqlite3.Connection, found: Audit) -> None:
    """What SQLite itself finds wrong with its pages and indexes."""
    for (line,) in conn.execute("PRAGMA integrity_check(5)").fetchall():
        if line != "ok":
            found.findings.append(f"The database file is damaged: {line}.")


def _check_event(found: Audit, seq: int, data: bytes, public: bytes, last_at: int) -> int:
    """Check one event's form, place and receipt; return its time."""
    if seq != found.events:
        found.findings.append(f"Event {found.events} is missing; {seq} comes next.")
        found.events = seq
    try:
        read = event.decode(data)
    except StallError as error:
        found.findings.append(f"Event {seq} cannot be read: {error.sentence}")
        return last_at
    if (read.epoch, read.seq) != (found.epoch, seq):
        found.findings.append(f"Event {seq} says it is event {read.seq} of epoch {read.epoch}.")
    if read.at < last_at and read.kind != "clock":
        found.findings.append(f"Event {seq} is earlier than the one before it.")
    token = read.body.get("receipt")
    if isinstance(token, str):
        _check_receipt(found, seq, token, public)
    return read.at


def _check_receipt(found: Audit, seq: int, token: str, public: bytes) -> None:
    try:
        signed = receipt.verify(token, {keys.thumbprint(public): public})
    except StallError as error:
        found.findings.append(f"The receipt in event {seq} does not hold: {error.sentence}")
        return
    if (signed.epoch, signed.seq) != (found.epoch, seq):
        found.findings.append(f"The receipt in event {seq} says it belongs to event {signed.seq}.")
    found.receipts += 1
    _add(found, seq, signed)


def _add(found: Audit, seq: int, signed: Receipt) -> None:
    for pay in signed.pay:
        found.tenders[pay.m] = found.tenders.get(pay.m, 0) + pay.minor
    for item in signed.items:
        if item.drop is not None and item.ed is not None:
            if (item.drop, item.ed) in found.sold:
                found.findings.append(f"Event {seq} sells number {item.ed} of {item.drop} a second time.")
            found.sold.add((item.drop, item.ed))


def _check_checkpoint(conn: sqlite3.Connection, found: Audit, head: journal.Head) -> None:
    row = conn.execute("SELECT epoch_no, size, root FROM checkpoint").fetchone()
    if row is None or row["epoch_no"] != head.epoch_no:
        return
    leaves = [merkle.leaf_hash(data) for seq, data in journal.all_events(conn, head.epoch_no) if seq < row["size"]]
    if len(leaves) != row["size"] or merkle.root_of(leaves) != row["root"]:
        found.findings.append(f"The journal is not the one this box signed a checkpoint of ({row['size']} events).")


def _check_money(conn: sqlite3.Connection, found: Audit, epoch_no: int) -> None:
    """What the sales table says was paid must be what the receipts say."""
    rows = conn.execute(
        "SELECT a.tender, sum(a.amount_minor) FROM attempts a JOIN sales s ON s.no = a.sale"
        " WHERE a.state = 'paid' AND a.kind = 'pay' AND s.state = 'paid' AND s.epoch_no = ? GROUP BY a.tender",
        (epoch_no,),
    )
    table = dict(rows.fetchall())
    for tender in sorted(table.keys() | found.tenders.keys()):
        if table.get(tender, 0) != found.tenders.get(tender, 0):
            found.findings.append(
                f"Receipts say {found.tenders.get(tender, 0)} by {tender}, the table of payments says {table.get(tender, 0)}."
            )


def _check_numbers(conn: sqlite3.Connection, found: Audit) -> None:
    """Every number sold in a receipt is sold in the table, and no other; no hold without a sale."""
    rows = conn.execute(
        "SELECT d.drop_id, n.id - (d.no << 20) FROM drops d JOIN numbers n ON n.id BETWEEN d.no << 20 AND ((d.no + 1) << 20) - 1"
        " JOIN leases l ON l.no = n.lease WHERE n.state = ? AND l.epoch_no = (SELECT epoch_no FROM journal)",
        (SOLD,),
    )
    table = {(drop, number) for drop, number in rows.fetchall()}
    for drop, number in sorted(table ^ found.sold):
        where = "a receipt" if (drop, number) in found.sold else "the table of numbers"
        found.findings.append(f"Number {number} of {drop} is sold only in {where}.")
    stray = conn.execute(
        "SELECT count(*) FROM numbers n LEFT JOIN sales s ON s.no = n.sale WHERE n.state = ? AND (s.no IS NULL OR s.state <> 'basket')",
        (HELD,),
    ).fetchone()[0]
    if stray:
        found.findings.append(f"{stray} numbers are held by no open sale.")


def describe(found: Audit) -> dict[str, object]:
    """An audit as plain values, for --json."""
    return {
        "ok": found.ok,
        "epoch": found.epoch,
        "events": found.events,
        "root": b64.encode(found.root),
        "receipts": found.receipts,
        "tenders": found.tenders,
        "findings": found.findings,
    }
