"""Two people take the same goods back at once, on two tills or two readers: they come back once, to the cent, and nothing stays half done."""

from __future__ import annotations

import pytest

from stall.domain.product import ProductKind
from stall.errors import Refused
from stall.flows import amend_basket, take_cash
from stall.flows.basket_lines import ProductWish, Wish
from stall.flows.begin_return import begin_return
from stall.flows.fill_basket import fill_basket
from stall.flows.keep_products import Draft, save_product
from stall.flows.owe_money import queue_return
from stall.flows.pay_back import pay_back_cash
from stall.flows.take_confirmed import hold_for_reader, take_confirmed
from stall.store import sales
from tests.fakes.stock import SAMPLER, ZINE, Stocked
from tests.flows import selling
from tests.flows.test_claims_open_downloads import code_of, redeem
from tests.flows.test_goods_come_back_for_cash import sold, sound


def begun(stall: Stocked, sale: int, line: int = 0, *, tip: bool = False) -> int:
    with stall.box.db.transaction() as tx:
        return begin_return(tx, sale, {line: 1}, tip=tip)


def handed_out(stall: Stocked, back: int, ordinal: int = 1, part: int | None = None) -> None:
    with stall.box.db.transaction() as tx:
        pay_back_cash(tx, back, ordinal, "maker", part_minor=part)


def three_for_two(stall: Stocked) -> int:
    """Three of a thing for 200 minor units: no copy is worth a whole number of them."""
    with stall.box.db.transaction() as tx:
        save_product(tx, Draft("odd", "Pencil", ProductKind.ITEM, 100, "EUR", 1900))
        sale = fill_basket(tx, [ProductWish("odd", 3)], origin="till", vat_bp=selling.VAT)
        amend_basket.discount(tx, sale, minor=100)
        take_cash.take_cash(tx, sale, 1, 200)
    return sale


def test_goods_that_came_back_are_not_exchanged_on_a_separate_reader(stall: Stocked) -> None:
    sale = sold(stall, Wish(ZINE))
    exchange = begun(stall, sale)
    with stall.box.db.transaction() as tx:
        amend_basket.add_items(tx, exchange, [Wish(ZINE, 3)], selling.VAT)
        hold_for_reader(tx, exchange)
    handed_out(stall, begun(stall, sale))
    with stall.box.db.transaction() as tx, pytest.raises(Refused, match="came back already"):
        take_confirmed(tx, exchange, 1, "", "maker")
    sound(stall)


def test_copies_chosen_on_two_tills_at_once_come_back_for_what_all_of_them_cost(stall: Stocked) -> None:
    sale = three_for_two(stall)
    first, second = begun(stall, sale), begun(stall, sale)
    handed_out(stall, first)
    with pytest.raises(Refused, match="came back meanwhile"):
        handed_out(stall, second)
    for _ in range(2):
        handed_out(stall, begun(stall, sale))
    conn = stall.box.db.read()
    back = [sales.get(conn, no).total_minor for (no,) in conn.execute("SELECT no FROM sales WHERE state = 'paid' AND ref_sale IS NOT NULL")]  # fmt: skip
    assert sum(back) == -200
    sound(stall)


def test_another_copy_waits_until_the_money_of_the_first_is_out(stall: Stocked) -> None:
    sale = three_for_two(stall)
    owed = begun(stall, sale)
    with stall.box.db.transaction() as tx:
        queue_return(tx, owed)
    with pytest.raises(Refused, match="End that return first"):
        begun(stall, sale)
    handed_out(stall, owed)
    handed_out(stall, begun(stall, sale))
    sound(stall)


def test_a_tip_that_is_owed_is_not_given_away_with_the_rest_of_the_sale(stall: Stocked) -> None:
    with stall.box.db.transaction() as tx:
        tipped = fill_basket(tx, [Wish(SAMPLER), Wish(ZINE)], origin="till", vat_bp=selling.VAT)
        amend_basket.set_tip(tx, tipped, 100)
        take_cash.take_cash(tx, tipped, 1, 10_000)
    back = begun(stall, tipped, 0, tip=True)
    with stall.box.db.transaction() as tx, pytest.raises(Refused, match="is money and is not given free"):
        take_cash.take_comp(tx, back, 1, "maker")
    assert sales.get(stall.box.db.read(), tipped).void_event is None
    handed_out(stall, back)
    sound(stall)


def test_a_tip_that_is_on_its_way_back_goes_back_once(stall: Stocked) -> None:
    with stall.box.db.transaction() as tx:
        selling.add_products(tx)
        sale = fill_basket(tx, [Wish(ZINE), ProductWish("postcard")], origin="till", vat_bp=selling.VAT)
        amend_basket.set_tip(tx, sale, 100)
        take_cash.take_cash(tx, sale, 1, 10_000)
    first, second = begun(stall, sale, 0, tip=True), begun(stall, sale, 1, tip=True)
    handed_out(stall, first, part=50)
    with pytest.raises(Refused, match="The tip went back already"):
        handed_out(stall, second)
    handed_out(stall, first, ordinal=2)
    assert sales.get(stall.box.db.read(), first).state == "paid"
    handed_out(stall, begun(stall, sale, 1))
    sound(stall)


def test_what_a_phone_opened_since_the_return_was_begun_comes_back_only_with_a_reason(stall: Stocked) -> None:
    sale = sold(stall, Wish(ZINE))
    back = begun(stall, sale)
    redeem(stall, code_of(stall, sale))
    with pytest.raises(Refused, match="opened on a phone"):
        handed_out(stall, back)
    with stall.box.db.transaction() as tx:
        pay_back_cash(tx, begin_return(tx, sale, {0: 1}, reason="faulty"), 1, "maker")
    sound(stall)


def test_money_that_is_out_in_part_goes_on_when_another_copy_is_opened(stall: Stocked) -> None:
    sale = sold(stall, Wish(ZINE, 2))
    back = begun(stall, sale)
    handed_out(stall, back, part=100)
    redeem(stall, code_of(stall, sale))
    handed_out(stall, back, ordinal=2)
    assert sales.get(stall.box.db.read(), back).state == "paid"
    sound(stall)
