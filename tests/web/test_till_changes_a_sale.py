"""A sale on its page before it is paid: more, less, out, a discount, a tip, put aside, parts, coins; each press once."""

from __future__ import annotations

import msgspec
import pytest

from stall.domain.payment import Reason
from stall.flows import card_attempt
from stall.flows.fill_basket import Wish, fill_basket
from stall.settings import Standalone
from stall.settings import Till as TillSettings
from stall.store import attempts, sales
from tests.fakes import stock
from tests.fakes.stock import Stocked
from tests.web import goods
from tests.web.till_pages import Till, approve, text


@pytest.fixture
def till(stocked_box: Stocked) -> Till:
    made = Till(stocked_box)
    made.write(goods.add_products)
    return made


def change(till: Till, sale: str, what: str = "change", **fields: object) -> None:
    answer = till.post(f"{sale}/{what}", press=till.press(sale), **fields)
    assert answer.status_code == 303, text(answer)


def number(sale: str) -> int:
    return int(sale.rsplit("/", 1)[1])


def set_till(till: Till, **told: object) -> None:
    till.box.settings = msgspec.structs.replace(till.box.settings, till=TillSettings(**told))  # type: ignore[arg-type]  # as the file would


def test_more_and_less_of_a_thing(till: Till) -> None:
    sale = till.press_product("postcard")
    change(till, sale, more=0)
    change(till, sale, more=0)
    assert "Postcard − 3 + €3.60" in till.see(sale)
    change(till, sale, less=0)
    assert "Postcard − 2 + €2.40" in till.see(sale)


def test_the_same_press_of_more_is_one_more(till: Till) -> None:
    sale = till.press_product("postcard")
    press = till.press(sale)
    for _ in range(2):
        till.post(f"{sale}/change", press=press, more=0)
    assert "Postcard − 2 +" in till.see(sale)


def test_numbered_copies_are_one_row_and_a_line_each(till: Till) -> None:
    sale = till.press_tile(stock.PRINTS)
    change(till, sale, more=0)
    change(till, sale, more=0)
    assert "Harbour Prints − 3 + €13.50" in till.see(sale)
    assert [line.qty for line in sales.lines(till.box.db.read(), number(sale))] == [1, 1, 1]
    change(till, sale, less=0)
    till.post(f"{sale}/cash", ordinal=1, given="9")
    assert "no. 1" in till.see(sale)
    assert "no. 2" in till.see(sale)
    assert "no. 3" not in till.see(sale)


def test_so_many_as_typed(till: Till) -> None:
    sale = till.press_tile(stock.PRINTS)
    for qty, due in ((4, "€18.00"), (2, "€9.00"), (2, "€9.00"), (5, "€22.50")):
        change(till, sale, "quantity", n=0, qty=qty)
        assert f"{due} to pay" in till.see(sale)


@pytest.mark.parametrize("qty", ["201", "-2", "x"])
def test_a_number_of_pieces_that_is_none_is_told(till: Till, qty: str) -> None:
    sale = till.press_product("postcard")
    answer = till.post(f"{sale}/quantity", press=till.press(sale), n=0, qty=qty)
    assert (answer.status_code, "not a number of pieces" in text(answer)) == (409, True)


def test_one_row_has_a_page_of_its_own_and_goes_out(till: Till) -> None:
    sale = till.press_product("postcard")
    till.press_tile(stock.ZINE, add=number(sale))
    page = till.see(f"{sale}/line/1")
    assert "Night Zine €3.00 How many" in page
    assert "10 % −€0.30" in page
    change(till, sale, out=1)
    assert "Night Zine" not in till.see(sale)
    assert till.client.get(f"{sale}/line/1").location == sale


def test_what_is_left_of_the_last_row_is_no_sale(till: Till) -> None:
    sale = till.press_product("postcard")
    answer = till.post(f"{sale}/change", press=till.press(sale), out=0)
    assert answer.location == "/"
    assert "Cancelled" in till.see(sale)


def test_what_the_script_asks_for_is_sent_to_the_first_page_when_nothing_is_left(till: Till) -> None:
    sale = till.press_product("postcard")
    fields = {"press": till.press(sale), "out": "0"}
    answer = till.client.post(f"{sale}/change", data=fields, headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, "/")


def test_a_percent_and_an_amount_come_off_the_whole(till: Till) -> None:
    sale = till.press_tile(stock.ZINE)
    till.press_product("postcard", add=number(sale))
    change(till, sale, "discount", percent=10)
    assert "€3.78 to pay" in till.see(sale)
    change(till, sale, "discount", amount="1,20")  # in place of the first
    assert "€3.00 to pay" in till.see(sale)
    change(till, sale, "discount", percent=0)
    assert "€4.20 to pay" in till.see(sale)


