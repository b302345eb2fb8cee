"""What `stall report z` prints and writes of one Z-report: text, one object, a table, a PDF."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from stall import disk
from stall.commands import say
from stall.domain import zlayout, zties
from stall.domain.zlayout import Head
from stall.domain.zreport import ZReport
from stall.errors import Refused
from stall.store import people, shifts
from stall.store.box import Box
from stall.store.shifts import Closed
from stall.wire import report_table, table


@dataclass(frozen=True, slots=True)
class Shown:
    """One report, whose it is, and the row it has."""

    closed: Closed
    report: ZReport
    head: Head


def read(box: Box, no: int | None) -> Shown:
    """Read a report, the newest where none is named. Raises Refused `z-none`, `z-unknown`."""
    conn = box.db.read()
    closed = shifts.newest(conn) if no is None else shifts.get(conn, no)
    if closed is None:
        raise Refused("z-none", "No shift of this stall was closed yet. Close the day at the till first.")
    report = shifts.report_of(conn, closed)
    by = "" if report.by is None else people.called(conn, report.by)
    own = box.settings
    head = Head(own.seller, own.name, own.place, box.secrets.signing.thumbprint, closed.checkpoint or "", by)
    return Shown(closed, report, head)


def facts(shown: Shown) -> dict[str, object]:
    """The report as one object; `ok` says whether no number has a gap."""
    ties = zties.ties(shown.report)
    gap = any(tie.standing is zties.Standing.GAP for tie in ties)
    return {"ok": not gap, **report_table.as_object(shown.report, shown.head)}


def show(shown: Shown) -> None:
    """Print it for a person: the five numbers, then the details."""
    report = shown.report
    say.line(f"Z-report {report.no}, closed {zlayout.words(zlayout.Moment(report.period.closed_ms), report.cur)}")
    marks = {zties.Standing.OK: "ok ", zties.Standing.GAP: "GAP", zties.Standing.LATER: "..."}
    for tie in zties.ties(report):
        amount = "" if tie.minor is None else zlayout.words(zlayout.Money(tie.minor), report.cur)
        say.line(f"{marks[tie.standing]} {tie.title:<9} {amount:>12}  {tie.sentence}")
    for section in zlayout.sections(report, shown.head):
        say.line()
        say.line(f"{section.title:<30}{''.join(f'{name:>16}' for name in section.columns)}".rstrip())
        for row in section.rows:
            cells = [zlayout.words(cell, report.cur) for cell in row.cells]
            say.line(
                f"  {row.label:<28}{''.join(f'{cell:>16}' for cell in cells) if section.columns else cells[0]}".rstrip()
            )


def write_table(box: Box, shown: Shown, *, receipts: bool, office: bool) -> None:
    """Print the report, or the receipts of its shift, as CSV."""
    conn = box.db.read()
    papers = shifts.papers(conn, *shifts.span(conn, shown.closed)) if receipts else ()
    rows = report_table.of_papers(papers) if receipts else report_table.of_report(shown.report, shown.head)
    say.data(table.write(rows, table.OFFICE if office else table.PLAIN).encode())


def write_pdf(shown: Shown, out: str) -> None:
    """Write it as PDF to a file, or to standard output. Raises what `disk.whole_file` raises."""
    from stall.box import z_pdf

    data = z_pdf.draw(shown.report, shown.head)
    if out == "-":
        say.data(data)
        return
    with disk.whole_file(Path(out)) as file:
        file.write(data)
