"""A basket nobody paid for may be changed; it stays the same sale, and what it costs follows."""

from __future__ import annotations

import pytest

from stall.errors import Refused
from stall.flows import amend_basket, take_cash
from stall.flows.basket_lines import ProductWish, Wish
from stall.flows.fill_basket import fill_basket
from stall.flows.housekeeping import BASKET_LIFE_MS, sweep
from stall.flows.keep_products import change_product
from stall.store import products, sales
from stall.store.db import Tx
from stall.store.products import BundlePart
from tests.fakes.stock import PRINTS, ZINE, Stocked
from tests.flows import selling


@pytest.fixture
def shop(stall: Stocked) -> Stocked:
    with stall.box.db.transaction() as tx:
        selling.add_products(tx)
    return stall


def lines(shop: Stocked, sale: int) -> list[tuple[str, int, int, int]]:
    return [(x.title, x.qty, x.minor, x.disc) for x in sales.lines(shop.box.db.read(), sale)]


def total(shop: Stocked, sale: int) -> int:
    return sales.get(shop.box.db.read(), sale).total_minor


def basket(shop: Stocked, *wishes: Wish | ProductWish) -> int:
    with shop.box.db.transaction() as tx:
        return fill_basket(tx, wishes, origin="till", vat_bp=1900)


def do(shop: Stocked, work: object, sale: int, *given: object, **named: object) -> object:
    with shop.box.db.transaction() as tx:
        return work(tx, sale, *given, **named)  # type: ignore[operator]  # each is a flow


def test_copies_join_their_line_and_numbered_ones_do_not(shop: Stocked) -> None:
    sale = basket(shop, Wish(ZINE), Wish(PRINTS))
    do(shop, amend_basket.add_items, sale, [Wish(ZINE, 2), Wish(PRINTS), ProductWish("postcard", 3)], 1900)
    assert lines(shop, sale) == [
        ("Night Zine", 3, 900, 0), ("Harbour Prints", 1, 450, 0), ("Harbour Prints", 1, 450, 0), ("Postcard", 3, 360, 0),
    ]  # fmt: skip
    assert total(shop, sale) == 900 + 900 + 360


def test_the_number_of_pieces_changes_in_place(shop: Stocked) -> None:
    sale = basket(shop, Wish(ZINE), Wish(PRINTS))
    do(shop, amend_basket.set_quantity, sale, 0, 4, 1900)
    do(shop, amend_basket.set_quantity, sale, 1, 2, 1900)
    assert lines(shop, sale) == [
        ("Night Zine", 4, 1200, 0),
        ("Harbour Prints", 1, 450, 0),
        ("Harbour Prints", 1, 450, 0),
    ]


def test_a_bundle_is_its_parts_at_its_own_price_and_goes_out_whole(shop: Stocked) -> None:
    sale = basket(shop, ProductWish("both"), Wish(ZINE))
    assert lines(shop, sale) == [("Night Zine", 1, 272, 28), ("Postcard", 3, 327, 33), ("Night Zine", 1, 300, 0)]
    assert total(shop, sale) == 599 + 300
    with pytest.raises(Refused, match="quantity-of-bundle"):
        do(shop, amend_basket.set_quantity, sale, 0, 2, 1900)
    assert do(shop, amend_basket.remove_line, sale, 1) is True
    assert lines(shop, sale) == [("Night Zine", 1, 300, 0)]


def test_a_basket_with_nothing_left_is_given_up(shop: Stocked) -> None:
    sale = basket(shop, Wish(ZINE))
    assert do(shop, amend_basket.remove_line, sale, 0) is False
    assert sales.get(shop.box.db.read(), sale).state == "dropped"


def test_a_discount_of_a_line_and_one_of_all(shop: Stocked) -> None:
    sale = basket(shop, Wish(ZINE), ProductWish("postcard", 5))
    do(shop, amend_basket.discount, sale, basis_points=1000, n=1)
    assert lines(shop, sale) == [("Night Zine", 1, 300, 0), ("Postcard", 5, 540, 60)]
    do(shop, amend_basket.discount, sale, minor=90)
    assert lines(shop, sale) == [("Night Zine", 1, 270, 30), ("Postcard", 5, 540, 60)]
    assert total(shop, sale) == 810


def test_a_bundle_made_of_other_parts_meanwhile_keeps_its_price(shop: Stocked) -> None:
    sale = basket(shop, ProductWish("both", 2))
    with shop.box.db.transaction() as tx:
        (_, cards) = products.parts(tx.conn, products.find(tx.conn, "both").no)  # type: ignore[union-attr]  # it is there
        change_product(tx, "both", parts=(BundlePart(ZINE, None, 1), BundlePart(None, cards.product, 8)))
    do(shop, amend_basket.discount, sale, minor=10)
    assert total(shop, sale) == 2 * 599 - 10


