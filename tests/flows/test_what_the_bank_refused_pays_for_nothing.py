"""A card read offline that the bank refused later: no voucher bought with it is spent, and no cash goes out for what it bought."""

from __future__ import annotations

import pytest

from stall.errors import Refused
from stall.flows.basket_lines import AnyWish, ProductWish, Wish
from stall.flows.begin_return import begin_return
from stall.flows.fill_basket import fill_basket
from stall.flows.pay_back import pay_back_cash
from stall.flows.settle_offline import decline_late
from stall.flows.take_card import ask_card
from stall.flows.take_cash import take_cash
from stall.flows.take_voucher import take_voucher
from stall.store import sales
from tests.fakes.stock import ZINE, Stocked
from tests.flows import selling
from tests.flows.test_goods_come_back_for_cash import sound
from tests.flows.test_old_forms_meet_new_payments import code_of_a_voucher

SAW = "letter of the bank"


def by_card_offline(stall: Stocked, *wishes: AnyWish, part: int | None = None) -> tuple[int, int]:
    """A sale, or a part of it, paid by a card read offline; the sale and the payment."""
    with stall.box.db.transaction() as tx:
        selling.add_products(tx)
        sale = fill_basket(tx, list(wishes), origin="till", vat_bp=selling.VAT)
        attempt = ask_card(tx, sale, 1, 1, part_minor=part)
    selling.send(stall, attempt)
    selling.approve(stall, attempt, selling.facts(selling.now(stall, attempt).amount_minor, offline=True))
    selling.pay(stall, attempt)
    return sale, attempt


def refused(stall: Stocked, attempt: int) -> None:
    with stall.box.db.transaction() as tx:
        decline_late(tx, attempt, SAW)


def test_a_voucher_it_bought_is_not_spent(stall: Stocked) -> None:
    _, attempt = by_card_offline(stall, ProductWish("gift", 1, 300))
    refused(stall, attempt)
    sale = selling.basket(stall, ZINE)
    with stall.box.db.transaction() as tx, pytest.raises(Refused, match="No voucher of this stall"):
        take_voucher(tx, sale, 1, code_of_a_voucher(tx))
    sound(stall)


def test_no_cash_goes_out_for_what_it_bought(stall: Stocked) -> None:
    sale, attempt = by_card_offline(stall, Wish(ZINE, 2))
    refused(stall, attempt)
    with stall.box.db.transaction() as tx, pytest.raises(Refused, match="no money of it to give back"):
        pay_back_cash(tx, begin_return(tx, sale, {0: 1}), 1, "maker")
    sound(stall)


def test_what_came_in_beside_it_goes_out_and_no_more(stall: Stocked) -> None:
    sale, attempt = by_card_offline(stall, Wish(ZINE, 3), part=400)
    with stall.box.db.transaction() as tx:
        take_cash(tx, sale, 2, 500)
    refused(stall, attempt)
    with stall.box.db.transaction() as tx:
        pay_back_cash(tx, begin_return(tx, sale, {0: 1}), 1, "maker")
    with stall.box.db.transaction() as tx, pytest.raises(Refused, match="no money of it to give back"):
        pay_back_cash(tx, begin_return(tx, sale, {0: 1}), 1, "maker")
    sound(stall)


def test_money_that_is_out_in_part_is_handed_out_whole(stall: Stocked) -> None:
    sale, attempt = by_card_offline(stall, Wish(ZINE))
    with stall.box.db.transaction() as tx:
        back = begin_return(tx, sale, {0: 1})
        pay_back_cash(tx, back, 1, "maker", part_minor=100)
    refused(stall, attempt)
    with stall.box.db.transaction() as tx:
        pay_back_cash(tx, back, 2, "maker")
    assert sales.get(stall.box.db.read(), back).state == "paid"
    sound(stall)


def test_a_part_of_a_sale_that_is_not_finished_is_finished_first(stall: Stocked) -> None:
    sale, attempt = by_card_offline(stall, Wish(ZINE), part=100)
    with pytest.raises(Refused, match="not finished"):
        refused(stall, attempt)
    with stall.box.db.transaction() as tx:
        take_cash(tx, sale, 2, 200)
    refused(stall, attempt)
    sound(stall)
