"""The drawer and the shifts: each move has its row, Z-reports are numbered without gaps, and each says what the double entry says."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

from stall.domain import zbody, zreport
from stall.domain.zreport import Place, ZReport
from stall.store import zsums
from stall.store.audit.found import Audit
from stall.store.schema import event_id
from stall.wire import event
from stall.wire.event import Event


class Shifts:
    """What the journal tells of cash without a sale and of closed shifts."""

    def __init__(self, conn: sqlite3.Connection, found: Audit) -> None:
        """Begin before the first event."""
        self._conn = conn
        self._found = found
        self._moves = 0
        self._newest = 0
        self._after = -1  # the event that closed the shift before
        self._opened: tuple[int, int] | None = None  # the event that recorded the float, and when

    def moved(self, epoch_no: int, read: Event) -> None:
        """One move or count of the drawer: its row says the same."""
        body, key = read.body, event_id(epoch_no, read.seq)
        self._moves += 1
        row = self._conn.execute(
            "SELECT way, minor, reason, at_ms, salt IS NOT NULL FROM drawer_moves WHERE event = ?", (key,)
        ).fetchone()
        if row is None or tuple(row[:4]) != (body["way"], body["minor"], body.get("reason", ""), read.at):
            self._found.add(f"Event {read.seq} tells of cash that the table of the drawer does not have so.")
        elif row[4] and "words" not in body:
            self._found.add(f"Event {read.seq} has no words, and the table of the drawer keeps some for it.")
        if body["way"] == "float":
            self._opened = (key, read.at)

    def closed(self, epoch_no: int, read: Event) -> None:
        """One Z-report: the next number, the row that says so, and the sums of the events since the one before."""
        key, name = event_id(epoch_no, read.seq), f"The Z-report in event {read.seq}"
        report = zbody.read(read.body)
        if zbody.body(report) != zbody.own(read.body):
            self._found.add(f"{name} does not say what a Z-report says.")
        if report.no != self._newest + 1:
            self._found.add(f"{name} is number {report.no}; the one before it is {self._newest}.")
        self._newest = report.no
        row = self._conn.execute(
            "SELECT closed_event, closed_ms, opened_event, opened_ms FROM shifts WHERE no = ?", (report.no,)
        ).fetchone()
        if row is None or tuple(row) != (key, read.at, *(self._opened or (None, None))):
            self._found.add(f"{name} is not the one the table of shifts has, or it was opened otherwise.")
        self._check_period(report, read, name)
        self._check_sums(report, key, name)
        self._after, self._opened = key, None

    def _check_period(self, report: ZReport, read: Event, name: str) -> None:
        """From the event after the last report to itself."""
        period = report.period
        first = self._conn.execute(
            "SELECT bytes FROM events WHERE id > ? ORDER BY id LIMIT 1", (self._after,)
        ).fetchone()
        begins = event.decode(first[0])
        opened_ms = None if self._opened is None else self._opened[1]
        told = (period.first, period.begun_ms, period.last, period.closed_ms, period.opened_ms)
        if told != (Place(begins.epoch, begins.seq), begins.at, Place(read.epoch, read.seq), read.at, opened_ms):
            self._found.add(f"{name} is of another period than the one since the report before.")

    def _check_sums(self, report: ZReport, key: int, name: str) -> None:
        """The double entry of the period adds up to what the report says, and the report in itself."""
        sums = zsums.of_entries(self._conn, self._after + 1, key - 1, report)
        wanted = replace(
            sums,
            drawer=replace(
                sums.drawer, counted=report.drawer.counted, blind=report.drawer.blind, pieces=report.drawer.pieces
            ),
            vouchers=replace(sums.vouchers, liability=report.vouchers.liability),
        )
        if wanted != report:
            self._found.add(f"{name} adds up to other sums than the events of its shift.")
        for wrong in zreport.unequal(report):
            self._found.add(f"{name} does not add up: {wrong}.")

    def end(self) -> None:
        """After the last event: no row that no event tells of, and exactly one shift runs."""
        (rows,) = self._conn.execute("SELECT count(*) FROM drawer_moves").fetchone()
        if rows != self._moves:
            self._found.add(f"The journal tells of {self._moves} moves of the drawer, the table has {rows}.")
        shifts = self._conn.execute("SELECT no, closed_event IS NULL, opened_event FROM shifts ORDER BY no").fetchall()
        numbers = [no for no, _, _ in shifts]
        running = [(no, opened) for no, runs, opened in shifts if runs]
        opened = None if self._opened is None else self._opened[0]
        if numbers != list(range(1, self._newest + 2)) or running != [(self._newest + 1, opened)]:
            self._found.add("The table of shifts is not that of the Z-reports, without gaps and one that runs.")
