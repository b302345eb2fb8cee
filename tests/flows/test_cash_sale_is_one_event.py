"""Cash: one transaction, one event that bears attempt and receipt, change to hand back."""

from __future__ import annotations

import pytest

from stall.errors import Refused
from stall.flows import take_card
from stall.flows.fill_basket import Wish, fill_basket
from stall.flows.hold_numbers import HOLD_MS, release_lapsed
from stall.flows.housekeeping import BASKET_LIFE_MS, sweep
from stall.store import claims, sales
from stall.store.audit import audit
from stall.wire import b64, claimcode
from tests.fakes.stock import PRINTS, SAMPLER, ZINE, Stocked
from tests.flows import selling


def test_change_numbers_receipt_and_claim_come_together(stall: Stocked) -> None:
    sale = selling.basket(stall, PRINTS, ZINE)
    before = len(selling.events(stall))
    taken = selling.cash(stall, sale, given=1000)
    assert taken.change_minor == 250
    assert len(selling.events(stall)) == before + 1
    signed = selling.receipt_of(stall, sale)
    assert [(item.drop, item.ed, item.minor, item.qty) for item in signed.items] == [
        (PRINTS, 1, 450, 1),
        (ZINE, None, 300, 1),
    ]
    assert [(pay.m, pay.st, pay.minor) for pay in signed.pay] == [("cash", "cash", 750)]
    assert [(tax.rate, tax.net, tax.vat) for tax in signed.tax] == [(1900, 630, 120)]
    assert signed.seq == selling.events(stall)[-1].seq
    row = sales.get(stall.box.db.read(), sale)
    code = claimcode.derive(stall.box.secrets.claim_key, b64.decode(signed.epoch), sale, row.issue)
    assert signed.code == b64.encode(claimcode.digest(code))
    assert claims.by_digest(stall.box.db.read(), claimcode.digest(code)) is not None


def test_a_second_press_returns_the_first_answer(stall: Stocked) -> None:
    sale = selling.basket(stall)
    first = selling.cash(stall, sale, given=500)
    again = selling.cash(stall, sale, given=500)
    assert again == first
    assert len(selling.events(stall, "sale")) == 1
    with pytest.raises(Refused) as refusal:
        selling.cash(stall, sale, given=500, ordinal=2)
    assert refusal.value.code == "sale-paid"


def test_too_little_cash_sells_nothing(stall: Stocked) -> None:
    sale = selling.basket(stall)
    with pytest.raises(Refused) as refusal:
        selling.cash(stall, sale, given=449)
    assert refusal.value.code == "cash-short"
    assert selling.left(stall) == 5
    assert sales.get(stall.box.db.read(), sale).state == "basket"


def test_numbers_are_sold_lowest_first_and_the_one_asked_for_when_it_is_free(stall: Stocked) -> None:
    with stall.box.db.transaction() as tx:
        wanted = fill_basket(tx, [Wish(PRINTS, 1, ed=3)], origin="till", vat_bp=1900)
    selling.cash(stall, wanted)
    two, one = selling.basket(stall, qty=2), selling.basket(stall)
    selling.cash(stall, two)
    selling.cash(stall, one)
    assert selling.numbers(stall, wanted) == [3]
    assert (selling.numbers(stall, two), selling.numbers(stall, one)) == ([1, 2], [4])
    with stall.box.db.transaction() as tx:
        late = fill_basket(tx, [Wish(PRINTS, 1, ed=3)], origin="till", vat_bp=1900)
    with pytest.raises(Refused, match="Number 3 of Harbour Prints is taken"):
        selling.cash(stall, late)


def test_the_last_number_goes_to_the_first_who_pays(stall: Stocked) -> None:
    for _ in range(4):
        selling.cash(stall, selling.basket(stall))
    first, second = selling.basket(stall), selling.basket(stall)
    selling.cash(stall, second)
    with pytest.raises(Refused) as refusal:
        selling.cash(stall, first)
    assert refusal.value.code == "drop-sold-out"
    assert selling.left(stall) == 0
    with pytest.raises(Refused, match="sold out"):
        selling.basket(stall)


def test_a_bundle_counts_its_lines_together(stall: Stocked) -> None:
    sale = selling.basket(stall, qty=6)
    with pytest.raises(Refused) as refusal:
        selling.cash(stall, sale)
    assert refusal.value.code == "drop-sold-out"
    assert selling.left(stall) == 5  # nothing of it is held


def test_a_dropped_sale_frees_its_numbers_and_cannot_be_paid(stall: Stocked) -> None:
    sale = selling.basket(stall)
    selling.ask(stall, sale)
    assert selling.left(stall) == 4
    with stall.box.db.transaction() as tx:
        take_card.cancel_card(tx, 1)
        take_card.drop_sale(tx, sale)
    assert selling.left(stall) == 5
    with pytest.raises(Refused) as refusal:
        selling.cash(stall, sale, ordinal=2)
    assert refusal.value.code == "sale-dropped"


def test_copies_of_an_open_edition_share_a_line_and_have_no_number(stall: Stocked) -> None:
    sale = selling.basket(stall, ZINE, qty=3)
    selling.cash(stall, sale)
    (item,) = selling.receipt_of(stall, sale).items
    assert (item.qty, item.minor, item.ed, item.lease) == (3, 900, None, None)


def test_after_a_day_of_sales_the_journal_and_the_tables_agree(stall: Stocked) -> None:
    for drops in ((PRINTS,), (ZINE, ZINE), (PRINTS, ZINE), (SAMPLER,)):
        sale = selling.basket(stall, *drops)
        selling.cash(stall, sale)
    selling.card(stall, selling.basket(stall))
    found = audit(stall.box.db.read(), stall.box.secrets.signing.public)
    assert found.findings == []
    assert found.tenders == {"cash": 450 + 600 + 750, "card": 450, "comp": 0}
    assert found.sold == {(PRINTS, 1), (PRINTS, 2), (PRINTS, 3)}


def test_a_number_somebody_asked_for_is_never_replaced_by_another(stall: Stocked) -> None:
    with stall.box.db.transaction() as tx:
        wanted = fill_basket(tx, [Wish(PRINTS, 1, ed=3)], origin="till", vat_bp=1900)
    attempt = selling.ask(stall, wanted)
    with stall.box.db.transaction() as tx:
        take_card.cancel_card(tx, attempt)
    stall.clock.advance(HOLD_MS)
    with stall.box.db.transaction() as tx:
        release_lapsed(tx)
        other = fill_basket(tx, [Wish(PRINTS, 1, ed=3)], origin="till", vat_bp=1900)
    selling.cash(stall, other)
    with pytest.raises(Refused) as refusal:
        selling.cash(stall, wanted, ordinal=2)
    assert refusal.value.code == "edition-number-taken"


def test_a_basket_left_alone_goes_whoever_began_it(stall: Stocked) -> None:
    left, kept = selling.basket(stall), selling.basket(stall)
    attempt = selling.ask(stall, kept)
    selling.send(stall, attempt)
    stall.clock.advance(BASKET_LIFE_MS + 1)
    with stall.box.db.transaction() as tx:
        sweep(tx)
    found = [sales.get(stall.box.db.read(), sale).state for sale in (left, kept)]
    assert found == ["dropped", "basket"]
