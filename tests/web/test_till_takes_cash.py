"""Cash at the till: two presses for an exact sale, change in large type, nothing lost when something is wrong."""

from __future__ import annotations

import re

import pytest

from stall.domain.payment import Reason
from stall.flows import card_attempt
from stall.flows.fill_basket import Wish, fill_basket
from stall.store import claims, sales
from stall.wire import claimcode
from tests.fakes import stock
from tests.fakes.stock import Stocked
from tests.web import phone
from tests.web.till_pages import Till, text


@pytest.fixture
def till(stocked_box: Stocked) -> Till:
    return Till(stocked_box)


def test_two_presses_sell_for_exact_cash_and_show_a_code_that_opens_the_sale(till: Till) -> None:
    sale = till.press_tile(stock.PRINTS)
    answer = till.post(f"{sale}/cash", ordinal=1, given="4.50")
    assert (answer.status_code, answer.location) == (303, sale)
    page = till.see(sale)
    assert "Paid €4.50" in page
    assert "Hand back" not in page
    spelled = re.search(r"((?:[0-9A-Z]{4} ){6}[0-9A-Z]{2})", page)
    assert spelled
    found = claims.by_digest(till.box.db.read(), claimcode.digest(claimcode.decode(spelled[1])))
    assert found is not None
    assert f"/sale/{found.sale}" == sale


def test_the_code_to_scan_is_the_buyers_address_in_capitals(till: Till) -> None:
    sale = till.press_tile(stock.ZINE)
    till.post(f"{sale}/cash", ordinal=1, given="3")
    from stall.store import claim_codes
    from stall.web import qr

    code = claim_codes.code_of(till.box.db.read(), till.box.secrets.claim_key, sales.get(till.box.db.read(), 1))
    assert code is not None
    drawn = qr.svg(f"HTTP://127.0.0.1:8000/T/{code}", "M", "Code for the buyer to scan")
    assert str(drawn) in till.client.get(sale).text


def test_the_page_of_a_paid_sale_has_a_heading_for_who_cannot_see_it(till: Till) -> None:
    sale = till.press_tile(stock.ZINE)
    till.post(f"{sale}/cash", ordinal=1, given="100")
    assert re.search(r'<strong role="heading" aria-level="1">Paid', till.client.get(sale).text)


def test_the_change_is_said(till: Till) -> None:
    sale = till.press_tile(stock.PRINTS)
    till.post(f"{sale}/cash", ordinal=1, given="20")
    assert "Hand back €15.50" in till.see(sale)


def test_a_second_press_takes_nothing_twice(till: Till) -> None:
    sale = till.press_tile(stock.PRINTS)
    for _ in range(2):
        assert till.post(f"{sale}/cash", ordinal=1, given="5.00").status_code == 303
    assert till.count("attempts") == 1
    assert "Hand back €0.50" in till.see(sale)


def test_a_second_press_of_a_tile_makes_one_basket(till: Till) -> None:
    press = till.press("/")
    places = {till.post("/sale", press=press, item=stock.PRINTS).location for _ in range(2)}
    assert len(places) == 1
    assert till.count("sales") == 1


def test_a_page_kept_open_sells_again_after_the_first_sale_is_paid(till: Till) -> None:
    press = till.press("/")
    first = till.post("/sale", press=press, item=stock.PRINTS).location
    till.post(f"{first}/cash", ordinal=1, given="4.50")
    second = till.post("/sale", press=press, item=stock.PRINTS).location
    assert second != first


def test_too_little_cash_is_told_and_what_was_typed_stays(till: Till) -> None:
    sale = till.press_tile(stock.PRINTS)
    answer = till.post(f"{sale}/cash", ordinal=1, given="4.10")
    assert answer.status_code == 409
    assert "€0.40 is missing" in text(answer)
    assert 'value="4.10"' in answer.text
    assert till.count("attempts") == 0


