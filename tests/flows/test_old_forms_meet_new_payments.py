"""A form of an earlier look at a sale, pressed after a part was given back: nobody is told that money was taken which was not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from stall.errors import Refused
from stall.flows.basket_lines import ProductWish, Wish
from stall.flows.fill_basket import fill_basket
from stall.flows.pay_back import give_part_back
from stall.flows.take_cash import take_cash
from stall.flows.take_confirmed import take_confirmed
from stall.flows.take_voucher import take_voucher
from stall.store import attempts, sales
from stall.store.db import Tx
from stall.wire import vouchercode
from tests.fakes.stock import ZINE, Stocked
from tests.flows import selling


def code_of_a_voucher(tx: Tx) -> bytes:
    line, epoch = tx.conn.execute(
        "SELECT v.line, e.epoch FROM vouchers v JOIN sales s ON s.no = v.line >> 8 JOIN epochs e ON e.no = s.epoch_no"
    ).fetchone()
    return vouchercode.derive(tx.secrets.claim_key, epoch, line)


def by_cash(tx: Tx, sale: int, ordinal: int) -> object:
    return take_cash(tx, sale, ordinal, 100, part_minor=100)


def by_voucher(tx: Tx, sale: int, ordinal: int) -> object:
    return take_voucher(tx, sale, ordinal, code_of_a_voucher(tx))


def by_reader(tx: Tx, sale: int, ordinal: int) -> object:
    return take_confirmed(tx, sale, ordinal, "", "maker", part_minor=100)


@pytest.mark.parametrize("pay", [by_cash, by_voucher, by_reader])
def test_what_was_given_back_meanwhile_is_no_payment(stall: Stocked, pay: Callable[[Tx, int, int], object]) -> None:
    with stall.box.db.transaction() as tx:
        selling.add_products(tx)
        take_cash(tx, fill_basket(tx, [ProductWish("gift", 1, 100)], origin="till", vat_bp=selling.VAT), 1, 100)
        sale = fill_basket(tx, [Wish(ZINE)], origin="till", vat_bp=selling.VAT)
        pay(tx, sale, 1)
        give_part_back(tx, attempts.of_sale(tx.conn, sale)[0].no, 2, "maker")
    with stall.box.db.transaction() as tx, pytest.raises(Refused, match="Another payment of this sale was tried"):
        pay(tx, sale, 2)
    conn = stall.box.db.read()
    assert attempts.kept(attempts.of_sale(conn, sale)) == []
    with stall.box.db.transaction() as tx:
        pay(tx, sale, 3)
    assert (len(attempts.kept(attempts.of_sale(conn, sale))), sales.get(conn, sale).state) == (1, "basket")
