"""What a terminal approved without the bank is at risk until it closes its day: by the order of things, not by the clock."""

from __future__ import annotations

from stall.flows.confirm_clock import confirm_clock
from stall.flows.day_end import ask_day_end, record_day_end
from stall.store import at_risk as stored
from stall.store import attempts
from tests.fakes.stock import Stocked
from tests.flows import selling


def offline(stall: Stocked) -> int:
    attempt = selling.ask(stall, selling.basket(stall))
    selling.send(stall, attempt)
    selling.approve(stall, attempt, selling.facts(offline=True))
    return selling.pay(stall, attempt).no


def at_risk(stall: Stocked) -> int:
    return stored.total(stall.box.db.read(), "EUR").minor


def test_a_day_end_takes_what_came_before_it_off_the_risk_and_nothing_after(stall: Stocked) -> None:
    first = offline(stall)
    assert at_risk(stall) == 450
    with stall.box.db.transaction() as tx:
        record_day_end(tx, ask_day_end(tx, 1), 1, total_minor=450, count=1, cur="EUR", tid="29001006")
    assert at_risk(stall) == 0
    with stall.box.db.transaction() as tx:
        confirm_clock(tx, tx.now_ms - 3_600_000)  # the clock was an hour ahead
    second = offline(stall)
    assert at_risk(stall) == 450
    conn = stall.box.db.read()
    assert (attempts.day_closed_since(conn, first), attempts.day_closed_since(conn, second)) == (True, False)
