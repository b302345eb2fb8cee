"""The page of one sale: drawn from its row, lines and attempts, one page for each stage it stands in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask import render_template, request

from stall.domain import money
from stall.domain.payment import Tender
from stall.domain.sale import note_buttons
from stall.errors import Refused, StallError
from stall.flows.amend_basket import given_away
from stall.flows.take_cash import cash_due
from stall.store import attempts, claim_codes, claims, readers, sales, voucher_codes
from stall.store.attempts import Attempt
from stall.store.readonly import one_view
from stall.web import qr
from stall.web.buyer.live import sold_out
from stall.web.till import owner_state, print_state
from stall.web.till.banner import READER
from stall.web.till.box import this_box
from stall.web.till.program import runs
from stall.web.till.returned import back_of, template_of
from stall.web.till.rows import rows_in
from stall.web.till.words import TENDERS, Stage, Standing, not_asked, standing, without_program


def standing_of(no: int) -> Standing:
    """Where a sale stands now."""
    conn = this_box().db.read()
    with one_view(conn):  # else a payment that ends between two reads looks as if it could be chosen again
        found = sales.get(conn, no)
        return _seen(standing(found, attempts.of_sale(conn, no), gone_of(found)))


def _seen(now: Standing) -> Standing:
    """The same with what the till sees besides: whether the program that would ask the terminal runs."""
    waits = now.stage in {Stage.CARD, Stage.UNKNOWN} and now.attempt is not None and now.attempt.reader is not None
    if waits and not runs(this_box()):
        return without_program(now)
    return not_asked(now) if now.stage is Stage.UNKNOWN and _cannot_be_asked(now) else now


def _cannot_be_asked(now: Standing) -> bool:
    """Whether the attempt's terminal tells nothing of it any more."""
    number = None if now.attempt is None else now.attempt.reader
    reader = None if number is None else readers.find(this_box().db.read(), number)
    return reader is not None and readers.NOT_ASKED in reader.can


def gone_of(found: sales.Sale) -> tuple[str, ...]:
    """What of an open basket cannot be had any more, in words."""
    return sold_out(this_box(), found.no) if found.state == "basket" else ()


def due_of(found: sales.Sale, tried: Sequence[Attempt]) -> int:
    """What is still to pay, in minor units; below zero where the stall pays out."""
    return found.total_minor - sum(a.signed_minor for a in attempts.standing(tried))


def page(no: int, trouble: StallError | None = None, template: str | None = None) -> str:
    """Draw a sale as it stands, in one view of the database; `trouble` is told on it."""
    with one_view(this_box().db.read()):
        return drawn(no, trouble, template)


def drawn(no: int, trouble: StallError | None, template: str | None) -> str:
    """Draw a sale on a page named, else on that of its stage."""
    box = this_box()
    conn = box.db.read()
    found = sales.get(conn, no)
    tried = attempts.of_sale(conn, no)
    gone = gone_of(found)
    now = _seen(standing(found, tried, gone))
    due = due_of(found, tried)
    in_cash = cash_due(due, box.settings.till.cash_rounding)
    apart = box.settings.standalone
    lines = sales.lines(conn, no)
    return render_template(
        template or template_of(found, now.stage, due) or _TEMPLATES[now.stage],
        sale=found,
        lines=lines,
        back=back_of(conn, found, lines, tried, due, step=box.settings.till.cash_rounding, running=runs(box)),
        rows=rows_in(conn, no),
        now=now,
        gone=gone,
        held=sales.held_lines(conn, no, box.now_ms()) if found.state == "basket" else True,
        due=due,
        given_away=due == 0 and given_away(conn, no),
        taken=found.total_minor - due,
        apart=None if apart is None else apart.name,
        terminal=readers.find(conn, READER) is not None,
        by_card=[a for a in attempts.kept(tried) if a.tender == Tender.CARD],
        ordinal=len(tried) + 1,
        paid_parts=[(TENDERS[a.tender], a.signed_minor) for a in attempts.standing(tried)],
        in_cash=in_cash,
        notes=note_buttons(in_cash) if in_cash > 0 else (),
        part=_part_asked(found.cur),
        plain=money.decimal,
        amendable=now.stage is Stage.CHOOSE and not attempts.standing(tried) and found.queued_ms is None,
        discounts=box.settings.till.discounts,
        tips=box.settings.till.tips,
        typed={name: value[:300] for name, value in request.form.items() if name not in {"pin", "press"}},
        trouble=trouble,
        paper=print_state.of_sale(conn, found, box.now_ms()) if found.state == "paid" else None,
        **(_claim(found, tried) if now.stage is Stage.PAID else {}),
    )


def _part_asked(cur: str) -> int | None:
    """The part of what is due that the address or the form names, in minor units, where it is an amount."""
    try:
        return money.parse(request.values.get("part", ""), cur)
    except Refused:
        return None


def _claim(found: sales.Sale, tried: list[Attempt]) -> Mapping[str, object]:
    """What the page of a paid sale shows besides: the code to scan, and the change to hand back."""
    box = this_box()
    live = claims.of_sale(box.db.read(), found.no, found.issue)  # none once all of it came back
    code = (
        None
        if live is None or live.state != "active"
        else claim_codes.code_of(box.db.read(), box.secrets.claim_key, found)
    )
    address = None if code is None else claim_codes.link(box.settings.web.address, code)
    kept = attempts.kept(tried)
    given = sum(a.given_minor - a.amount_minor for a in kept if a.given_minor is not None)
    sold = voucher_codes.of_sale(box.db.read(), box.secrets.claim_key, found)
    return {
        "code": code,
        "address": address,
        "drawn": None if address is None else qr.svg(address, "M", "Code for the buyer to scan"),
        "owner": owner_state.of_sale(box, box.db.read(), found, box.now_ms()),
        "change": given,
        "vouchers": [(each.voucher, each.code, qr.svg(each.code, "M", "Code of the voucher")) for each in sold],
        "paid_by": _paid_by(kept),
        "references": [a.reference for a in kept if a.tender == Tender.OPERATOR and a.reference is not None],
    }


def _paid_by(paid: Sequence[Attempt]) -> str:
    if any(a.tender == Tender.COMP for a in paid):
        return "given free"
    named = [
        TENDERS[a.tender] if len(paid) == 1 else f"{money.text(a.amount_minor, a.cur)} {TENDERS[a.tender]}"
        for a in paid
    ]
    confirmed = ", confirmed here" if any(a.tender == Tender.OPERATOR for a in paid) else ""
    return f"by {' + '.join(named)}{confirmed}" if named else "in cash"


_TEMPLATES = {
    Stage.CHOOSE: "till/choose.html",
    Stage.CARD: "till/running.html",
    Stage.UNKNOWN: "till/unknown.html",
    Stage.PAID: "till/paid.html",
    Stage.DROPPED: "till/dropped.html",
    Stage.BACK: "till/given_back.html",
}
