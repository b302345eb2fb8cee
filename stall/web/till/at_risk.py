"""Money approved offline: what is at risk, until when it must be sent in, and what a person says became of it."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from stall.domain import at_risk as rules
from stall.domain.rights import Right
from stall.errors import StallError
from stall.flows.settle_offline import decline_late, settle_one
from stall.store import at_risk
from stall.store.db import Tx
from stall.web.error_pages import status_of
from stall.web.till.box import this_box
from stall.web.till.pin import check_pin

risk = Blueprint("till_risk", __name__)

Answer = Response | tuple[str, int]

#: Settled and lost payments the page lists at most; all that is at risk it lists.
_MOST = 20
_ATTEMPT = f"<int(min=1, max={(1 << 40) - 1}):no>"


@risk.get("/at-risk")
def listed() -> str:
    """List what is at risk, what was sent in lately, and what was lost."""
    return _page()


@risk.post(f"/at-risk/{_ATTEMPT}/settled")
def settled(no: int) -> Answer:
    """Take a person's word that the money came, with the reason typed and a PIN."""
    reason = _reason()
    return _do(lambda tx: settle_one(tx, no, reason))


@risk.post(f"/at-risk/{_ATTEMPT}/refused")
def refused(no: int) -> Answer:
    """Take a person's word that the bank refused it, with the reason typed and a PIN."""
    reason = _reason()
    return _do(lambda tx: decline_late(tx, no, reason))


def _reason() -> str:
    """What was typed. Read before the work is handed over: the writer's thread knows no request."""
    return request.form.get("reason", "")


def _do(work: Callable[[Tx], None]) -> Answer:
    box = this_box()
    try:
        check_pin(box, request.form.get("pin", ""), Right.DECIDE)
        box.write("payment", work)
    except StallError as trouble:
        return _page(trouble), status_of(trouble)
    return redirect(url_for("till_risk.listed"), 303)


def _page(trouble: StallError | None = None) -> str:
    box = this_box()
    conn, now_ms, cur = box.db.read(), box.now_ms(), box.settings.cur
    caps, total = box.settings.offline.caps, at_risk.total(conn, cur)
    return render_template(
        "till/at_risk.html",
        cur=cur,
        caps=caps,
        total=total,
        tone=rules.tone(caps, total, now_ms),
        full=rules.full(caps, total, now_ms),
        waiting=[(one, rules.deadline_ms(caps, one.at_ms)) for one in at_risk.waiting(conn, cur)],
        settled=at_risk.settled(conn, cur, _MOST),
        lost=at_risk.lost(conn, cur, _MOST),
        lost_minor=at_risk.lost_minor(conn, cur),
        now_ms=now_ms,
        asked=request.path,
        typed=request.form,
        trouble=trouble,
    )
