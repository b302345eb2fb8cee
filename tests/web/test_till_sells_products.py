"""Products at the till: beside the drops, bundles by their parts, vouchers with their codes, deposits both ways, prices typed."""

from __future__ import annotations

import re

import pytest

from stall.store import attempts, products, sales, vouchers
from stall.wire import vouchercode
from tests.fakes import stock
from tests.fakes.stock import Stocked
from tests.web import goods
from tests.web.till_pages import Till, text


@pytest.fixture
def till(stocked_box: Stocked) -> Till:
    made = Till(stocked_box)
    made.write(goods.add_products)
    return made


def spelled_voucher(till: Till, sale: str) -> str:
    """The code a paid sale shows for its one voucher."""
    shown = till.see(sale).split("Voucher over", 1)[1]
    found = re.search(r"((?:[0-9A-Z]{4} ){3}[0-9A-Z]{4})", shown)
    assert found
    return found[1]


def test_drops_and_products_stand_together_with_their_facts(till: Till) -> None:
    page = till.see("/")
    assert page.index("Harbour Prints") < page.index("Postcard €1.20 3 left")
    assert "Zine and three cards €5.99 Night Zine + 3 × Postcard" in page
    assert "Voucher Any amount" in page


def test_a_thing_is_sold_for_card_and_cash_in_two_presses(till: Till) -> None:
    sale = till.press_product("postcard")
    till.post(f"{sale}/cash", ordinal=1, given="1.20")
    assert "Paid €1.20" in till.see(sale)
    assert 'class="scan"' not in till.client.get(sale).text  # nothing to claim
    assert "2 left" in till.see("/")


def test_the_same_thing_again_is_one_line_more_of_it(till: Till) -> None:
    sale = till.press_product("postcard")
    till.press_product("postcard", add=sale.rsplit("/", 1)[1])
    assert "Postcard − 2 + €2.40" in till.see(sale)


def test_a_bundle_names_its_parts_and_costs_what_it_says(till: Till) -> None:
    sale = till.press_product("both")
    page = till.see(sale)
    assert "Zine and three cards Night Zine, Postcard × 3" in page
    assert "instead of €6.60" in page
    till.post(f"{sale}/cash", ordinal=1, given="5.99")
    assert "Paid €5.99" in till.see(sale)


def test_a_bundle_with_a_part_that_is_not_for_sale_cannot_be_pressed(till: Till) -> None:
    till.write(lambda tx: tx.conn.execute("UPDATE drops SET switched_on = 0 WHERE drop_id = ?", (stock.ZINE,)))
    assert "Night Zine not to be had" in till.see("/")
    assert re.search(r'value="both"[^>]*disabled', till.client.get("/").text)


def test_one_bundle_more_and_one_less_keeps_its_price(till: Till) -> None:
    sale = till.press_product("both")
    till.post(f"{sale}/change", press=till.press(sale), more=0)
    assert "€11.98" in till.see(sale)
    till.post(f"{sale}/change", press=till.press(sale), less=0)
    assert "€5.99 to pay" in till.see(sale)


def test_a_price_is_asked_for_where_there_is_none(till: Till) -> None:
    assert 'href="/price/frame"' in till.client.get("/").text
    assert "What does it cost" in till.see("/price/frame")
    wrong = till.client.post(
        "/sale", data={"press": till.press("/price/frame"), "product": "frame", "amount": "twelve"}
    )
    assert (wrong.status_code, "“twelve” is not an amount" in text(wrong)) == (409, True)
    assert 'value="twelve"' in wrong.text
    assert "€12.50 to pay" in till.see(till.press_product("frame", amount="12,50"))


def test_a_typed_price_is_not_taken_for_what_has_one(till: Till) -> None:
    assert "€1.20 to pay" in till.see(till.press_product("postcard", amount="0.01"))


def test_a_voucher_shows_its_code_and_pays_with_it(till: Till) -> None:
    sale = till.press_product("gift", amount="20")
    till.post(f"{sale}/cash", ordinal=1, given="20")
    code = spelled_voucher(till, sale)
    found = vouchers.by_digest(till.box.db.read(), vouchercode.digest(vouchercode.decode(code)))
    assert found is not None
    assert found.minor == 2000
    spent = till.press_tile(stock.ZINE)
    assert till.post(f"{spent}/voucher", ordinal=1, code=code.lower()).status_code == 303
    assert "Paid €3.00 by voucher" in till.see(spent)
    assert "€17.00 left on this voucher" in text(till.scan(code))


def test_a_voucher_that_is_not_enough_leaves_the_rest_to_pay(till: Till) -> None:
    sale = till.press_product("gift", amount="2")
    till.post(f"{sale}/cash", ordinal=1, given="2")
    code = spelled_voucher(till, sale)
    spent = till.press_tile(stock.ZINE)
    till.post(f"{spent}/voucher", ordinal=1, code=code)
    page = till.see(spent)
    assert "€1.00 to pay" in page
    assert "Part paid €2.00 is paid. Take the rest." in page
    assert "Paid by voucher -€2.00" in page
    till.post(f"{spent}/cash", ordinal=2, given="1")
    assert "Paid €3.00 by €2.00 voucher + €1.00 cash" in till.see(spent)


@pytest.mark.parametrize(("code", "words"), [("ABCD", "not a voucher code"), ("0" * 16, "No voucher of this stall")])
def test_a_wrong_voucher_code_is_told_and_stays_in_the_field(till: Till, code: str, words: str) -> None:
    sale = till.press_tile(stock.ZINE)
    answer = till.post(f"{sale}/voucher", ordinal=1, code=code)
    assert (answer.status_code, words in text(answer)) == (409, True)
    assert f'value="{code}"' in answer.text


def test_a_deposit_is_sold_and_comes_back_for_money(till: Till) -> None:
    sale = till.press_product("cup")
    till.post(f"{sale}/cash", ordinal=1, given="2")
    back = till.client.post("/sale", data={"press": till.press("/"), "back": "cup"}).location
    page = till.see(back)
    assert "To hand back" in page
    assert "Hand back F4 €2.00" in page
    till.post(f"{back}/cash", ordinal=1, given="0")
    assert "Handed back €2.00" in till.see(back)
    assert "Given back" not in till.see(back)
    no = int(back.rsplit("/", 1)[1])
    assert [a.signed_minor for a in attempts.of_sale(till.box.db.read(), no)] == [-200]
    assert sales.get(till.box.db.read(), no).state == "paid"


def test_a_deposit_that_comes_back_lessens_what_is_due(till: Till) -> None:
    sale = till.press_tile(stock.ZINE)
    till.client.post("/sale", data={"press": till.press("/"), "back": "cup", "add": sale.rsplit("/", 1)[1]})
    assert "€1.00 to pay" in till.see(sale)


def test_what_is_off_sale_has_no_tile_and_is_refused(till: Till) -> None:
    till.write(lambda tx: tx.conn.execute("UPDATE products SET on_sale = 0 WHERE sku = 'postcard'"))
    assert 'value="postcard"' not in till.client.get("/").text
    answer = till.client.post("/sale", data={"press": till.press("/"), "product": "postcard"})
    assert "Postcard is not on sale now" in text(answer)
    assert products.find(till.box.db.read(), "postcard") is not None


def test_a_product_nobody_knows_is_told(till: Till) -> None:
    assert till.client.post("/sale", data={"press": till.press("/"), "product": "nothing"}).status_code == 404
    assert till.client.get("/price/nothing").status_code == 404
