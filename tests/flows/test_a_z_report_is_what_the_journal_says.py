"""Whatever a day brings, its Z-report says number by number what anybody finds who adds up the journal by hand."""

from __future__ import annotations

import random

import pytest

from stall.domain import zreport
from stall.domain.drawer import REASONS, Way
from stall.errors import Refused
from stall.flows import take_cash
from stall.flows.fill_basket import Wish, fill_basket
from stall.store.audit import audit
from tests.fakes.stock import ZINE, Stocked
from tests.flows import closing, selling
from tests.flows.test_any_basket_adds_up import Clerk

SHIFTS, BASKETS = 2, 22


def besides(stall: Stocked, dice: random.Random) -> None:
    """What happens between baskets: cash in and out, a count, a card that is given back, a gift, a terminal's read-offline card."""
    way = dice.choice(("in", "out", "count", "void", "gift", "offline", "nothing"))
    if way in {"in", "out"}:
        closing.move(stall.box, Way(way), dice.randrange(1, 3000), dice.choice(REASONS[Way(way)]))
    elif way == "count":
        closing.count(stall.box, None, dice.randrange(0, 9000))
    elif way == "void":
        selling.give_back_by_card(stall, by_card(stall, offline=False))
    elif way == "gift":
        with stall.box.db.transaction() as tx:
            take_cash.take_comp(tx, fill_basket(tx, [Wish(ZINE)], origin="till", vat_bp=700), 1, "maker")
    elif way == "offline":
        by_card(stall, offline=True)


def by_card(stall: Stocked, *, offline: bool) -> int:
    attempt = selling.ask(stall, selling.basket(stall, ZINE))
    selling.send(stall, attempt)
    selling.approve(stall, attempt, selling.facts(300, offline=offline))
    selling.pay(stall, attempt)
    return attempt


@pytest.mark.parametrize("seed", range(6))
def test_a_report_is_what_its_events_add_up_to(stall: Stocked, seed: int) -> None:
    dice = random.Random(seed)
    with stall.box.db.transaction() as tx:
        selling.add_products(tx)
    clerk = Clerk(stall, dice)
    for no in range(1, SHIFTS + 1):
        closing.put_float(stall.box, dice.randrange(0, 20_000))
        for _ in range(BASKETS):
            clerk.sell_one()
            besides(stall, dice)
        off = dice.randrange(-300, 300)
        closing.count(stall.box, None, max(0, closing.expected(stall.box) + off))
        closing.close(stall.box, counted=True)
        report = closing.report(stall.box, no)
        assert closing.told(report) == closing.recomputed(stall.box, no), f"seed {seed}, shift {no}"
        assert list(zreport.unequal(report)) == []
        assert report.vouchers.liability == owed_on_vouchers(stall)
    assert audit(stall.box.db.read(), stall.box.secrets.signing.public).findings == [], f"seed {seed}"


def owed_on_vouchers(stall: Stocked) -> int:
    """What the rows of vouchers and of payments by them leave."""
    conn = stall.box.db.read()
    (issued,) = conn.execute("SELECT coalesce(sum(minor), 0) FROM vouchers WHERE state = 'active'").fetchone()
    (spent,) = conn.execute(
        "SELECT coalesce(sum(amount_minor), 0) FROM attempts WHERE tender = 'voucher' AND state = 'paid'"
    ).fetchone()
    return int(issued - spent)


def test_a_sum_that_is_wrong_in_the_rows_stops_the_close(stall: Stocked) -> None:
    selling.cash(stall, selling.basket(stall, ZINE))
    with stall.box.db.transaction() as tx:
        tx.conn.execute("UPDATE postings SET minor = minor - 1 WHERE account = 'vat:1900'")
    with pytest.raises(Refused, match="do not add up"):
        closing.close(stall.box)
    assert selling.events(stall, "shift_close") == []
