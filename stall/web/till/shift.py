"""The drawer and the shift at the till: float, cash in and out, counting, and the close. Each press is one flow."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

import stall
from stall.domain import drawer, money, zties
from stall.domain.drawer import Way
from stall.domain.rights import Right
from stall.errors import StallError
from stall.flows import checkpoint
from stall.flows import shift as flow
from stall.flows.day_end import ask_day_end
from stall.flows.shift import CashMove, Closing, Press
from stall.store import owner_slips, readers, shifts, zsums
from stall.store.db import Tx
from stall.store.readonly import one_view
from stall.web import ids
from stall.web.error_pages import status_of
from stall.web.till.banner import READER
from stall.web.till.box import this_box
from stall.web.till.pin import check_pin
from stall.web.till.signed import may

shift = Blueprint("till_shift", __name__, url_prefix="/shift")

Answer = Response | tuple[str, int]
Work = Callable[[Tx], int]

_MOST = 1 << 40


@shift.get("")
def page() -> str:
    """Show what is in the drawer and what can be done with it."""
    return _page()


@shift.post("/float")
def put_float() -> Answer:
    """Record what lies in the drawer before anybody pays."""

    def read() -> Work:
        pressed, minor = _press(), _amount("amount")
        return lambda tx: flow.record_float(tx, pressed, minor)

    return _do(read, _page)


@shift.post("/move")
def move() -> Answer:
    """Record cash paid in or out (`way`), for a `reason`."""
    form = request.form

    def read() -> Work:
        way = Way.OUT if form.get("way") == Way.OUT else Way.IN
        pressed, told = _press(), CashMove(way, _amount("amount"), form.get("reason", ""), form.get("words", ""))
        return lambda tx: flow.move_cash(tx, pressed, told)

    return _do(read, _page)


@shift.get("/count")
def count_page() -> str:
    """Show every note and coin with a field for how many there are."""
    return _count_page()


@shift.post("/count")
def count() -> Answer:
    """Record the count: the fields `p…` by piece, or where all are empty the sum in `total`."""
    cur = this_box().settings.cur

    def read() -> Work:
        pieces = {worth: drawer.read_count(request.form.get(f"p{worth}", "")) for worth in drawer.of_currency(cur)}
        pressed, typed = _press(), request.form.get("total", "").strip()
        if typed and not any(pieces.values()):
            total = money.parse(typed, cur)
            return lambda tx: flow.count_drawer(tx, pressed, cur, None, total)
        return lambda tx: flow.count_drawer(tx, pressed, cur, pieces)

    return _do(read, _count_page)


@shift.get("/close")
def close_page() -> str:
    """Show the five numbers as they would be closed now."""
    return _close_page()


@shift.post("/terminal")
def terminal() -> Answer:
    """Ask the terminal for its end of day; its answer comes on the page."""
    box = this_box()
    try:
        job = box.write("payment", lambda tx: ask_day_end(tx, READER))
    except StallError as trouble:
        return _close_page(trouble), status_of(trouble)
    return redirect(url_for("till_shift.close_page", job=job), 303)


@shift.post("/close")
def close() -> Answer:
    """Close the shift; over payments that are not finished only with the PIN of somebody who may decide those."""
    box, form = this_box(), request.form
    settings = box.settings
    despite = "despite_open" in form
    try:
        if despite:
            check_pin(box, form.get("pin", ""), Right.DECIDE)
        how = Closing(
            settings.cur, cloud=settings.cloud is not None, blind=settings.till.blind_count, counted="counted" in form, despite_open=despite
        )  # fmt: skip
        pressed = _press()
        no = box.write("payment", lambda tx: flow.close_shift(tx, pressed, how))
    except StallError as trouble:
        return _close_page(trouble), status_of(trouble)
    signed = checkpoint.standing_checkpoint(box.db.read())
    if signed is not None:
        checkpoint.remember(box.folder, signed[1])
    owner_slips.erase_others(box.folder)  # what was printed in part, or not at all, and nobody asked for since
    box.db.truncate_log()
    there = url_for("till_reports.report", no=no) if may(Right.READ_DAY) else url_for("till_shift.page", closed=no)
    return redirect(there, 303)


def _do(read: Callable[[], Work], page: Callable[[StallError], str]) -> Answer:
    """Read the form, do what it says and show the drawer; a refusal is told on the page it was pressed on.

    The form is read here: the writer's thread knows no request.
    """
    try:
        this_box().write("payment", read())
    except StallError as trouble:
        return page(trouble), status_of(trouble)
    return redirect(url_for("till_shift.page"), 303)


def _press() -> Press:
    """Which button of which form was pressed. Raises Refused `press-malformed`."""
    no = request.form.get("shift", 0, type=int)
    return Press(ids.read_press(request.form.get("press", "")), no if 0 < no < _MOST else 0)


def _amount(field: str) -> int:
    return money.parse(request.form.get(field, ""), this_box().settings.cur)


def _page(trouble: StallError | None = None) -> str:
    box = this_box()
    conn = box.db.read()
    with one_view(conn):
        running = shifts.running(conn)
        counted = shifts.standing_count(conn, running.after + 1)
        report = zsums.of_running(conn, running, box.settings.cur, box.now_ms())
        moves = shifts.moves(conn, running.after + 1, shifts.head_key(conn), box.secrets.claim_key)
        last = shifts.newest(conn)
    return render_template(
        "till/shift.html",
        shift=running,
        drawer=report.drawer,
        counted=counted,
        hidden=box.settings.till.blind_count and counted is None,
        moves=[move for move in reversed(moves) if move.way != Way.COUNT],
        reasons=drawer.REASONS,
        last=last,
        closed=request.args.get("closed", 0, type=int),
        cur=box.settings.cur,
        typed=_typed(),
        now_ms=box.now_ms(),
        trouble=trouble,
    )


def _count_page(trouble: StallError | None = None) -> str:
    cur = this_box().settings.cur
    return render_template(
        "till/count.html",
        shift=shifts.running(this_box().db.read()),
        pieces=drawer.of_currency(cur),
        places=money.exponent_of(cur),
        cur=cur,
        typed=_typed(),
        trouble=trouble,
    )


def _close_page(trouble: StallError | None = None) -> str:
    box = this_box()
    conn, settings = box.db.read(), box.settings
    with one_view(conn):
        running = shifts.running(conn)
        counted = shifts.standing_count(conn, running.after + 1)
        told = zsums.Told(
            settings.cur, stall.__version__, cloud=settings.cloud is not None, blind=settings.till.blind_count, now_ms=box.now_ms(), count=counted
        )  # fmt: skip
        report = zsums.gather(conn, running, told, with_editions=False)
        reader = readers.find(conn, READER)
        asked = request.args.get("job", 0, type=int)
        job = readers.job(conn, asked) if 0 < asked < _MOST else None
    return render_template(
        "till/close.html",
        shift=running,
        report=report,
        ties=zties.ties(report),
        counted=counted,
        hidden=settings.till.blind_count and counted is None,
        reader=reader,
        job=job,
        cur=settings.cur,
        trouble=trouble,
    )


def _typed() -> dict[str, str]:
    return {name: value[:200] for name, value in request.form.items() if name not in {"pin", "press", "shift"}}