@pytest.mark.parametrize("given", ["", "four", "4.505", "-4.50", "9" * 40])
def test_an_amount_that_is_none_is_told(till: Till, given: str) -> None:
    sale = till.press_tile(stock.PRINTS)
    answer = till.post(f"{sale}/cash", ordinal=1, given=given)
    assert answer.status_code == 409
    assert 'role="alert"' in answer.text
    assert till.count("attempts") == 0


@pytest.mark.parametrize("ordinal", ["", "0", "2", "99", "x"])
def test_a_form_for_another_attempt_pays_nothing(till: Till, ordinal: str) -> None:
    sale = till.press_tile(stock.PRINTS)
    assert till.post(f"{sale}/cash", ordinal=ordinal, given="4.50").status_code == 400
    assert till.count("attempts") == 0


def test_the_last_of_five_sells_and_the_sixth_is_told_sold_out(till: Till) -> None:
    for number in range(1, 6):
        sale = till.press_tile(stock.PRINTS)
        till.post(f"{sale}/cash", ordinal=1, given="4.50")
        assert f"no. {number}" in till.see(sale)
    answer = till.post("/sale", press=till.press("/"), item=stock.PRINTS)
    assert answer.status_code == 409
    assert "Harbour Prints is sold out" in text(answer)
    assert "Sold out" in till.see("/")


def test_items_are_added_and_removed_until_a_payment_begins(till: Till) -> None:
    sale = till.press_tile(stock.PRINTS)
    sale = till.press_tile(stock.ZINE, add=sale.rsplit("/", 1)[1])
    sale = till.press_tile(stock.ZINE, add=sale.rsplit("/", 1)[1])
    assert "€10.50" in till.see(sale)
    assert "Night Zine − 2 +" in till.see(sale)
    press = till.press(sale)
    left = till.post(f"{sale}/change", press=press, out=0)
    assert "€6.00" in till.see(left.location)
    assert till.post(f"{sale}/change", press=press, out=0).location == left.location  # the same press again
    assert "€6.00" in till.see(left.location)
    till.post(f"{sale}/cash", ordinal=1, given="6")
    answer = till.post("/sale", press=till.press("/"), item=stock.ZINE, add=sale.rsplit("/", 1)[1])
    assert answer.status_code == 409


@pytest.mark.parametrize("add", ["0", "-1", "9" * 20, "9" * 40])
def test_an_item_added_to_a_sale_that_is_none_is_told(till: Till, add: str) -> None:
    answer = till.post("/sale", press=till.press("/"), item=stock.ZINE, add=add)
    assert (answer.status_code, "sale-unknown" in answer.text or "no such sale" in text(answer).lower()) == (404, True)


def test_cancelling_frees_the_sale_and_goes_back_to_the_tiles(till: Till) -> None:
    sale = till.press_tile(stock.PRINTS)
    assert till.post(f"{sale}/drop").location == "/"
    assert "Cancelled" in till.see(sale)
    assert till.post(f"{sale}/cash", ordinal=1, given="4.50").status_code == 409


def test_a_buyers_basket_is_found_by_its_code_in_any_case(till: Till) -> None:
    no = till.write(lambda tx: fill_basket(tx, [Wish(stock.ZINE)], origin="buyer", vat_bp=1900))
    code = sales.get(till.box.db.read(), no).basket_code
    assert code is not None
    assert code in till.see("/")
    assert till.post("/find", q=f" {code.lower()} ").location == f"/sale/{no}"


def test_what_names_nothing_here_is_told_and_stays_in_the_field(till: Till) -> None:
    answer = till.post("/find", q="zzzz")
    assert answer.status_code == 404
    assert "Nothing here is called “zzzz”" in text(answer)
    assert 'value="zzzz"' in answer.text


