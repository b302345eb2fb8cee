"""Something of a sale comes back: choose what, see how far it is out, hand the money out, owe it, or exchange it.

What was chosen stands in the address; each form makes its return once. Money goes out with a PIN, always; what was opened
on a phone comes back with that of somebody who may allow it, and a reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from stall.domain.giving_back import REASONS, Out
from stall.domain.payment import Kind
from stall.domain.rights import Right
from stall.errors import Refused, StallError
from stall.flows import give_back, owe_money, pay_back
from stall.flows.begin_return import allow_whole, begin_return
from stall.flows.take_cash import take_cash
from stall.store import attempts, presses, returns, sales
from stall.store.db import Tx
from stall.store.readonly import one_view
from stall.web import ids
from stall.web.error_pages import status_of
from stall.web.till.box import SALE, this_box
from stall.web.till.coming_back import Row, read_chosen, rows, waits_for_card, ways_out, whole_by_card
from stall.web.till.pin import check_pin
from stall.web.till.program import check_runs, runs
from stall.web.till.sale_page import page as sale_page
from stall.wire import assigned

returning = Blueprint("till_return", __name__, url_prefix=f"/sale/<int(min=1, max={SALE}):no>/return")

Answer = Response | tuple[str, int]


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a form of this page says."""

    lines: Mapping[int, int]
    tip: bool
    way: str
    reason: str | None

    @property
    def subject(self) -> str:
        """What the form's key is bound to."""
        return f"{sorted(self.lines.items())} {self.tip} {self.way}"


@returning.get("")
def choose(no: int) -> str | Response:
    """Show what may come back, what of it is chosen, and the ways its money can go."""
    return _page(no) or redirect(url_for("till_pay.sale", no=no), 303)


@returning.post("")
def give(no: int) -> Answer:
    """Take what is chosen back, and hand its money out the `way` that was pressed; a second press finds the first."""
    box, form = this_box(), request.form
    chosen = Chosen(
        read_chosen(form.getlist("line")), "tip" in form, form.get("way", "")[:40], form.get("reason") or None
    )
    reference = assigned.settled(form.get("reference", "")[:300])
    try:
        sales.get(box.db.read(), no)
        key = ids.read_press(form.get("press", ""))
        opened = _opened(no, chosen.lines)
        if not opened:  # a reason is the word of whoever may take back what was opened
            chosen = replace(chosen, reason=None)
        if opened or chosen.way not in {"exchange", "free"}:
            check_pin(box, form.get("pin", ""), Right.GIVE_BACK_OPENED if opened else Right.GIVE_BACK)
        running, never = runs(box), box.settings.till.returns_after_download == "never"
        step = box.settings.till.cash_rounding

        def once(tx: Tx) -> int:
            bound = presses.bind("return", f"{no} {chosen.subject}", key)
            made = presses.first(tx, bound)
            if made is None:
                made = _take_back(tx, no, chosen, never=never, running=running, step=step, reference=reference)
                presses.remember(tx, bound, made)
            return made

        made = box.write("payment", once)
    except StallError as trouble:
        drawn = _page(no, trouble, chosen.lines, tip=chosen.tip)
        return (drawn, status_of(trouble)) if drawn else (sale_page(no, trouble), status_of(trouble))
    where = url_for("till_sell.tiles", add=made) if chosen.way == "exchange" else url_for("till_pay.sale", no=made)
    return redirect(where, 303)


@returning.post("/out")
def hand_out(no: int) -> Answer:
    """Hand out what a return that is begun still owes, owe it, or give it up, with the PIN; a second press finds the first."""
    box, form = this_box(), request.form
    way, ordinal = form.get("way", "")[:40], form.get("ordinal", 0, type=int)
    reference = assigned.settled(form.get("reference", "")[:300])
    try:
        check_pin(box, form.get("pin", ""), Right.GIVE_BACK)
        running, step = runs(box), box.settings.till.cash_rounding

        def out(tx: Tx) -> None:
            if not 1 <= ordinal <= len(attempts.of_sale(tx.conn, no)) + 1:
                raise _malformed()
            if way == "keep":
                owe_money.forget_owed(tx, no)
            else:
                _hand_out(tx, no, ordinal, way, running=running, step=step, reference=reference)

        box.write("payment", out)
    except StallError as trouble:
        return sale_page(no, trouble), status_of(trouble)
    return redirect(url_for("till_pay.sale", no=no), 303)


