"""The Day page: the day so far, whether it ties, and what a person says of what does not.

A look costs what happened since the last Z-report. Every receipt of the stall is read only where somebody asks for that.
"""

from __future__ import annotations

from flask import Blueprint, render_template, request, url_for
from werkzeug.wrappers import Response

from stall.domain import books, money
from stall.domain.books import Books
from stall.domain.rights import Right
from stall.errors import Refused, StallError
from stall.flows.day_end import record_no_day_end, record_slip
from stall.flows.mark_seen import mark_seen
from stall.store import at_risk, epochs, readers, reconciliation
from stall.store import day as days
from stall.store.db import Tx
from stall.web.till.banner import READER
from stall.web.till.box import this_box
from stall.web.till.pin import with_pin
from stall.web.till.program import runs

today = Blueprint("till_today", __name__)

Answer = Response | tuple[str, int]

_MOST = (1 << 40) - 1
_ROW = f"<int(min=1, max={_MOST}):no>"
#: More digits than any terminal counts payments with.
_DIGITS = 6


@today.get("/day/all")
def everything() -> str:
    """Read every signed receipt of the stall, and compare; takes as long as there are many."""
    box = this_box()
    own = box.secrets
    keys = {own.signing.thumbprint: own.signing.public}
    cloud = box.settings.cloud is not None
    read = reconciliation.read_books(box.db.read(), keys, box.settings.cur, cloud=cloud, claim_key=own.claim_key)
    return render_template("till/day_all.html", books=read, checks=books.checks(read), now_ms=box.now_ms())


@today.post(f"/day/note/{_ROW}/seen")
def note_seen(no: int) -> Answer:
    """Mark a note as seen, with the reason typed and a PIN."""
    reason = _reason()
    return with_pin(lambda tx: mark_seen(tx, "exception", no, reason), Right.READ_DAY, page, url_for("till_day.close"))


@today.post(f"/day/end/{_ROW}/seen")
def end_seen(no: int) -> Answer:
    """Mark an end of day that does not tie as seen, with the reason typed and a PIN."""
    reason = _reason()
    return with_pin(lambda tx: mark_seen(tx, "day_end", no, reason), Right.READ_DAY, page, url_for("till_day.close"))


@today.post(f"/day/cut/{_ROW}/slip")
def slip_says(no: int) -> Answer:
    """Take the totals of an end of day that was cut off, as the slip says them, with a PIN."""
    typed, counted = request.form.get("total", ""), request.form.get("count", "").strip()
    cur = this_box().settings.cur

    def work(tx: Tx) -> None:
        record_slip(tx, no, total_minor=money.parse(typed, cur), count=_count(counted), cur=cur)

    return with_pin(work, Right.DECIDE, page, url_for("till_day.close"))


@today.post(f"/day/cut/{_ROW}/none")
def closed_nothing(no: int) -> Answer:
    """Take a person's word that an end of day that was cut off closed no day, with the reason typed and a PIN."""
    reason = _reason()
    return with_pin(lambda tx: record_no_day_end(tx, no, reason), Right.DECIDE, page, url_for("till_day.close"))


def _reason() -> str:
    """What was typed. Read before the work is handed over: the writer's thread knows no request."""
    return request.form.get("reason", "")


def page(trouble: StallError | None = None) -> str:
    """Draw the day so far; `trouble` is told on it."""
    box = this_box()
    conn, now_ms = box.db.read(), box.now_ms()
    read = days.read_day(conn, box.settings.cur, cloud=box.settings.cloud is not None, claim_key=box.secrets.claim_key)
    asked = request.args.get("job", 0, type=int)
    return render_template(
        "till/day.html",
        day=read,
        books=read.books,
        checks=books.day_checks(read.books),
        look=_to_look_at(read.books),
        risk=at_risk.total(conn, box.settings.cur),
        epoch=epochs.running(conn),
        frozen=epochs.frozen(conn),
        reader=readers.find(conn, READER),
        running=runs(box),
        apart=box.settings.standalone and box.settings.standalone.name,
        job=readers.job(conn, asked) if 0 < asked <= _MOST else None,
        room=box.room,
        now_ms=now_ms,
        asked=request.path,
        typed=request.form,
        trouble=trouble,
    )


def _to_look_at(read: Books) -> list[tuple[int, str, str]]:
    """Notes and ends of day that nobody has marked as seen, oldest first: when, the sentence, the address that marks it."""
    found = [(note.at_ms, note.sentence, f"/day/note/{note.no}/seen") for note in read.exceptions]
    found += [
        (end.at_ms, gap, f"/day/end/{end.no}/seen")
        for end in read.day_ends
        if end.seen_by is None and (gap := books.gap_of(end)) is not None
    ]
    return sorted(found)


def _count(typed: str) -> int | None:
    if not typed:
        return None
    if not typed.isdecimal() or len(typed) > _DIGITS:
        raise Refused(
            "count-wrong", "That is not a number of payments. Type it as the slip says it, or leave it empty."
        )
    return int(typed)