def test_vouchers_get_no_discount(shop: Stocked) -> None:
    sale = basket(shop, ProductWish("gift", 1, 2000), Wish(ZINE))
    do(shop, amend_basket.discount, sale, basis_points=5000)
    assert lines(shop, sale) == [("Voucher", 1, 2000, 0), ("Night Zine", 1, 150, 150)]
    with pytest.raises(Refused, match="discount-of-voucher"):
        do(shop, amend_basket.discount, sale, minor=1, n=0)


def test_a_tip_is_added_to_what_is_paid_and_stands_on_the_receipt(shop: Stocked) -> None:
    sale = basket(shop, Wish(ZINE))
    do(shop, amend_basket.set_tip, sale, 50)
    do(shop, amend_basket.set_tip, sale, 100)
    assert total(shop, sale) == 400
    do(shop, take_cash.take_cash, sale, 1, 400)
    signed = selling.receipt_of(shop, sale)
    assert (signed.tip, signed.pay[0].minor, signed.items[0].minor) == (100, 400, 300)


def test_nothing_changes_once_a_part_is_paid(shop: Stocked) -> None:
    sale = basket(shop, Wish(ZINE))
    do(shop, take_cash.take_cash, sale, 1, 100, part_minor=100)
    for work, given in (
        (amend_basket.add_items, ([Wish(ZINE)], 1900)),
        (amend_basket.remove_line, (0,)),
        (amend_basket.set_tip, (10,)),
        (amend_basket.park, ()),
    ):
        with pytest.raises(Refused, match="sale-begun"):
            do(shop, work, sale, *given)


def test_a_declined_card_leaves_the_basket_to_be_changed_and_frees_its_number(shop: Stocked) -> None:
    sale = basket(shop, Wish(PRINTS, 1, ed=2), Wish(PRINTS))
    attempt = selling.ask(shop, sale)
    selling.send(shop, attempt)
    from stall.domain.payment import Reason
    from stall.flows import card_attempt

    do(shop, card_attempt.decline, attempt, Reason.DECLINED)
    assert selling.left(shop) == 3
    do(shop, amend_basket.add_items, sale, [Wish(ZINE)], 1900)
    assert selling.left(shop) == 5
    assert selling.numbers(shop, sale) == [2, None, None], "the number that was asked for stays wished for"


def test_what_was_put_aside_outlives_the_sweep_until_it_is_taken_up(shop: Stocked) -> None:
    aside, forgotten = basket(shop, Wish(ZINE)), basket(shop, Wish(ZINE))
    do(shop, amend_basket.park, aside)
    shop.clock.advance(BASKET_LIFE_MS + 60_000)
    with shop.box.db.transaction() as tx:
        sweep(tx)
    conn = shop.box.db.read()
    assert (sales.get(conn, aside).state, sales.get(conn, forgotten).state) == ("basket", "dropped")
    do(shop, amend_basket.add_items, aside, [Wish(ZINE)], 1900)
    assert sales.get(conn, aside).parked_ms is None, "whoever changes it has taken it up"


def test_stock_goes_down_with_the_sale_and_not_before(shop: Stocked) -> None:
    def left(tx: Tx) -> int | None:
        found = products.find(tx.conn, "postcard")
        return None if found is None else found.stock

    sale = basket(shop, ProductWish("postcard", 4), ProductWish("both"))
    with shop.box.db.transaction() as tx:
        assert left(tx) == 40
        take_cash.take_cash(tx, sale, 1, 10_000)
        assert left(tx) == 33


def test_a_deposit_that_comes_back_is_counted_onto_the_stock(shop: Stocked) -> None:
    with shop.box.db.transaction() as tx:
        change_product(tx, "cup", stock=10)
    for wish, left in ((ProductWish("cup", 3), 7), (ProductWish("cup", 2, back=True), 9)):
        sale = basket(shop, wish)
        with shop.box.db.transaction() as tx:
            take_cash.take_cash(tx, sale, 1, 1000)
            assert products.find(tx.conn, "cup").stock == left  # type: ignore[union-attr]  # it is there


def test_a_product_off_sale_or_without_a_price_says_so(shop: Stocked) -> None:
    with pytest.raises(Refused, match="product-unknown"):
        basket(shop, ProductWish("nothing"))
    with pytest.raises(Refused, match="price-missing"):
        basket(shop, ProductWish("gift"))
    with pytest.raises(Refused, match="deposit-only"):
        basket(shop, ProductWish("postcard", back=True))
    with pytest.raises(Refused, match="quantity-wrong"):
        basket(shop, ProductWish("postcard", 0))