def _take_back(tx: Tx, no: int, chosen: Chosen, *, never: bool, running: bool, step: int, reference: str) -> int:
    """Begin the return and hand its money out; the sale to look at next."""
    whole = whole_by_card(tx.conn, sales.get(tx.conn, no), rows(tx.conn, no, chosen.lines))
    if whole is not None and chosen.way == f"card:{whole.no}:{Kind.REVERSE}" and chosen.tip == _has_tip(tx, no):
        ordinal = len(attempts.of_sale(tx.conn, no)) + 1
        check_runs(tx, no, ordinal, running=running)
        allow_whole(tx, no, chosen.reason, never=never)
        give_back.ask_back(tx, whole.no, ordinal, Kind.REVERSE, tx.decider)
        return no
    made = begin_return(tx, no, chosen.lines, tip=chosen.tip, reason=chosen.reason, never=never)
    if chosen.way != "exchange":
        _hand_out(tx, made, 1, chosen.way, running=running, step=step, reference=reference)
    return made


def _has_tip(tx: Tx, no: int) -> bool:
    return sales.get(tx.conn, no).tip_minor > 0


def _hand_out(tx: Tx, no: int, ordinal: int, way: str, *, running: bool, step: int, reference: str) -> None:
    kind, _, named = way.partition(":")
    number, _, how = named.partition(":")
    of = int(number) if number.isdecimal() and len(number) < 16 else 0  # noqa: PLR2004 - what is longer has no place in the database
    if kind == "cash":
        pay_back.pay_back_cash(tx, no, ordinal, tx.decider, step=step)
    elif kind == "card" and how in {Kind.REVERSE, Kind.REFUND}:
        check_runs(tx, no, ordinal, running=running)
        give_back.ask_part_back(tx, no, of, ordinal, Kind(how), tx.decider)
    elif kind == "pay":
        pay_back.pay_back_by(tx, of, no, ordinal, tx.decider, reference)
    elif kind == "queue":
        owe_money.queue_return(tx, no)
    elif kind == "free":
        if sales.get(tx.conn, no).total_minor:
            raise _malformed()
        take_cash(tx, no, ordinal, 0)
    else:
        raise _malformed()


def _opened(no: int, lines: Mapping[int, int]) -> bool:
    out = returns.handed_out(this_box().db.read(), no)
    return any(out[n].out >= Out.OPENED for n in lines if n in out)


def _page(
    no: int, trouble: StallError | None = None, lines: Mapping[int, int] | None = None, *, tip: bool | None = None
) -> str | None:
    """The page of what may come back of a sale; None where nothing may."""
    box = this_box()
    conn = box.db.read()
    with one_view(conn):
        sale = sales.get(conn, no)
        chosen = dict(lines) if lines is not None else read_chosen(request.args.getlist("line"))
        found = rows(conn, no, chosen)
        if sale.state != "paid" or sale.void_event is not None or not found:
            return None
        if len(found) == 1 and lines is None and not request.args.getlist("line"):
            found = rows(conn, no, {found[0].line.n: found[0].left})
        picked = [row for row in found if row.chosen]
        tip_left = sale.tip_minor - returns.tip_back(conn, no)
        with_tip = tip if tip is not None else request.args.get("tip") != "0"
        all_of_it = all(row.chosen == row.left for row in found)
        tip_minor = tip_left if with_tip and all_of_it and tip_left > 0 else 0
        total = sum(row.minor for row in picked) + tip_minor
        running = runs(box)
        ways = ways_out(conn, no, total, box.settings.till.cash_rounding) if total > 0 else []
        if not running:
            ways = [way for way in ways if not way.value.startswith("card")]
        return render_template(
            "till/return.html",
            sale=sale,
            rows=found,
            picked=picked,
            total=total,
            tip_left=tip_left if all_of_it else 0,
            tip_minor=tip_minor,
            address=lambda row, qty: _address(no, found, row, qty, tip=with_tip),
            tip_address=_address(no, found, None, 0, tip=not with_tip),
            all_address=_whole(no, found),
            ways=ways,
            owe=total > 0 and waits_for_card(conn, no) and not any(w.value.startswith("card") for w in ways),
            opened=any(row.out.out >= Out.OPENED for row in picked),
            never=box.settings.till.returns_after_download == "never",
            reasons=REASONS,
            typed=request.form.get("reason"),
            trouble=trouble,
        )


def _address(no: int, found: list[Row], changed: Row | None, qty: int, *, tip: bool) -> str:
    """The page with one line chosen otherwise."""
    chosen = [(row.line.n, qty if row is changed else row.chosen) for row in found]
    lines = [f"{n}:{count}" for n, count in chosen if count] or ["none"]
    return url_for("till_return.choose", no=no, line=lines, tip=None if tip else "0")


def _whole(no: int, found: list[Row]) -> str:
    return url_for("till_return.choose", no=no, line=[f"{row.line.n}:{row.left}" for row in found])


def _malformed() -> Refused:
    return Refused("press-malformed", "This form is too old or was changed. Open the page again.")