def test_a_discount_of_one_row_leaves_the_others(till: Till) -> None:
    sale = till.press_tile(stock.ZINE)
    till.press_product("postcard", add=number(sale))
    change(till, sale, "discount", n=1, percent=20)
    page = till.see(sale)
    assert "instead of €1.20 − 1 + €0.96" in page
    assert "Night Zine − 1 + €3.00" in page


def test_a_bundle_gets_its_discount_off_its_own_price(till: Till) -> None:
    sale = till.press_product("both")
    change(till, sale, "discount", percent=10)
    assert "€5.39 to pay" in till.see(sale)
    change(till, sale, "discount", percent=0)
    assert "€5.99 to pay" in till.see(sale)


def test_a_deposit_gets_no_discount(till: Till) -> None:
    sale = till.press_product("cup")
    answer = till.post(f"{sale}/discount", press=till.press(sale), percent=10)
    assert "is money and has no discount" in text(answer)
    till.press_tile(stock.ZINE, add=number(sale))
    change(till, sale, "discount", percent=10)
    assert "€4.70 to pay" in till.see(sale)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"amount": "4"}, "more than the price"),
        ({"percent": "101"}, "more than the price"),
        ({"percent": "-5"}, "too old"),
        ({"amount": "half"}, "“half” is not an amount"),
    ],
)
def test_a_discount_that_cannot_be_is_told_and_takes_nothing_off(
    till: Till, fields: dict[str, str], words: str
) -> None:
    sale = till.press_tile(stock.ZINE)
    answer = till.post(f"{sale}/discount", press=till.press(sale), **fields)
    assert words in text(answer)
    assert "€3.00 to pay" in till.see(sale)


def test_a_tip_is_asked_for_only_where_the_maker_wants_it(till: Till) -> None:
    sale = till.press_tile(stock.ZINE)
    assert "Tip" not in till.see(sale)
    set_till(till, tips=(5, 10))
    assert "Tip" in till.see(sale)
    change(till, sale, "tip", percent=10)
    change(till, sale, "tip", percent=10)  # of what is bought, not of the tip
    assert "€3.30 to pay" in till.see(sale)
    change(till, sale, "tip", amount="1")
    till.post(f"{sale}/cash", ordinal=1, given="4")
    assert "Tip €1.00" in till.see(sale)


def test_a_sale_put_aside_waits_under_its_number(till: Till) -> None:
    sale = till.press_tile(stock.ZINE)
    answer = till.post(f"{sale}/park", press=till.press(sale))
    assert answer.location == "/"
    page = till.see("/")
    assert "1 put aside" in page
    assert f"Put aside {number(sale)} Night Zine" in page
    assert "Put aside, no. 1" in till.see(sale)
    till.post(f"{sale}/cash", ordinal=1, given="3")
    assert "Put aside" not in till.see("/")


def test_a_part_by_card_and_the_rest_in_cash(till: Till) -> None:
    till.plug_in_reader()
    sale = till.press_tile(stock.PRINTS)
    till.post(f"{sale}/card", ordinal=1, part="1.50")
    assert till.newest_attempt().amount_minor == 150
    facts = card_attempt.TerminalFacts(150, "52500012", 42, 7, "A1", "girocard", "1234", offline=False)
    till.terminal(card_attempt.send, lambda tx, no: card_attempt.approve(tx, no, facts), card_attempt.pay)
    page = till.see(sale)
    assert "€3.00 to pay" in page
    assert "€1.50 is paid. Take the rest." in page
    assert "no. 1" in page  # kept for the buyer
    assert "Put aside" not in page
    till.post(f"{sale}/cash", ordinal=2, given="10")
    page = till.see(sale)
    assert "Hand back €7.00" in page
    assert "by €1.50 card + €3.00 cash" in page


def test_a_part_in_cash_needs_no_amount_handed_over(till: Till) -> None:
    sale = till.press_tile(stock.PRINTS)
    till.post(f"{sale}/cash", ordinal=1, part="2")
    assert "€2.50 to pay" in till.see(sale)


def test_a_part_on_the_separate_reader_is_what_is_keyed_in_there(till: Till) -> None:
    till.box.settings = msgspec.structs.replace(till.box.settings, standalone=Standalone("SumUp"))
    sale = till.press_tile(stock.PRINTS)
    step = till.post(f"{sale}/standalone", part="2").location
    assert "Key €2.00 into SumUp" in till.see(step)
    till.post(f"{sale}/confirm", ordinal=1, part="2.00", reference="")
    assert "€2.50 to pay" in till.see(sale)
    assert [a.amount_minor for a in attempts.of_sale(till.box.db.read(), number(sale))] == [200]


