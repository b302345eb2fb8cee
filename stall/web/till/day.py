"""The maker's pages at the till: open and close drops, confirm the clock, see the day, ask the terminal."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from stall.domain.rights import Right
from stall.errors import Refused, StallError
from stall.flows.confirm_clock import confirm_clock, read_time
from stall.flows.day_end import ask_day_end, ask_diagnosis, ask_slip
from stall.flows.switch_drop import close_drop, open_drop
from stall.store import catalogue, epochs, floor, till_reads
from stall.store.db import Tx
from stall.web.error_pages import status_of
from stall.web.till import today
from stall.web.till.banner import READER
from stall.web.till.box import this_box
from stall.web.till.pin import with_pin
from stall.web.till.program import check_answers, runs
from stall.web.till.signed import may

day = Blueprint("till_day", __name__)

Answer = Response | tuple[str, int]


@day.get("/drops")
def drops() -> str:
    """Show every drop with its switch."""
    return _drops()


@day.post("/drops")
def switch() -> Answer:
    """Open the drop named by `open`, or close the one named by `close`, with the PIN."""
    wanted, closing = request.form.get("open"), request.form.get("close")

    def work(tx: Tx) -> None:
        if wanted is not None:
            open_drop(tx, wanted)
        elif closing is not None:
            close_drop(tx, closing)
        else:
            raise Refused("drop-unnamed", "No drop was named. Press the button beside the drop to open or close.")

    return with_pin(work, Right.DROPS, _drops, url_for("till_day.drops", switched=wanted or closing))


@day.get("/clock")
def clock() -> str:
    """Show the box's time and where it comes from."""
    return _clock()


@day.post("/clock")
def confirm() -> Answer:
    """Take the maker's time (`utc`, like 2026-11-21 14:05), with the PIN."""
    typed = request.form.get("utc", "")

    def work(tx: Tx) -> None:
        confirm_clock(tx, read_time(typed))

    return with_pin(work, Right.CLOCK, _clock, url_for("till_day.clock", confirmed=1))


@day.get("/day")
def close() -> str:
    """Show the day so far, and whether it ties."""
    return today.page()


@day.post("/day/end")
def end() -> Answer:
    """Ask the terminal for its end of day."""
    return _ask_reader(ask_day_end)


@day.post("/day/check")
def check() -> Answer:
    """Ask the terminal to check itself and its line to the bank."""
    return _ask_reader(ask_diagnosis)


@day.post("/day/slip")
def slip() -> Answer:
    """Ask the terminal to print its last slip again."""
    return _ask_reader(ask_slip)


def _ask_reader(ask: Callable[[Tx, int], int]) -> Answer:
    """Ask the terminal for something. Who may not read the day is told of it where the shift is closed."""
    box = this_box()
    running = runs(box)

    def work(tx: Tx) -> int:
        check_answers(tx, running=running)
        return ask(tx, READER)

    try:
        job = box.write("payment", work)
    except StallError as trouble:
        if not may(Right.READ_DAY):
            raise
        return today.page(trouble), status_of(trouble)
    return redirect(url_for("till_day.close" if may(Right.READ_DAY) else "till_shift.close_page", job=job), 303)


def _drops(trouble: StallError | None = None) -> str:
    box = this_box()
    conn, now_ms = box.db.read(), box.now_ms()
    cards = catalogue.cards(conn, now_ms)
    switched = request.args.get("switched", "") if trouble is None else ""
    return render_template(
        "till/drops.html",
        cards=cards,
        on=till_reads.switched_on(conn),
        frozen=epochs.frozen_drops(conn),
        switched=next((card for card in cards if card.drop_id == switched), None),
        asked=request.form.get("open") or request.form.get("close"),
        now_ms=now_ms,
        trouble=trouble,
    )


def _clock(trouble: StallError | None = None) -> str:
    box = this_box()
    moment = floor.moment(box.db.read(), box.clock)
    return render_template(
        "till/clock.html",
        moment=moment,
        typed=request.form.get("utc", "")[:40],
        confirmed=trouble is None and "confirmed" in request.args,
        trouble=trouble,
    )
