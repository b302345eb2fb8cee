"""A voucher is money owed: sold once, spent as far as it goes, never twice; its code is nowhere but with its holder."""

from __future__ import annotations

import pytest

from stall.errors import Refused
from stall.flows import take_cash
from stall.flows.basket_lines import ProductWish, Wish
from stall.flows.fill_basket import fill_basket
from stall.flows.take_voucher import take_voucher
from stall.store import attempts, epochs, sales, vouchers
from stall.wire import vouchercode
from tests.fakes.stock import PRINTS, ZINE, Stocked
from tests.flows import selling


@pytest.fixture
def shop(stall: Stocked) -> Stocked:
    with stall.box.db.transaction() as tx:
        selling.add_products(tx)
    return stall


def basket(shop: Stocked, *wishes: Wish | ProductWish) -> int:
    with shop.box.db.transaction() as tx:
        return fill_basket(tx, wishes, origin="till", vat_bp=1900)


def sold(shop: Stocked, minor: int = 1000) -> bytes:
    """Sell a voucher for cash; give its code."""
    sale = basket(shop, ProductWish("gift", 1, minor))
    with shop.box.db.transaction() as tx:
        take_cash.take_cash(tx, sale, 1, minor)
        (voucher,) = vouchers.of_sale(tx.conn, sale)
        (epoch,) = tx.conn.execute("SELECT epoch FROM epochs WHERE no = ?", (epochs.running_no(tx.conn),)).fetchone()
        return vouchercode.derive(tx.secrets.claim_key, epoch, voucher.line)


def spend(shop: Stocked, sale: int, code: bytes, ordinal: int = 1) -> int:
    with shop.box.db.transaction() as tx:
        return take_voucher(tx, sale, ordinal, code)


def left(shop: Stocked, code: bytes) -> int:
    conn = shop.box.db.read()
    found = vouchers.by_digest(conn, vouchercode.digest(code))
    assert found is not None
    return vouchers.left(conn, found)


def test_it_stands_on_its_receipt_by_its_number_and_bears_no_vat(shop: Stocked) -> None:
    sold(shop)
    signed = selling.receipt_of(shop, 1)
    assert [(i.sku, i.minor, i.vat) for i in signed.items] == [("voucher/1", 1000, 0)]
    assert signed.code is None, "there is nothing to download"


def test_it_pays_as_far_as_it_goes_and_the_rest_is_paid_otherwise(shop: Stocked) -> None:
    code, sale = sold(shop, 400), basket(shop, Wish(PRINTS), Wish(ZINE))
    spend(shop, sale, code)
    assert (left(shop, code), sales.get(shop.box.db.read(), sale).state) == (0, "basket")
    with shop.box.db.transaction() as tx:
        take_cash.take_cash(tx, sale, 2, 350)
    assert [(p.m, p.st, p.minor, p.ref) for p in selling.receipt_of(shop, sale).pay] == [
        ("voucher", "voucher", 400, "1"), ("cash", "cash", 350, None),
    ]  # fmt: skip


def test_what_is_left_stays_on_it(shop: Stocked) -> None:
    code = sold(shop)
    first, second = basket(shop, Wish(ZINE)), basket(shop, Wish(PRINTS))
    spend(shop, first, code)
    assert left(shop, code) == 700
    spend(shop, second, code)
    assert left(shop, code) == 250
    assert sales.get(shop.box.db.read(), second).state == "paid"


def test_a_second_press_spends_nothing_more(shop: Stocked) -> None:
    code, sale = sold(shop, 100), basket(shop, Wish(ZINE))
    assert spend(shop, sale, code) == spend(shop, sale, code)
    assert len(attempts.of_sale(shop.box.db.read(), sale)) == 1


def test_an_empty_or_unknown_one_takes_nothing(shop: Stocked) -> None:
    code, sale = sold(shop, 100), basket(shop, Wish(ZINE))
    spend(shop, sale, code)
    with pytest.raises(Refused, match="voucher-empty"):
        spend(shop, sale, code, 2)
    with pytest.raises(Refused, match="voucher-unknown"):
        spend(shop, sale, bytes(10), 2)


def test_it_buys_no_other_voucher(shop: Stocked) -> None:
    code = sold(shop)
    with pytest.raises(Refused, match="voucher-for-voucher"):
        spend(shop, basket(shop, ProductWish("gift", 1, 500)), code)


def test_it_is_not_given_free(shop: Stocked) -> None:
    sale = basket(shop, ProductWish("gift", 1, 500))
    with pytest.raises(Refused, match="comp-of-money"), shop.box.db.transaction() as tx:
        take_cash.take_comp(tx, sale, 1, "maker")


def test_its_code_is_read_as_people_type_it_and_kept_nowhere(shop: Stocked) -> None:
    code = sold(shop)
    spelled = vouchercode.encode(code)
    assert vouchercode.decode(f" {spelled[:4].lower()}-{spelled[4:8]} {spelled[8:]}") == code
    with pytest.raises(Refused, match="voucher-code-malformed"):
        vouchercode.decode(spelled[:-1])
    shop.box.db.truncate_log()
    kept = (shop.folder / "stall.sqlite").read_bytes()
    assert code not in kept
    assert spelled.encode() not in kept
