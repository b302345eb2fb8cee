"""What a buyer and a maker do in a test: press a page's button, pay for an order, open a claim."""

from __future__ import annotations

import re

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from stall.flows.fill_basket import Wish, fill_basket
from stall.flows.take_cash import take_cash
from stall.store import claim_codes, sales
from stall.store.db import Tx
from stall.web import ids
from tests.fakes.stock import PRINTS, Stocked

VAT_BP = 1900


def press_of(page: TestResponse) -> str:
    """The key of the form on a page."""
    found = re.search(r'name="press" value="([A-Za-z0-9_-]{22})"', page.text)
    assert found, page.text
    return found[1]


def order(phone: FlaskClient, drop: str = PRINTS, **fields: str) -> str:
    """Open an item, press its button; give the order's address."""
    press = press_of(phone.get(f"/d/{drop}"))
    answer = phone.post(f"/d/{drop}/order", data={"press": press, **fields})
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def sale_of(stocked: Stocked, address: str) -> int:
    return ids.order_sale(stocked.box.secrets, address.rsplit("/", 1)[-1])


def pay_cash(stocked: Stocked, sale: int) -> None:
    stocked.box.write("payment", lambda tx: take_cash(tx, sale, 1, 10_000))


def sell(stocked: Stocked, *drops: str) -> int:
    """Sell at the till for cash; give the sale."""

    def whole(tx: Tx) -> int:
        sale = fill_basket(tx, [Wish(drop) for drop in drops or (PRINTS,)], origin="till", vat_bp=VAT_BP)
        take_cash(tx, sale, 1, 10_000)
        return sale

    return stocked.box.write("payment", whole)


def code_of(stocked: Stocked, sale: int) -> str:
    """The claim code the till shows for a sale."""
    conn = stocked.box.db.read()
    code = claim_codes.code_of(conn, stocked.box.secrets.claim_key, sales.get(conn, sale))
    assert code is not None
    return code


def grant(phone: FlaskClient, stocked: Stocked, *drops: str) -> str:
    """Sell, open the code, press its button; give the download page's address."""
    address = f"/T/{code_of(stocked, sell(stocked, *drops))}"
    answer = phone.post(address, data={"press": press_of(phone.get(address))})
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]
