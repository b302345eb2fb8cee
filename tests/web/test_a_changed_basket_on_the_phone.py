"""What the stall changes in a buyer's basket, the buyer's own page and receipt show."""

from __future__ import annotations

from flask.testing import FlaskClient

from stall.flows import amend_basket
from stall.flows.basket_lines import ProductWish
from stall.flows.take_cash import take_cash
from stall.store.db import Tx
from tests.fakes.stock import ZINE, Stocked
from tests.flows import selling
from tests.web import phone


def with_products(stocked: Stocked, order: str, *, without_first: bool) -> int:
    """Put three postcards into a buyer's basket; the drop goes out of it where it is to."""
    sale = phone.sale_of(stocked, order)

    def change(tx: Tx) -> None:
        selling.add_products(tx)
        amend_basket.add_items(tx, sale, [ProductWish("postcard", 3)], 1900)
        if without_first:
            amend_basket.remove_line(tx, sale, 0)

    stocked.box.write("payment", change)
    return sale


def test_a_discount_and_a_tip_stand_on_order_and_receipt(buyer: FlaskClient, stocked_box: Stocked) -> None:
    order = phone.order(buyer, ZINE)
    sale = with_products(stocked_box, order, without_first=False)

    def cheaper(tx: Tx) -> None:
        amend_basket.discount(tx, sale, basis_points=1000)
        amend_basket.set_tip(tx, sale, 100)

    stocked_box.box.write("payment", cheaper)
    assert "€6.94" in buyer.get(order).text
    phone.pay_cash(stocked_box, sale)
    jti = selling.receipt_of(stocked_box, sale).jti
    page = buyer.get(f"/r/{jti}").text
    assert "€3.00, €0.30 off" in page
    assert "Tip" in page
    assert "Postcard × 3" in page.replace("\xa0", " ")


def test_an_order_of_things_alone_has_a_receipt_and_nothing_to_download(
    buyer: FlaskClient, stocked_box: Stocked
) -> None:
    order = phone.order(buyer, ZINE)
    sale = with_products(stocked_box, order, without_first=True)
    stocked_box.box.write("payment", lambda tx: take_cash(tx, sale, 1, 360))
    page = buyer.get(order).text
    assert "Paid. Thank you." in page
    assert f'href="/r/{selling.receipt_of(stocked_box, sale).jti}"' in page
    assert "<button" not in page
