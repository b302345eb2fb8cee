"""Many at one moment: exactly as many get a number as there are, and each another one."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from stall import app
from stall.errors import Refused
from stall.flows.confirm_clock import confirm_clock
from stall.flows.hold_numbers import release_lapsed
from stall.flows.staff_pin import TRIES, begin_try, end_try, matches
from stall.flows.take_cash import Taken, take_cash
from stall.store.audit import audit
from tests.fakes.stock import PIN, PRINTS, Stocked
from tests.flows import selling


@pytest.fixture
def crowd(stall: Stocked, tmp_path: Path) -> Iterator[Stocked]:
    stall.box.close()
    opened = app.open_box(tmp_path / "box", clock=stall.clock, crowd=True)
    yield Stocked(opened, stall.clock, stall.folder)
    opened.close()


def test_forty_buyers_for_five_numbers_at_one_moment(crowd: Stocked) -> None:
    sales = [selling.basket(crowd) for _ in range(40)]

    def buy(sale: int) -> Taken | Refused:
        try:
            return crowd.box.write("payment", lambda tx: take_cash(tx, sale, 1, 450))
        except Refused as refusal:
            return refusal

    with ThreadPoolExecutor(max_workers=40) as pool:
        answers = list(pool.map(buy, sales))
    paid = [sale for sale, answer in zip(sales, answers, strict=True) if isinstance(answer, Taken)]
    assert len(paid) == 5
    assert {answer.code for answer in answers if isinstance(answer, Refused)} == {"drop-sold-out"}
    assert sorted(str(number) for sale in paid for number in selling.numbers(crowd, sale)) == list("12345")
    found = audit(crowd.box.db.read(), crowd.box.secrets.signing.public)
    assert (found.findings, found.sold) == ([], {(PRINTS, n) for n in range(1, 6)})


def test_letting_lapsed_holds_go_twice_frees_nothing_more(stall: Stocked) -> None:
    with stall.box.db.transaction() as tx:
        assert release_lapsed(tx) == 0


def test_the_pin_is_not_locked_for_days_though_the_maker_set_a_wrong_clock_back(stall: Stocked) -> None:
    with stall.box.db.transaction() as tx:
        right = tx.now_ms
        confirm_clock(tx, right + 5 * 24 * 3600 * 1000)
    for _ in range(TRIES):
        with stall.box.db.transaction() as tx:
            begin_try(tx)
    with stall.box.db.transaction() as tx:
        confirm_clock(tx, right)
    stall.clock.boottime += 15 * 60 * 1000
    with stall.box.db.transaction() as tx:
        assert matches(begin_try(tx), PIN)


def test_five_wrong_pins_lock_for_a_quarter_of_an_hour(stall: Stocked) -> None:
    for _ in range(TRIES):
        with stall.box.db.transaction() as tx:
            assert not matches(begin_try(tx), "000000")
    with pytest.raises(Refused) as refusal, stall.box.db.transaction() as tx:
        begin_try(tx)
    assert (refusal.value.code, "15 minutes" in refusal.value.sentence) == ("pin-locked", True)
    stall.clock.advance(15 * 60 * 1000)
    with stall.box.db.transaction() as tx:
        assert matches(begin_try(tx), PIN)
        end_try(tx)
