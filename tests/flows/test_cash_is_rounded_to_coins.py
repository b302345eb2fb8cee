"""Where no coin is smaller than 5, cash is rounded and the receipt says so; cards and parts are not."""

from __future__ import annotations

import pytest

from stall.domain.product import ProductKind
from stall.errors import Refused
from stall.flows import take_cash
from stall.flows.basket_lines import ProductWish, Wish
from stall.flows.begin_return import begin_return
from stall.flows.fill_basket import fill_basket
from stall.flows.keep_products import Draft, save_product
from stall.flows.pay_back import pay_back_cash
from stall.store import sales
from tests.fakes.stock import ZINE, Stocked
from tests.flows import selling


def basket(stall: Stocked, minor: int) -> int:
    with stall.box.db.transaction() as tx:
        save_product(tx, Draft("thing", "Thing", ProductKind.ITEM, None, "EUR", 1900))
        return fill_basket(tx, [ProductWish("thing", 1, minor)], origin="till", vat_bp=1900)


def cash(stall: Stocked, sale: int, given: int, ordinal: int = 1, part: int | None = None) -> take_cash.Taken:
    with stall.box.db.transaction() as tx:
        return take_cash.take_cash(tx, sale, ordinal, given, part_minor=part, step=5)


@pytest.mark.parametrize(("minor", "paid", "added"), [(997, 995, -2), (998, 1000, 2), (1000, 1000, 0), (3, 5, 2)])
def test_it_goes_to_the_nearest_coin(stall: Stocked, minor: int, paid: int, added: int) -> None:
    sale = basket(stall, minor)
    assert cash(stall, sale, 1000).change_minor == 1000 - paid
    signed = selling.receipt_of(stall, sale)
    assert (signed.pay[0].minor, signed.round, signed.items[0].minor) == (paid, added, minor)
    assert sales.get(stall.box.db.read(), sale).round_minor == added


def test_what_would_be_rounded_to_nothing_is_paid_as_it_is(stall: Stocked) -> None:
    sale = basket(stall, 2)
    assert cash(stall, sale, 2).change_minor == 0
    assert selling.receipt_of(stall, sale).round == 0


def test_a_part_is_not_rounded_and_the_last_part_is(stall: Stocked) -> None:
    sale = basket(stall, 1003)
    cash(stall, sale, 502, part=502)
    cash(stall, sale, 500, ordinal=2)
    assert [(p.minor) for p in selling.receipt_of(stall, sale).pay] == [502, 500]
    assert selling.receipt_of(stall, sale).round == -1


def test_a_part_that_is_all_of_it_is_rounded_like_all_of_it(stall: Stocked) -> None:
    sale = basket(stall, 1003)
    cash(stall, sale, 1005, part=1003)
    assert selling.receipt_of(stall, sale).round == 2
    with stall.box.db.transaction() as tx:
        pay_back_cash(tx, begin_return(tx, sale, {0: 1}), 1, "maker", part_minor=1003, step=5)
    assert sales.get(stall.box.db.read(), sale + 1).total_minor == -1005


def test_a_refused_press_leaves_nothing_rounded(stall: Stocked) -> None:
    sale = basket(stall, 998)
    with pytest.raises(Refused, match="cash-short"):
        cash(stall, sale, 999)
    assert sales.get(stall.box.db.read(), sale).total_minor == 998


def test_money_that_goes_out_is_rounded_too(stall: Stocked) -> None:
    with stall.box.db.transaction() as tx:
        save_product(tx, Draft("cup", "Deposit", ProductKind.DEPOSIT, 198, "EUR", 1900))
        sale = fill_basket(tx, [ProductWish("cup", 1, back=True)], origin="till", vat_bp=1900)
    cash(stall, sale, 0)
    signed = selling.receipt_of(stall, sale)
    assert [(p.m, p.minor) for p in signed.pay] == [("cash", -200)]
    assert (signed.round, signed.items[0].minor) == (-2, -198)


@pytest.mark.parametrize("part", [0, -5, 301, 1000])
def test_a_part_is_more_than_nothing_and_less_than_all(stall: Stocked, part: int) -> None:
    with stall.box.db.transaction() as tx:
        sale = fill_basket(tx, [Wish(ZINE)], origin="till", vat_bp=1900)
    with pytest.raises(Refused, match="part-wrong"):
        cash(stall, sale, 5000, part=part)


def test_the_fourth_part_takes_all_that_is_left(stall: Stocked) -> None:
    with stall.box.db.transaction() as tx:
        sale = fill_basket(tx, [Wish(ZINE)], origin="till", vat_bp=1900)
    for ordinal in (1, 2, 3):
        cash(stall, sale, 50, ordinal, part=50)
    with pytest.raises(Refused, match="parts-too-many"):
        cash(stall, sale, 50, 4, part=50)
    cash(stall, sale, 150, 4)
    assert [p.minor for p in selling.receipt_of(stall, sale).pay] == [50, 50, 50, 150]
