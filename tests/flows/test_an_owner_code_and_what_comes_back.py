"""Owner codes where goods come back: what is left keeps its owner, what went back has none to prove, what goes out has a code of its own."""

from __future__ import annotations

import json

import pytest

from stall.errors import Refused
from stall.flows import amend_basket
from stall.flows.basket_lines import Wish
from stall.flows.begin_return import begin_return
from stall.flows.name_owner import name_owner, owner_of
from stall.flows.pay_back import pay_back_cash
from stall.flows.take_cash import take_cash
from stall.store import claims
from stall.wire import credential, ownercode
from tests.fakes.stock import PRINTS, ZINE, Stocked
from tests.flows import selling
from tests.flows.test_goods_come_back_for_cash import give_back, sold, sound


def draw(stall: Stocked, sale: int, press: bytes = bytes(16)) -> str:
    """Draw an owner code; give the did of its key."""
    with stall.box.db.transaction() as tx:
        return ownercode.key_of(name_owner(tx, sale, press)).did


def owners(stall: Stocked, sale: int) -> list[str | None]:
    """The owner of each line that is left, as its certificate says."""
    conn = stall.box.db.read()
    kept = [claims.certificate(conn, item.certificate or b"") for item in claims.bought(conn, sale)]
    return [None if one is None else credential.verify(json.loads(one[1])).owner for one in kept]


def test_one_code_owns_every_number_of_a_sale_and_goes_on_for_those_that_are_left(stall: Stocked) -> None:
    sale = sold(stall, Wish(PRINTS), Wish(PRINTS), Wish(ZINE))
    did = draw(stall, sale)
    assert owners(stall, sale) == [did] * 3
    with pytest.raises(Refused, match="return-"):  # a certificate is out, so it is the maker's to say why
        give_back(stall, sale, 0)
    give_back(stall, sale, 0, reason="goodwill")
    assert owners(stall, sale) == [did] * 2
    assert owner_of(stall.box.db.read(), sale) == did
    sound(stall)


def test_a_code_drawn_while_a_return_is_begun_counts_as_opened(stall: Stocked) -> None:
    sale = sold(stall, Wish(PRINTS), Wish(ZINE))
    with stall.box.db.transaction() as tx:
        back = begin_return(tx, sale, {0: 1})
    did = draw(stall, sale)
    with pytest.raises(Refused, match="return-opened"), stall.box.db.transaction() as tx:
        pay_back_cash(tx, back, 1, "maker")
    assert owners(stall, sale) == [did] * 2
    sound(stall)


def test_nothing_is_drawn_for_a_sale_that_came_back_whole(stall: Stocked) -> None:
    sale = sold(stall, Wish(PRINTS))
    give_back(stall, sale, 0)
    with pytest.raises(Refused):
        draw(stall, sale)


def test_what_goes_out_in_an_exchange_can_have_a_code_of_its_own(stall: Stocked) -> None:
    sale = sold(stall, Wish(PRINTS))
    first = draw(stall, sale)
    with stall.box.db.transaction() as tx:
        exchange = begin_return(tx, sale, {0: 1}, reason="goodwill")
        amend_basket.add_items(tx, exchange, [Wish(ZINE, 3)], selling.VAT)
        take_cash(tx, exchange, 1, 1_000_000)
    second = draw(stall, exchange, bytes(15) + b"1")
    assert (owners(stall, sale), owners(stall, exchange)) == ([], [second])
    assert second != first
    sound(stall)