@pytest.mark.parametrize("way", ["cash", "card", "standalone"])
@pytest.mark.parametrize("part", ["0", "4.51", "some"])
def test_a_part_that_is_none_is_told_and_stays_in_the_field(till: Till, way: str, part: str) -> None:
    till.plug_in_reader()
    till.box.settings = msgspec.structs.replace(till.box.settings, standalone=Standalone("SumUp"))
    sale = till.press_tile(stock.PRINTS)
    answer = till.post(f"{sale}/{way}", ordinal=1, part=part)
    assert answer.status_code == 409
    assert f'value="{part}"' in answer.text
    assert till.count("attempts") == 0


def test_cash_is_rounded_to_coins_and_the_button_says_so(till: Till) -> None:
    set_till(till, cash_rounding=5)
    sale = till.press_product("postcard")
    change(till, sale, "discount", amount="0.03")
    page = till.see(sale)
    assert "Card F2 €1.17" in page
    assert "Cash, exact F4 €1.15 rounded" in page
    till.post(f"{sale}/cash", ordinal=1, given="1.15")
    page = till.see(sale)
    assert "Paid €1.15" in page
    assert "Rounded for cash -€0.02" in page


def test_a_declined_card_leaves_the_sale_to_be_changed(till: Till) -> None:
    till.plug_in_reader()
    sale = till.press_tile(stock.PRINTS)
    till.post(f"{sale}/card", ordinal=1)
    till.terminal(card_attempt.send, lambda tx, no: card_attempt.decline(tx, no, Reason.DECLINED))
    change(till, sale, more=0)
    assert "€9.00 to pay" in till.see(sale)


def test_nothing_changes_while_a_card_is_in_the_terminal(till: Till) -> None:
    till.plug_in_reader()
    sale = till.press_product("postcard")
    press = till.press(sale)
    till.post(f"{sale}/card", ordinal=1)
    for what, fields in (
        ("change", {"more": 0}),
        ("discount", {"percent": 10}),
        ("tip", {"amount": "1"}),
        ("park", {}),
    ):
        assert till.post(f"{sale}/{what}", press=press, **fields).status_code == 409, what
    assert till.terminal(card_attempt.send, approve) is not None


def test_postcards_join_a_buyers_own_basket(till: Till) -> None:
    no = till.write(lambda tx: fill_basket(tx, [Wish(stock.ZINE)], origin="buyer", vat_bp=1900))
    till.press_product("postcard", add=no)
    assert "€4.20 to pay" in till.see(f"/sale/{no}")


def test_the_bright_scheme_stays_until_it_is_pressed_again(till: Till) -> None:
    assert "data-scheme" not in till.client.get("/").text
    answer = till.post("/scheme", scheme="outdoor", then="/last")
    assert (answer.status_code, answer.location) == (303, "/last")
    assert '<html lang="en" data-scheme="outdoor">' in till.client.get("/last").text
    till.post("/scheme", scheme="", then="/last")
    assert "data-scheme" not in till.client.get("/last").text


@pytest.mark.parametrize("then", ["//elsewhere.example", "https://elsewhere.example", "/\\elsewhere.example", ""])
def test_the_bright_scheme_leads_nowhere_else(till: Till, then: str) -> None:
    assert till.post("/scheme", scheme="outdoor", then=then).location == "/"


def test_the_last_sales_are_one_press_away_from_every_page(till: Till) -> None:
    sale = till.press_tile(stock.ZINE)
    assert 'href="/last"' in till.client.get(sale).text
    till.post(f"{sale}/cash", ordinal=1, given="3")
    page = till.client.get("/last").text
    assert f'href="{sale}"' in page


def test_a_long_sale_names_its_first_lines_in_a_list(till: Till) -> None:
    no = till.write(
        lambda tx: fill_basket(tx, [Wish(stock.ZINE), *[Wish(stock.PRINTS)] * 5], origin="till", vat_bp=1900)
    )
    till.post(f"/sale/{no}/cash", ordinal=1, given="100")
    assert "2 more" in till.see("/last")


def test_foreign_pages_press_nothing_even_as_the_script_would(till: Till) -> None:
    sale = till.press_product("postcard")
    answer = till.client.post(
        f"{sale}/change",
        data={"press": till.press(sale), "more": "0"},
        headers={"HX-Request": "true", "Origin": "http://elsewhere.example"},
    )
    assert answer.status_code == 403
    assert "Postcard − 1 +" in till.see(sale)
