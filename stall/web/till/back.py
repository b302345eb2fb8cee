"""Give a card payment back at the till: what that does, which way, and the PIN. The sale's own page then shows how it goes."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from stall.domain.giving_back import REASONS, Out
from stall.domain.payment import Kind, Tender
from stall.domain.rights import Right
from stall.errors import Refused, StallError
from stall.flows import give_back, pay_back
from stall.flows.begin_payment import earlier_press
from stall.flows.begin_return import allow_whole
from stall.store import attempts, readers, returns, sales
from stall.store.attempts import Attempt
from stall.store.db import Tx
from stall.store.readonly import one_view
from stall.store.sales import Sale
from stall.web.error_pages import status_of
from stall.web.till.box import SALE, this_box
from stall.web.till.pin import check_pin
from stall.web.till.program import check_runs, runs

back = Blueprint("till_back", __name__, url_prefix=f"/sale/<int(min=1, max={SALE}):no>/back")

Answer = Response | tuple[str, int]


@dataclass(frozen=True, slots=True)
class Way:
    """One way the terminal can give it back."""

    kind: str
    button: str
    hint: str


_WAYS = {
    Kind.REVERSE: ("Take the payment back", "The terminal takes back its receipt {receipt:04d}. No card is needed."),
    Kind.REFUND: ("Refund to the card", "The buyer holds the same card to the terminal."),
}


#: What a form sends for a part of a basket that was no card of ours, and by its tender the button and what it means.
PART = "part"
_PARTS = {
    Tender.CASH: ("Hand the cash back", "Out of the drawer."),
    Tender.VOUCHER: ("Put it back on the voucher", "It can be spent again."),
    Tender.OPERATOR: ("It went back on the separate reader", "Give it back there first."),
    Tender.COMP: ("Take it back", "Nothing was paid."),
}


@back.get("")
def ask(no: int) -> str | Response:
    """Show what giving it back does; where there is nothing to give back by card, the sale's own page."""
    return _page(no) or redirect(url_for("till_pay.sale", no=no), 303)


@back.post("")
def give(no: int) -> Answer:
    """Ask the terminal to give the payment named by `of` back, with the PIN; a second press finds the first."""
    box, form = this_box(), request.form
    of, ordinal, way = form.get("of", 0, type=int), form.get("ordinal", 0, type=int), form.get("way", "")
    try:
        tried = attempts.of_sale(box.db.read(), sales.get(box.db.read(), no).no)
        if (
            way not in {Kind.REVERSE, Kind.REFUND, PART}
            or of not in {a.no for a in tried}
            or not 1 <= ordinal <= len(tried) + 1
        ):
            raise Refused("press-malformed", "This form is too old or was changed. Open the page again.")
        opened = _opened(no)
        reason = (
            form.get("reason") or None if opened else None
        )  # a reason is the word of whoever may take back what was opened
        check_pin(box, form.get("pin", ""), Right.GIVE_BACK_OPENED if opened else Right.GIVE_BACK)
        running, never = runs(box), box.settings.till.returns_after_download == "never"

        def ask(tx: Tx) -> None:
            if way == PART:
                pay_back.give_part_back(tx, of, ordinal, tx.decider)
                return
            check_runs(tx, no, ordinal, running=running)
            if sales.get(tx.conn, no).state == "paid" and earlier_press(tx, no, ordinal) is None:
                allow_whole(tx, no, reason, never=never)
            give_back.ask_back(tx, of, ordinal, Kind(way), tx.decider)

        box.write("payment", ask)
    except StallError as trouble:
        page = _page(no, trouble)
        return (page, status_of(trouble)) if page else redirect(url_for("till_pay.sale", no=no), 303)
    return redirect(url_for("till_pay.sale", no=no), 303)


def _page(no: int, trouble: StallError | None = None) -> str | None:
    box = this_box()
    conn = box.db.read()
    with one_view(conn):
        sale, tried = sales.get(conn, no), attempts.of_sale(conn, no)
        parts = [one for one in attempts.kept(tried) if one.tender == Tender.CARD or sale.state == "basket"]
        if not parts or any(one.open for one in tried):
            return None
        of = next((one for one in reversed(parts) if one.tender == Tender.CARD), parts[-1])
        alone = sale.state != "paid" or len(attempts.kept(tried)) == 1
        return render_template(
            "till/back.html",
            sale=sale,
            lines=sales.lines(conn, no),
            of=of,
            ordinal=len(tried) + 1,
            ways=_ways(conn, of) if alone else [],
            effect=_effect(sale),
            opened=_opened(no),
            reasons=REASONS,
            typed=request.form.get("reason"),
            why_not=_why_not(of, alone=alone),
            trouble=trouble,
        )


def _opened(no: int) -> bool:
    """Whether anything of a sale was opened on a phone."""
    return any(one.out >= Out.OPENED for one in returns.handed_out(this_box().db.read(), no).values())


def _ways(conn: sqlite3.Connection, of: Attempt) -> list[Way]:
    """How a payment can go back: by the terminal that took it, or a part of a basket as it came."""
    if of.tender != Tender.CARD:
        return [Way(PART, *_PARTS[Tender(of.tender)])]
    return [_way(kind, of) for kind in give_back.ways(conn, of)]


def _way(kind: Kind, of: Attempt) -> Way:
    button, hint = _WAYS[kind]
    return Way(kind, button, hint.format(receipt=of.receipt_no or 0))


def _effect(sale: Sale) -> str:
    if sale.state == "paid":
        return "The whole sale is void then: its code opens nothing any more, and numbers can be sold again unless the code was opened."
    return "The sale is not finished. It can be paid anew afterwards, or cancelled."


def _why_not(of: Attempt, *, alone: bool) -> str:
    if not alone:
        return "This sale was paid in several parts. Give the money back in cash, against the receipt."
    reader = None if of.reader is None else readers.find(this_box().db.read(), of.reader)
    if reader is None or not reader.can:
        return "No card terminal that can do it is connected. Connect the one that took it, or give cash against the receipt."
    return "This terminal cannot give it back: it closed its day since, or does not know how. Give cash against the receipt."
