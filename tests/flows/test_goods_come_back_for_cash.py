"""Goods that come back are a sale of their own: its paper, its money, its goods, and what of the first sale is left."""

from __future__ import annotations

import pytest

from stall.domain.payment import State
from stall.errors import Refused
from stall.flows import take_cash
from stall.flows.basket_lines import AnyWish, ProductWish, Wish
from stall.flows.begin_return import begin_return
from stall.flows.fill_basket import fill_basket
from stall.flows.pay_back import pay_back_cash
from stall.store import claims, products, sales
from stall.store.audit import audit
from stall.wire import receipt, takeback
from stall.wire.receipt import Receipt
from tests.fakes.stock import PRINTS, SAMPLER, ZINE, Stocked
from tests.flows import selling
from tests.flows.test_claims_open_downloads import code_of, redeem


def sold(stall: Stocked, *wishes: AnyWish, tip: int = 0) -> int:
    with stall.box.db.transaction() as tx:
        if not products.every(tx.conn):
            selling.add_products(tx)
        sale = fill_basket(tx, list(wishes), origin="till", vat_bp=selling.VAT)
        take_cash.take_cash(tx, sale, 1, 1_000_000)
    return sale


def give_back(stall: Stocked, sale: int, *lines: int, qty: int = 1, **more: object) -> int:
    """Take lines of a sale back for cash; give the number of the return."""
    with stall.box.db.transaction() as tx:
        back = begin_return(tx, sale, dict.fromkeys(lines, qty), **more)  # type: ignore[arg-type]  # passed on as they are
        pay_back_cash(tx, back, 1, "maker")
    return back


def paper_of(stall: Stocked, sale: int) -> tuple[str, Receipt]:
    key = sales.get(stall.box.db.read(), sale).receipt_event
    found = [e for e in selling.events(stall) if e.seq == (key or 0) & 0xFFFFFFFF]
    own = stall.box.secrets.signing
    return receipt.verify_any(str(found[0].body["receipt"]), {own.thumbprint: own.public})


def sound(stall: Stocked) -> None:
    assert audit(stall.box.db.read(), stall.box.secrets.signing.public).findings == []


def number_state(stall: Stocked, number: int) -> tuple[int, int | None]:
    row = stall.box.db.read().execute("SELECT state, sale FROM numbers WHERE (id & 1048575) = ?", (number,)).fetchone()
    return tuple(row)


def test_a_line_given_back_leaves_a_refund_that_names_the_receipt_and_only_that_line(stall: Stocked) -> None:
    sale = sold(stall, Wish(PRINTS), Wish(ZINE))
    back = give_back(stall, sale, 0)
    typ, told = paper_of(stall, back)
    bought = selling.receipt_of(stall, sale)
    assert (typ, told.ref) == (receipt.REFUND, bought.jti)
    assert [(i.drop, i.ed, i.qty, i.minor) for i in told.items] == [(PRINTS, 1, 1, -450)]
    assert [(p.m, p.minor) for p in told.pay] == [("cash", -450)]
    takeback.check(bought, typ, told)
    sound(stall)


def test_the_number_is_free_again_and_the_rest_still_opens(stall: Stocked) -> None:
    sale = sold(stall, Wish(PRINTS), Wish(ZINE))
    give_back(stall, sale, 0)
    assert number_state(stall, 1) == (0, None)
    assert [item.drop_id for item in claims.bought(stall.box.db.read(), sale)] == [ZINE]
    redeem(stall, code_of(stall, sale))
    assert len(selling.events(stall, "certificate")) == 1
    selling.cash(stall, other := selling.basket(stall))
    assert selling.numbers(stall, other) == [1]
    sound(stall)


def test_when_nothing_is_left_to_open_the_code_opens_nothing(stall: Stocked) -> None:
    sale = sold(stall, Wish(PRINTS), ProductWish("postcard", 3))
    code = code_of(stall, sale)
    give_back(stall, sale, 0)
    with pytest.raises(Refused, match="claim-unknown"):
        redeem(stall, code)
    sound(stall)


def test_what_was_opened_comes_back_only_by_the_makers_word_and_its_number_is_void(stall: Stocked) -> None:
    sale = sold(stall, Wish(PRINTS))
    redeem(stall, code_of(stall, sale))
    with pytest.raises(Refused, match="return-opened"):
        give_back(stall, sale, 0)
    with pytest.raises(Refused, match="return-reason"):
        give_back(stall, sale, 0, reason="because")
    with pytest.raises(Refused, match="return-never"):
        give_back(stall, sale, 0, reason="faulty", never=True)
    give_back(stall, sale, 0, reason="faulty")
    assert number_state(stall, 1) == (3, sale)
    assert [e.body["reason"] for e in selling.events(stall, "return")] == ["faulty"]
    sound(stall)


