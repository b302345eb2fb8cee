"""Ask for paper at the till: a receipt or its copy, a Z-report, a test page, the drawer. The page of the printer."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from stall.domain.rights import Right
from stall.errors import StallError
from stall.flows import print_paper
from stall.store import print_jobs
from stall.store.db import Tx
from stall.store.readonly import one_view
from stall.web import ids
from stall.web.error_pages import status_of
from stall.web.till import print_state
from stall.web.till.box import SALE, this_box
from stall.web.till.sale_page import page
from stall.web.till.signed import may

printing = Blueprint("till_print", __name__)

Answer = Response | tuple[str, int]

_NEWEST = 5
_KINDS = {"receipt": "Receipt", "z": "Z-report", "test": "Test page", "drawer": "Drawer", "owner": "Owner slip"}


@printing.post(f"/sale/<int(min=1, max={SALE}):no>/print")
def receipt(no: int) -> Answer:
    """Ask for the receipt of a sale, or a copy of it."""
    return _ask(
        lambda tx, key: print_paper.ask_receipt(tx, no, key),
        url_for("till_pay.sale", no=no),
        lambda trouble: page(no, trouble),
    )


@printing.post(f"/z/<int(min=1, max={SALE}):no>/paper")
def z_report(no: int) -> Answer:
    """Ask for the Z-report of a shift, or a copy of it."""
    there = url_for("till_print.printer") if may(Right.SELL) else url_for("till_reports.report", no=no)
    return _ask(lambda tx, key: print_paper.ask_z_report(tx, no, key), there, _page_or_refusal)


@printing.get("/printer")
def printer() -> str:
    """Show how the printer stands and what it did last."""
    return _page()


@printing.post("/printer/test")
def test() -> Answer:
    """Ask for a test page."""
    return _ask(print_paper.ask_test, url_for("till_print.printer"), _page)


@printing.post("/printer/drawer")
def drawer() -> Answer:
    """Open the drawer without a sale."""
    return _ask(print_paper.ask_drawer, url_for("till_print.printer"), _page)


def _ask(ask: Callable[[Tx, bytes], int], then: str, told: Callable[[StallError], str]) -> Answer:
    """Ask for paper and show the page again; a refusal is told on it."""
    try:
        key = ids.read_press(request.form.get("press", ""))
        this_box().write("payment", lambda tx: ask(tx, key))
    except StallError as trouble:
        return told(trouble), status_of(trouble)
    return redirect(then, 303)


def _page_or_refusal(trouble: StallError) -> str:
    """The printer's page to whoever may see it; to others the refusal alone."""
    if not may(Right.SELL):
        raise trouble
    return _page(trouble)


def _page(trouble: StallError | None = None) -> str:
    box = this_box()
    conn, now_ms = box.db.read(), box.now_ms()
    with one_view(conn):
        state = print_jobs.printer(conn)
        return render_template(
            "till/printer.html",
            printer=box.settings.printer,
            state=state,
            said=None if state is None else print_state.printer_words(box, state),
            test=print_state.of_paper(conn, print_jobs.TEST, None, now_ms),
            jobs=print_jobs.newest(conn, _NEWEST),
            kinds=_KINDS,
            now_ms=now_ms,
            trouble=trouble,
        )