def test_the_last_ten_sales_are_one_press_away(till: Till) -> None:
    for _ in range(12):
        sale = till.press_tile(stock.ZINE)
        till.post(f"{sale}/cash", ordinal=1, given="3")
    links = re.findall(r'href="(/sale/\d+)"', till.client.get("/").text)
    assert links == [f"/sale/{no}" for no in range(12, 2, -1)]


def test_giving_away_asks_for_the_pin_and_the_receipt_is_free(till: Till) -> None:
    sale = till.press_tile(stock.PRINTS)
    refused = till.post(f"{sale}/comp", ordinal=1, pin="000000", free=1)
    assert "That PIN is not right" in text(refused)
    assert till.count("attempts") == 0
    assert till.post(f"{sale}/comp", ordinal=1, pin=stock.PIN, free=1).status_code == 303
    assert "given free" in till.see(sale)


def test_an_item_that_costs_nothing_needs_no_pin(till: Till) -> None:
    sale = till.press_tile(stock.SAMPLER)
    assert till.post(f"{sale}/comp", ordinal=1).status_code == 303
    assert "Paid €0.00" in till.see(sale)


def test_five_wrong_pins_lock_out_the_right_one_too(till: Till) -> None:
    sale = till.press_tile(stock.PRINTS)
    told = [text(till.post(f"{sale}/comp", ordinal=1, pin="1")) for _ in range(5)]
    lefts = ("4 tries are left", "3 tries are left", "2 tries are left", "One try is left", "locked now")
    assert all(left in said for left, said in zip(lefts, told, strict=True))
    answer = till.post(f"{sale}/comp", ordinal=1, pin=stock.PIN)
    assert "Too many wrong PINs" in text(answer)
    till.later(15 * 60 * 1000)
    assert till.post(f"{sale}/comp", ordinal=1, pin=stock.PIN).status_code == 303


def test_a_basket_that_sold_out_offers_no_way_to_pay(till: Till) -> None:
    sale = till.press_tile(stock.PRINTS)
    before = till.client.get(f"{sale}/state").json
    for _ in range(stock.EDITION):
        phone.sell(till.stocked, stock.PRINTS)
    page = till.see(sale)
    assert "Sold out" in page
    assert "Take no money for this sale" in page
    assert not any(
        offered in till.client.get(sale).text for offered in (f"{sale}/card", f"{sale}/cash", f"{sale}/comp")
    )
    assert till.client.get(f"{sale}/state").json != before  # so that the script turns the page


def test_a_number_asked_for_is_not_shown_as_given(till: Till) -> None:
    sale = till.press_tile(stock.PRINTS)
    till.write(lambda tx: tx.conn.execute("UPDATE lines SET asked = 3, ed = 3"))
    assert "asks for no. 3" in till.see(sale)
    till.post(f"{sale}/cash", ordinal=1, given="5")
    assert "asks for" not in till.see(sale)
    assert "Harbour Prints no.\u00a03" in till.client.get("/").text  # in the list, in one piece


@pytest.mark.parametrize(("button", "word"), [("cash", "no cash was recorded"), ("comp", "not given free")])
def test_a_press_on_a_page_older_than_another_tills_declined_card_is_told_that_nothing_was_recorded(
    till: Till, button: str, word: str
) -> None:
    till.plug_in_reader()
    sale = till.press_tile(stock.PRINTS)
    till.post(f"{sale}/card", ordinal=1)  # at the other till
    till.terminal(card_attempt.send, lambda tx, no: card_attempt.decline(tx, no, Reason.DECLINED))
    old = till.post(f"{sale}/{button}", ordinal=1, given="4.50", pin=stock.PIN)
    assert old.status_code == 409
    assert word in text(old)
    assert till.count("attempts") == 1
    till.post(f"{sale}/{button}", ordinal=2, given="4.50", pin=stock.PIN)
    assert till.post(f"{sale}/{button}", ordinal=2, given="4.50", pin=stock.PIN).status_code == 303  # pressed twice
    assert "Paid" in till.see(sale)