def test_pieces_come_back_one_by_one_and_together_for_what_they_cost(stall: Stocked) -> None:
    with stall.box.db.transaction() as tx:
        selling.add_products(tx)
        sale = fill_basket(tx, [ProductWish("both"), ProductWish("postcard", 1)], origin="till", vat_bp=selling.VAT)
        take_cash.take_cash(tx, sale, 1, 1_000_000)
    cards = next(line for line in sales.lines(stall.box.db.read(), sale) if line.qty == 3)
    parts = [sales.lines(stall.box.db.read(), give_back(stall, sale, cards.n))[0] for _ in range(3)]
    assert sum(part.minor for part in parts) == -cards.minor
    assert sum(part.disc for part in parts) == -cards.disc
    with pytest.raises(Refused, match="return-gone"):
        give_back(stall, sale, cards.n)
    stock = products.find(stall.box.db.read(), "postcard")
    assert stock is not None
    assert stock.stock == 40 - 1
    sound(stall)


def test_what_was_free_is_void_together_with_all_that_is_left(stall: Stocked) -> None:
    sale = sold(stall, Wish(SAMPLER), Wish(PRINTS))
    with pytest.raises(Refused, match="return-free-part"):
        give_back(stall, sale, 0)
    give_back(stall, sale, 1)
    with stall.box.db.transaction() as tx:
        back = begin_return(tx, sale, {0: 1})
        take_cash.take_cash(tx, back, 1, 0)
    assert paper_of(stall, back)[0] == receipt.VOID
    assert sales.get(stall.box.db.read(), sale).void_event == sales.get(stall.box.db.read(), back).receipt_event
    sound(stall)


def test_a_second_press_hands_out_nothing_more(stall: Stocked) -> None:
    sale = sold(stall, Wish(PRINTS))
    with stall.box.db.transaction() as tx:
        back = begin_return(tx, sale, {0: 1})
        first = pay_back_cash(tx, back, 1, "maker")
    with stall.box.db.transaction() as tx:
        assert pay_back_cash(tx, back, 1, "maker") == first
        with pytest.raises(Refused, match="sale-paid"):
            pay_back_cash(tx, back, 2, "maker")


def test_two_tills_cannot_take_the_same_line_back(stall: Stocked) -> None:
    sale = sold(stall, Wish(PRINTS))
    with stall.box.db.transaction() as tx:
        one, other = begin_return(tx, sale, {0: 1}), begin_return(tx, sale, {0: 1})
    with stall.box.db.transaction() as tx:
        pay_back_cash(tx, one, 1, "maker")
    with pytest.raises(Refused, match="return-gone"), stall.box.db.transaction() as tx:
        pay_back_cash(tx, other, 1, "maker")
    sound(stall)


def test_money_of_a_return_is_not_handed_out_as_if_it_were_a_deposit(stall: Stocked) -> None:
    sale = sold(stall, Wish(PRINTS))
    with stall.box.db.transaction() as tx:
        back = begin_return(tx, sale, {0: 1})
    with pytest.raises(Refused, match="refund-asks-pin"), stall.box.db.transaction() as tx:
        take_cash.take_cash(tx, back, 1, 0)


def test_a_voucher_that_was_spent_does_not_come_back_and_one_that_was_not_buys_nothing_more(stall: Stocked) -> None:
    sale = sold(stall, ProductWish("gift", 1, 1000))
    give_back(stall, sale, 0)
    states = stall.box.db.read().execute("SELECT state FROM vouchers").fetchall()
    assert [state for (state,) in states] == ["revoked"]
    sound(stall)


def test_what_came_back_does_not_come_back_again_and_no_return_of_a_return(stall: Stocked) -> None:
    sale = sold(stall, Wish(ZINE, 2))
    back = give_back(stall, sale, 0)
    with pytest.raises(Refused, match="return-line"):
        give_back(stall, back, 0)
    give_back(stall, sale, 0)
    with pytest.raises(Refused, match="return-gone"):
        give_back(stall, sale, 0)
    assert (
        stall.box.db.read().execute("SELECT count(*) FROM attempts WHERE state = ?", (State.PAID,)).fetchone()[0] == 3
    )
    sound(stall)
