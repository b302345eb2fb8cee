"""One sale at the till: take card or cash, confirm another reader, give it free, cancel, decide what nobody heard, show the code.

Every form that pays carries the number of the attempt it is for, so a second press finds the first.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from stall.domain import money
from stall.domain.payment import State
from stall.domain.rights import Right
from stall.errors import Refused, StallError
from stall.flows.amend_basket import given_away
from stall.flows.card_attempt import decide as decide_attempt
from stall.flows.take_card import ask_card, cancel_card, drop_sale
from stall.flows.take_cash import take_cash, take_comp
from stall.flows.take_confirmed import hold_for_reader, read_reference, take_confirmed
from stall.flows.take_voucher import take_voucher
from stall.store import attempts, sales
from stall.store.attempts import Attempt
from stall.store.db import Tx
from stall.store.readonly import one_view
from stall.web.error_pages import status_of
from stall.web.till.banner import READER
from stall.web.till.box import SALE, this_box
from stall.web.till.pin import check_pin
from stall.web.till.program import check_runs, close_unheard, runs
from stall.web.till.sale_page import drawn, due_of, gone_of, page, standing_of
from stall.web.till.words import Stage, standing
from stall.wire import assigned, vouchercode

pay = Blueprint("till_pay", __name__, url_prefix=f"/sale/<int(min=1, max={SALE}):no>")

Answer = Response | tuple[str, int]

_STEP = "till/confirm.html"
_NOT_RECORDED = "till/not_recorded.html"
#: Refusals whose own words say what to do with the money, on the sale's page.
_SAY_IT_THERE = frozenset({"payment-between", "press-malformed", "standalone-missing"})


@pay.get("")
def sale(no: int) -> str:
    """Show a sale as it stands."""
    close_unheard(this_box(), no)
    return page(no)


@pay.get("/state")
def state(no: int) -> dict[str, str]:
    """Say where a sale stands, for the page's script."""
    close_unheard(this_box(), no)
    now = standing_of(no)
    words = now.words
    return {
        "stage": now.stage,
        "version": now.version,
        "shape": words.shape,
        "title": words.title,
        "sentence": words.sentence,
    }


@pay.post("/card")
def card(no: int) -> Answer:
    """Ask the reader to take what is due, or a `part` of it."""
    ordinal, running, part = _number("ordinal"), runs(this_box()), _field("part")
    caps = this_box().settings.offline.caps

    def ask(tx: Tx) -> None:
        check_runs(tx, no, _next(tx, no, ordinal), running=running)
        ask_card(tx, no, ordinal, READER, caps, part_minor=_part(tx, no, part))

    return _pay(no, ask)


@pay.post("/cash")
def cash(no: int) -> Answer:
    """Take cash; `given` is what the buyer handed over, `part` what of the due it is for. What is owed to the buyer goes out."""
    ordinal, given, part = _number("ordinal"), _field("given"), _field("part")
    step, conn = this_box().settings.till.cash_rounding, this_box().db.read()
    free = sales.get(conn, no).total_minor == 0 and given_away(conn, no)

    def take(tx: Tx) -> None:
        cur, of_it = sales.get(tx.conn, no).cur, _part(tx, no, part)
        handed = money.parse(given or part, cur)
        take_cash(tx, no, _next(tx, no, ordinal), handed, part_minor=of_it, step=step)

    return _pay(no, take, pin=Right.GIVE_FREE if free else None)


@pay.post("/voucher")
def voucher(no: int) -> Answer:
    """Take a voucher, as far as it goes."""
    ordinal, code = _number("ordinal"), _field("code")
    return _pay(no, lambda tx: take_voucher(tx, no, _next(tx, no, ordinal), vouchercode.decode(code)))


@pay.post("/standalone")
def hold(no: int) -> Answer:
    """Hold the numbers, then show what to key in on the separate reader: what is due, or a `part` of it."""
    part = _field("part")
    try:
        this_box().settings.separate_reader()
    except StallError as trouble:
        return page(no, trouble), status_of(trouble)
    then = url_for("till_pay.step", no=no, part=part or None)
    return _pay(no, lambda tx: hold_for_reader(tx, no, part_minor=_part(tx, no, part)), then=then)


@pay.get("/standalone")
def step(no: int) -> str | Response:
    """Say what to key in on the separate reader, and ask whether it was paid; what is not to be paid has its own page."""
    box = this_box()
    conn = box.db.read()
    with one_view(conn):
        found, tried = sales.get(conn, no), attempts.of_sale(conn, no)
        gone = gone_of(found)
        payable = standing(found, tried, gone).stage is Stage.CHOOSE and not gone and due_of(found, tried) > 0
        if box.settings.standalone is not None and payable:
            return drawn(no, None, _STEP)
    return redirect(url_for("till_pay.sale", no=no), 303)


