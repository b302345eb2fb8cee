"""Z-reports at the till: the list, each as a page, for the printer, as PDF, CSV and JSON. All of them drawn from the one event."""

from __future__ import annotations

import re

from flask import Blueprint, json, render_template, request
from werkzeug.wrappers import Response

from stall.domain import zlayout, zties
from stall.domain.zlayout import Head
from stall.domain.zreport import ZReport
from stall.store import people, shifts
from stall.store.box import Box
from stall.store.shifts import Closed
from stall.web.till import pdf
from stall.web.till.box import this_box
from stall.wire import report_table, table

reports = Blueprint("till_reports", __name__, url_prefix="/z")

#: Reports a page of the list has.
LISTED = 50
_NO = f"<int(min=1, max={(1 << 40) - 1}):no>"


@reports.get("")
def listed() -> str:
    """List the newest reports, with a way to the older ones."""
    conn = this_box().db.read()
    below = request.args.get("below", type=int)
    found = shifts.closed(conn, LISTED + 1, below if below is None or 0 < below < 1 << 40 else 1)
    rows = [(each, shifts.report_of(conn, each)) for each in found[:LISTED]]
    older = found[LISTED - 1].no if len(found) > LISTED else None
    return render_template("till/z_list.html", rows=rows, older=older, running=shifts.running(conn))


@reports.get(f"/{_NO}")
def report(no: int) -> str:
    """Show one report: the five numbers, then the details."""
    return _drawn("till/z.html", no)


@reports.get(f"/{_NO}/print")
def printed(no: int) -> str:
    """Show one report as it is printed on A4."""
    return _drawn("till/z_print.html", no)


@reports.get(f"/{_NO}.pdf")
def as_pdf(no: int) -> Response:
    """Give one report as PDF."""
    closed = shifts.get(this_box().db.read(), no)
    return _file(pdf.of_report(this_box().folder, closed.no), "application/pdf", f"z-report-{no}.pdf")


@reports.get(f"/{_NO}.csv")
def as_csv(no: int) -> Response:
    """Give one report as CSV; with `?dialect=de` as offices there open it."""
    said, head = _read(no)
    return _table(table.write(report_table.of_report(said, head), _dialect()), f"z-report-{no}.csv")


@reports.get(f"/{_NO}.json")
def as_json(no: int) -> Response:
    """Give one report as JSON: the body of its event, and whose it is."""
    said, head = _read(no)
    return _file(json.dumps(report_table.as_object(said, head)).encode(), "application/json", f"z-report-{no}.json")


@reports.get(f"/{_NO}/receipts.csv")
def receipts(no: int) -> Response:
    """Give the receipts of one shift as CSV, one row a line."""
    conn = this_box().db.read()
    papers = shifts.papers(conn, *shifts.span(conn, shifts.get(conn, no)))
    return _table(table.write(report_table.of_papers(papers), _dialect()), f"receipts-{no}.csv")


def head_of(box: Box, closed: Closed, said: ZReport) -> Head:
    """Whose a report is, as the settings have it now; and who closed it."""
    own = box.settings
    by = "" if said.by is None else people.called(box.db.read(), said.by)
    return Head(own.seller, own.name, own.place, box.secrets.signing.thumbprint, closed.checkpoint or "", by)


def _read(no: int) -> tuple[ZReport, Head]:
    box = this_box()
    closed = shifts.get(box.db.read(), no)
    said = shifts.report_of(box.db.read(), closed)
    return said, head_of(box, closed, said)


def _drawn(template: str, no: int) -> str:
    said, head = _read(no)
    whose, *sections = zlayout.sections(said, head)
    return render_template(
        template, report=said, head=head, ties=zties.ties(said), whose=whose, sections=sections, words=zlayout.words, Money=zlayout.Money
    )  # fmt: skip


def _dialect() -> table.Dialect:
    return table.OFFICE if re.fullmatch("de|at|fr|office", request.args.get("dialect", "")) else table.PLAIN


def _table(text: str, name: str) -> Response:
    return _file(text.encode(), "text/csv; charset=utf-8", name)


def _file(data: bytes, kind: str, name: str) -> Response:
    answer = Response(data, mimetype=kind)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
