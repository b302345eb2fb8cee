"""Giving something free is a maker's, with the PIN: a discount of everything is no way around it."""

from __future__ import annotations

import msgspec
import pytest

from tests.fakes import stock
from tests.fakes.stock import PIN, Stocked
from tests.web import crew
from tests.web.till_pages import Till, text


@pytest.fixture
def stall(stocked_box: Stocked) -> Stocked:
    crew.hire(stocked_box.box)
    return stocked_box


def take_off(till: Till, sale: str, **fields: object) -> int:
    return till.post(f"{sale}/discount", press=till.press(sale), **fields).status_code


@pytest.mark.parametrize("off", [{"percent": "100"}, {"amount": "3.00"}, {"percent": "100", "n": "0"}])
def test_staff_take_off_a_part_and_not_all_of_it(stall: Stocked, off: dict[str, str]) -> None:
    till = Till(stall, crew.SELLER)
    sale = till.press_tile(stock.ZINE)
    refused = till.post(f"{sale}/discount", press=till.press(sale), **off)
    assert (refused.status_code, "leaves nothing to pay" in text(refused)) == (409, True)
    assert "€3.00" in till.see(sale)
    assert take_off(till, sale, percent="50") == 303


def test_what_a_maker_set_as_a_button_staff_may_press(stall: Stocked) -> None:
    told = msgspec.structs.replace(stall.box.settings.till, discounts=(10, 100))
    stall.box.settings = msgspec.structs.replace(stall.box.settings, till=told)
    till = Till(stall, crew.SELLER)
    assert take_off(till, till.press_tile(stock.ZINE), percent="100") == 303


def test_what_costs_nothing_because_of_a_discount_needs_the_pin(stall: Stocked) -> None:
    till = Till(stall)
    sale = till.press_tile(stock.ZINE)
    assert take_off(till, sale, percent="100") == 303
    assert "Your PIN" in till.see(sale)
    assert till.post(f"{sale}/comp", ordinal=1).status_code == 409
    assert till.post(f"{sale}/cash", ordinal=1, given="0").status_code == 409  # which takes nothing for nothing
    assert till.count("attempts") == 0
    assert till.post(f"{sale}/comp", ordinal=1, pin=PIN).status_code == 303
    assert "given free" in till.see(sale)


def test_what_costs_nothing_by_itself_needs_none(stall: Stocked) -> None:
    till = Till(stall, crew.SELLER)
    sale = till.press_tile(stock.SAMPLER)
    assert "PIN" not in text(till.client.get(sale)).partition("Give it")[2].partition("Add")[0]
    assert till.post(f"{sale}/comp", ordinal=1).status_code == 303