@pay.post("/confirm")
def confirm(no: int) -> Answer:
    """Take what the separate reader took; when that cannot be, say that the money goes back there."""
    box = this_box()
    ordinal, reference, part = _number("ordinal"), _field("reference"), _field("part")
    sales.get(box.db.read(), no)
    try:
        read_reference(reference)
    except StallError as trouble:
        return page(no, trouble, _STEP), status_of(trouble)
    try:
        box.settings.separate_reader()
        box.write("payment", lambda tx: _confirm(tx, no, ordinal, reference, part))
    except Refused as trouble:
        return page(no, trouble, None if trouble.code in _SAY_IT_THERE else _NOT_RECORDED), status_of(trouble)
    except StallError as trouble:  # nothing is decided: the same press may be made again
        return page(no, trouble, _STEP), status_of(trouble)
    return redirect(url_for("till_pay.sale", no=no), 303)


def _confirm(tx: Tx, no: int, ordinal: int, reference: str, part: str) -> None:
    take_confirmed(tx, no, _next(tx, no, ordinal), reference, tx.decider, part_minor=_part(tx, no, part))


@pay.post("/comp")
def comp(no: int) -> Answer:
    """Give the sale away, with the PIN; what costs nothing by itself needs none."""
    conn = this_box().db.read()
    worth = sales.get(conn, no).total_minor > 0 or given_away(conn, no)
    ordinal = _number("ordinal")
    return _pay(
        no,
        lambda tx: take_comp(tx, no, _next(tx, no, ordinal), tx.decider),
        pin=Right.GIVE_FREE if worth else None,
    )


@pay.post("/cancel-card")
def stop_card(no: int) -> Answer:
    """Take a card request back, or ask the terminal to stop."""
    wanted = _number("attempt")
    return _do(no, lambda tx: cancel_card(tx, _attempt(tx, no, wanted).no))


@pay.post("/decide")
def decide(no: int) -> Answer:
    """Say what became of a payment the terminal cannot tell, with the PIN and where it was seen."""
    wanted, outcome, reason = _number("attempt"), _field("outcome"), _field("reason")

    def conclude(tx: Tx) -> None:
        attempt = _attempt(tx, no, wanted)
        if attempt.state is not State.UNKNOWN:
            return  # it was resolved while somebody read the slip: the page shows how
        if outcome == "paid":
            decide_attempt(tx, attempt.no, "paid", tx.decider, reason)
        elif outcome == "declined":
            decide_attempt(tx, attempt.no, "declined", tx.decider, reason)
        else:
            raise Refused("decision-missing", "Nobody said whether the buyer paid. Press one of the two buttons.")

    return _do(no, conclude, pin=Right.DECIDE)


@pay.post("/drop")
def drop(no: int) -> Answer:
    """Give up an unpaid sale."""
    return _do(no, lambda tx: drop_sale(tx, no), then=url_for("till_sell.tiles"))


def _pay(no: int, work: Callable[[Tx], object], *, pin: Right | None = None, then: str | None = None) -> Answer:
    """Begin to pay a sale, if the disk has room for it; what is paid in part may always be finished."""
    box = this_box()
    try:
        if not attempts.kept(attempts.of_sale(box.db.read(), no)):
            box.room.check()
    except StallError as trouble:
        return page(no, trouble), status_of(trouble)
    return _do(no, work, pin=pin, then=then)


def _do(no: int, work: Callable[[Tx], object], *, pin: Right | None = None, then: str | None = None) -> Answer:
    """Do one thing to a sale and look at it again; a refusal is told on the sale's own page, with what was typed."""
    box = this_box()
    sales.get(box.db.read(), no)
    try:
        if pin is not None:
            check_pin(box, _field("pin"), pin)
        box.write("payment", work)
    except StallError as trouble:
        return page(no, trouble), status_of(trouble)
    return redirect(then or url_for("till_pay.sale", no=no), 303)


def _number(name: str) -> int:
    """A number of the form. Read before the work is handed over: the writer's thread knows no request."""
    return request.form.get(name, 0, type=int)


def _next(tx: Tx, no: int, ordinal: int) -> int:
    """The attempt a pay form is for. Raises Refused `press-malformed`, also for one that is not the next."""
    if not 1 <= ordinal <= len(attempts.of_sale(tx.conn, no)) + 1:
        raise Refused("press-malformed", "This form is too old or was changed. Open the page again.")
    return ordinal


def _part(tx: Tx, no: int, typed: str) -> int | None:
    """The part of what is due that a form names, in minor units; None where it names none. Raises Refused `amount-malformed`."""
    return money.parse(typed, sales.get(tx.conn, no).cur) if typed else None


def _attempt(tx: Tx, no: int, wanted: int) -> Attempt:
    """The attempt of this sale that a form names. Raises Refused `press-malformed`."""
    for attempt in attempts.of_sale(tx.conn, no):
        if attempt.no == wanted:
            return attempt
    raise Refused("press-malformed", "This form is too old or was changed. Open the page again.")


def _field(name: str) -> str:
    """A text of the form, in the one spelling the journal takes."""
    return assigned.settled(request.form.get(name, "")[:300])
