"""Goods come back at the till: what, how far it is out, how the money goes; few presses, and a PIN wherever money leaves."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from stall.domain.payment import Reason, State
from stall.flows import card_attempt
from stall.flows.card_attempt import TerminalFacts
from stall.flows.day_end import ask_day_end, record_day_end
from stall.store import readers, sales
from stall.store.audit import audit
from stall.store.db import Tx
from stall.web import ids
from tests.fakes import stock
from tests.fakes.stock import Stocked
from tests.flows import selling
from tests.web.till_pages import READER, Till, approve, text


@pytest.fixture
def till(stocked_box: Stocked) -> Till:
    made = Till(stocked_box)
    made.plug_in_reader()
    made.write(lambda tx: readers.note_abilities(tx, READER, {"reverse", "refund", "day_end"}))
    made.write(selling.add_products)
    return made


PART = TerminalFacts(200, "52500012", 42, 7, "A1", "girocard", "1234", offline=False)
PART_BACK = TerminalFacts(200, "52500012", 43, 8, "A2", "girocard", "1234", offline=False)


def sold(till: Till, *drops: str, given: str = "99") -> str:
    """Sell drops for cash; give the address of the sale."""
    first, *more = drops
    sale = till.press_tile(first)
    for drop in more:
        till.client.post("/sale", data={"press": till.press("/"), "item": drop, "add": sale.rsplit("/", 1)[-1]})
    till.post(f"{sale}/cash", ordinal=1, given=given)
    return sale


def by_card(till: Till) -> str:
    sale = till.press_tile(stock.PRINTS)
    till.post(f"{sale}/card", ordinal=1)
    till.terminal(card_attempt.send, approve, card_attempt.pay)
    return sale


def send_form(till: Till, page: str, way: str, pin: str = stock.PIN, **more: object) -> TestResponse:
    """Press a button of the form on a page, which sends what stands in it."""
    html = till.client.get(page).text
    form = re.findall(r'<form class="told" method="post" action="([^"]+)">(.*?)</form>', html, re.DOTALL)
    assert len(form) == 1, text(till.client.get(page))
    fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form[0][1])
    data: dict[str, list[str]] = {}
    for name, value in fields:
        data.setdefault(name, []).append(value)
    assert f'value="{way}"' in form[0][1], f"no button {way}"
    return till.client.post(form[0][0], data={**data, "way": way, "pin": pin, **more})


def refund(tx: Tx, no: int) -> object:
    return card_attempt.approve(tx, no, TerminalFacts(450, "52500012", 43, 8, "A2", "girocard", "1234", offline=False))


def sound(till: Till) -> None:
    assert audit(till.box.db.read(), till.box.secrets.signing.public).findings == []


def test_one_line_comes_back_for_cash_with_three_presses_and_the_pin(till: Till) -> None:
    sale = sold(till, stock.PRINTS)
    page = till.see(sale)  # first press: the sale in the list
    assert "Give back or exchange" in page
    page = till.see(f"{sale}/return")  # second: give back or exchange; its one line is chosen
    assert "Never opened" in page
    assert "Cash €4.50" in page
    done = send_form(till, f"{sale}/return", "cash")  # third: cash, with the PIN
    assert done.status_code == 303
    page = till.see(done.location)
    assert "Given back €4.50" in page
    assert "Hand out €4.50" in page
    assert "What came back of it" in till.see(sale)
    assert "Give back or exchange" not in till.see(sale)
    assert "€4.50 given back" in till.see("/last")
    sound(till)


def test_no_money_goes_out_without_the_right_pin(till: Till) -> None:
    sale = sold(till, stock.PRINTS)
    answer = send_form(till, f"{sale}/return", "cash", pin="9")
    assert answer.status_code in {400, 403, 409}
    assert "not right" in text(answer)
    assert till.count("attempts") == 1


def test_of_several_lines_one_press_chooses_one(till: Till) -> None:
    sale = sold(till, stock.PRINTS, stock.ZINE)
    page = till.client.get(f"{sale}/return").text
    assert "Choose what the buyer brings back" in page
    (zine,) = [link for link in re.findall(r'<a class="choice" href="([^"]+)"', page) if "line=1:1" in link]
    page = till.see(zine)
    assert "Cash €3.00" in page
    done = send_form(till, zine, "cash")
    assert "Given back €3.00" in till.see(done.location)
    left = till.see(f"{sale}/return")
    assert "Night Zine" not in left
    assert "€7.50 cash, part given back" in till.see("/last")
    sound(till)


def test_the_same_press_twice_hands_out_once(till: Till) -> None:
    sale = sold(till, stock.PRINTS)
    html = till.client.get(f"{sale}/return").text
    key = re.search(r'name="press" value="([^"]+)"', html)
    assert key
    data = {"press": key[1], "line": "0:1", "way": "cash", "pin": stock.PIN}
    first, second = (till.client.post(f"{sale}/return", data=data) for _ in range(2))
    assert first.location == second.location
    assert till.count("sales") == 2
    sound(till)


def test_two_tills_with_the_same_page_open_give_it_back_once(till: Till) -> None:
    sale = sold(till, stock.PRINTS)
    keys = [re.findall(r'name="press" value="([^"]+)"', till.client.get(f"{sale}/return").text)[0] for _ in range(2)]
    answers = [
        till.client.post(f"{sale}/return", data={"press": key, "line": "0:1", "way": "cash", "pin": stock.PIN})
        for key in keys
    ]
    assert [answer.status_code for answer in answers] == [303, 409]
    assert "came back already" in text(answers[1])
    sound(till)


def test_between_two_ways_the_page_says_what_went_back_and_asks_for_the_rest(till: Till) -> None:
    sale = till.press_tile(stock.PRINTS)
    till.post(f"{sale}/cash", ordinal=1, part="2.50")
    till.post(f"{sale}/card", ordinal=2)
    till.terminal(card_attempt.send, lambda tx, no: card_attempt.approve(tx, no, PART), card_attempt.pay)
    job = till.write(lambda tx: ask_day_end(tx, READER))
    till.write(lambda tx: record_day_end(tx, job, READER, total_minor=200, count=1, cur="EUR", tid="52500012"))
    back = send_form(till, f"{sale}/return", "card:2:refund").location
    till.terminal(card_attempt.send, lambda tx, no: card_attempt.approve(tx, no, PART_BACK), card_attempt.pay)
    page = till.see(back)
    assert "Part given back €2.00 went back. Choose how the rest does." in page
    assert "not finished" not in page
    send_form(till, back, "cash")
    assert "Given back €4.50 €2.00 by card + €2.50 in cash" in till.see(back)
    sound(till)


def test_what_was_downloaded_asks_for_a_reason_and_says_so(till: Till, buyer: FlaskClient) -> None:
    sale = sold(till, stock.PRINTS)
    order = f"/o/{ids.order_id(till.box.secrets, 1)}"
    buyer.post(f"{order}/claim", data={"press": order.rsplit("/", 1)[-1]})
    page = till.see(f"{sale}/return")
    assert "Opened on 1 phone" in page
    assert "Why it comes back" in page
    refused = send_form(till, f"{sale}/return", "cash")
    assert "with a reason" in text(refused)
    done = send_form(till, f"{sale}/return", "cash", reason="faulty")
    assert "Given back €4.50" in till.see(done.location)
    assert "taken back" in text(buyer.get(order))
    sound(till)


def test_a_stall_that_never_takes_downloads_back_says_so(till: Till, buyer: FlaskClient) -> None:
    sale = sold(till, stock.PRINTS)
    order = f"/o/{ids.order_id(till.box.secrets, 1)}"
    buyer.post(f"{order}/claim", data={"press": order.rsplit("/", 1)[-1]})
    settings = till.box.settings
    never = type(settings.till)(returns_after_download="never")
    till.stocked.box.settings = type(settings)(till=never)
    assert "Opened, so it does not come back" in till.see(f"{sale}/return")


def test_a_whole_card_sale_is_taken_back_on_the_terminal_as_before(till: Till) -> None:
    sale = by_card(till)
    assert "On the card €4.50" in till.see(f"{sale}/return")
    done = send_form(till, f"{sale}/return", "card:1:reverse")
    assert done.location == sale
    till.terminal(card_attempt.send, refund, card_attempt.pay)
    assert "The sale is void" in till.see(sale)
    assert sales.get(till.box.db.read(), 1).void_event is not None
    sound(till)


def test_after_the_day_end_a_refund_of_the_card_is_a_sale_of_its_own(till: Till) -> None:
    sale = by_card(till)
    job = till.write(lambda tx: ask_day_end(tx, READER))
    till.write(lambda tx: record_day_end(tx, job, READER, total_minor=450, count=1, cur="EUR", tid="52500012"))
    done = send_form(till, f"{sale}/return", "card:1:refund")
    assert done.location == "/sale/2"
    assert "Calling the card reader" in till.see("/sale/2")
    till.terminal(card_attempt.send)
    assert "Giving the money back" in till.see("/sale/2")
    till.terminal(refund, card_attempt.pay)
    assert "Given back €4.50" in till.see("/sale/2")
    sound(till)


def test_when_the_terminal_refuses_cash_is_offered_and_taken(till: Till) -> None:
    sale = by_card(till)
    job = till.write(lambda tx: ask_day_end(tx, READER))
    till.write(lambda tx: record_day_end(tx, job, READER, total_minor=450, count=1, cur="EUR", tid="52500012"))
    back = send_form(till, f"{sale}/return", "card:1:refund").location
    till.terminal(card_attempt.send, lambda tx, no: card_attempt.decline(tx, no, Reason.DECLINED))
    page = till.see(back)
    assert "Not given back" in page
    assert "Cash €4.50" in page
    send_form(till, back, "cash")
    assert "Given back €4.50" in till.see(back)
    sound(till)


def test_while_it_is_unclear_nothing_else_goes_out_and_a_person_decides(till: Till) -> None:
    sale = by_card(till)
    job = till.write(lambda tx: ask_day_end(tx, READER))
    till.write(lambda tx: record_day_end(tx, job, READER, total_minor=450, count=1, cur="EUR", tid="52500012"))
    back = send_form(till, f"{sale}/return", "card:1:refund").location
    till.terminal(card_attempt.send, lambda tx, no: card_attempt.doubt(tx, no, Reason.READER_LOST))
    assert "Unknown: give nothing back again" in till.see(back)
    answer = till.post(f"{back}/return/out", ordinal=2, way="cash", pin=stock.PIN)
    assert answer.status_code == 409
    till.post(f"{back}/decide", attempt=till.newest_attempt().no, outcome="paid", reason="slip 0043", pin=stock.PIN)
    assert "Given back €4.50" in till.see(back)
    sound(till)


def test_without_a_terminal_the_money_is_owed_listed_and_paid_out_later(till: Till, buyer: FlaskClient) -> None:
    sale = by_card(till)
    till.write(lambda tx: readers.note_abilities(tx, READER, set()))
    page = till.see(f"{sale}/return")
    assert "Owe it" in page
    assert "On the card" not in page
    back = send_form(till, f"{sale}/return", "queue").location
    assert "Owed to the buyer" in till.see(back)
    assert "€4.50 owed to 1 buyer" in till.see("/")
    assert "Harbour Prints" in till.see("/owed")
    order = f"/o/{ids.order_id(till.box.secrets, 1)}"
    assert "on its way back" in buyer.get(order).text
    assert buyer.post(f"{order}/claim", data={"press": order.rsplit("/", 1)[-1]}).status_code == 409
    assert "owed" in till.see(sale)
    sound(till)
    till.write(lambda tx: readers.note_abilities(tx, READER, {"refund"}))
    send_form(till, back, "card:1:refund")
    assert till.terminal(card_attempt.send, refund, card_attempt.pay) is State.PAID
    assert "Nothing is owed" in till.see("/owed")
    assert "Given back €4.50" in till.see(back)
    sound(till)


def test_a_buyer_who_keeps_the_goods_after_all_can_open_them(till: Till, buyer: FlaskClient) -> None:
    sale = by_card(till)
    till.write(lambda tx: readers.note_abilities(tx, READER, set()))
    back = send_form(till, f"{sale}/return", "queue").location
    assert till.post(f"{back}/drop").status_code == 409
    send_form(till, back, "keep")
    order = f"/o/{ids.order_id(till.box.secrets, 1)}"
    assert buyer.post(f"{order}/claim", data={"press": order.rsplit("/", 1)[-1]}).status_code == 303
    assert "Give back or exchange" in till.see(sale)
    sound(till)


def test_an_exchange_takes_the_difference_on_one_receipt(till: Till) -> None:
    sale = sold(till, stock.ZINE)
    begun = send_form(till, f"{sale}/return", "exchange", pin="")
    assert begun.location == "/?add=2"
    till.client.post("/sale", data={"press": till.press("/?add=2"), "item": stock.PRINTS, "add": 2})
    page = till.see("/sale/2")
    assert "€1.50" in page
    till.post("/sale/2/cash", ordinal=1, given="2")
    page = till.see("/sale/2")
    assert "Exchanged" in page
    assert "€1.50 paid in cash" in page
    assert "The buyer scans this for what went out" in page
    assert "exchanged" in till.see(sale)
    sound(till)


def test_an_exchange_for_something_cheaper_hands_the_rest_out_with_the_pin(till: Till) -> None:
    sale = sold(till, stock.PRINTS)
    send_form(till, f"{sale}/return", "exchange", pin="")
    till.client.post("/sale", data={"press": till.press("/?add=2"), "item": stock.ZINE, "add": 2})
    assert "To hand back" in till.see("/sale/2")
    assert till.post("/sale/2/cash", ordinal=1, given="0").status_code == 409
    send_form(till, "/sale/2", "cash")
    page = till.see("/sale/2")
    assert "Exchanged €1.50" in page
    assert "Hand out €1.50" in page
    sound(till)


def test_what_the_buyer_opens_while_the_exchange_is_begun_is_not_exchanged(till: Till, buyer: FlaskClient) -> None:
    sale = sold(till, stock.PRINTS)
    send_form(till, f"{sale}/return", "exchange", pin="")
    till.client.post("/sale", data={"press": till.press("/?add=2"), "item": stock.PRINTS, "add": 2})
    order = f"/o/{ids.order_id(till.box.secrets, 1)}"
    assert buyer.post(f"{order}/claim", data={"press": order.rsplit("/", 1)[-1]}).status_code == 303
    refused = till.post("/sale/2/cash", ordinal=1, given="0")
    assert (refused.status_code, "was opened on a phone meanwhile" in text(refused)) == (409, True)
    assert till.post("/sale/2/drop").status_code == 303
    assert "The maker may take it back" in text(
        till.post(f"{sale}/return", press=till.press(f"{sale}/return"), line="0:1", way="exchange", pin=stock.PIN)
    )
    sound(till)


def test_staff_cannot_give_the_makers_reason(till: Till, buyer: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """The buyer opens it between the look and the press: the word that was not asked for counts for nothing."""
    from stall.web.till import returning

    sale = sold(till, stock.PRINTS)
    press = till.press(f"{sale}/return")
    order = f"/o/{ids.order_id(till.box.secrets, 1)}"
    buyer.post(f"{order}/claim", data={"press": order.rsplit("/", 1)[-1]})
    monkeypatch.setattr(returning, "_opened", lambda _no, _lines: False)
    refused = till.post(f"{sale}/return", press=press, line="0:1", way="cash", reason="faulty", pin=stock.PIN)
    assert (refused.status_code, till.count("sales")) == (409, 1)


def test_an_even_exchange_needs_no_money(till: Till) -> None:
    sale = sold(till, stock.PRINTS)
    send_form(till, f"{sale}/return", "exchange", pin="")
    till.client.post("/sale", data={"press": till.press("/?add=2"), "item": stock.PRINTS, "add": 2})
    assert "Even exchange" in till.client.get("/sale/2").text
    till.post("/sale/2/cash", ordinal=1, given="0")
    assert "Exchanged" in till.see("/sale/2")
    assert [line.ed for line in sales.lines(till.box.db.read(), 2)] == [1, 2]
    sound(till)


def test_the_receipt_of_the_first_sale_says_what_came_back(till: Till, buyer: FlaskClient) -> None:
    sale = sold(till, stock.PRINTS, stock.ZINE)
    back = send_form(till, f"{sale}/return?line=0:1", "cash").location
    events = [sales.get(till.box.db.read(), int(at.rsplit("/", 1)[-1])).receipt_event for at in (sale, back)]
    bought, refunded = (ids.receipt_id(till.box.secrets, event or 0) for event in events)
    page = buyer.get(f"/r/{bought}").text
    assert "Some of this was given back" in page
    assert f"/r/{refunded}" in page
    page = text(buyer.get(f"/r/{refunded}"))
    assert "Refund" in page
    assert "-€4.50" in page or "−€4.50" in page
    assert "Night Zine" not in page


def test_strange_forms_take_nothing_back(till: Till) -> None:
    sale = sold(till, stock.PRINTS)
    key = ids.new_press()
    for fields in (
        {"way": "all"},
        {"line": "7:1"},
        {"line": "0:9"},
        {"line": ""},
        {"way": "card:1:pay"},
        {"way": "free"},
    ):
        data = {"press": key, "line": "0:1", "way": "cash", "pin": stock.PIN} | fields
        assert till.client.post(f"{sale}/return", data=data).status_code in {400, 409}, fields
    assert till.count("attempts") == 1
    assert till.client.get("/sale/99/return").status_code in {400, 404, 409}


def test_a_part_paid_in_cash_goes_back_and_the_sale_can_be_cancelled(till: Till) -> None:
    sale = till.press_tile(stock.PRINTS)
    till.post(f"{sale}/cash", ordinal=1, given="2.00", part="2.00")
    assert "Give the payment back" in till.see(sale)
    assert "Hand the cash back" in till.see(f"{sale}/back")
    answer = till.post(f"{sale}/back", of=1, ordinal=2, way="part", pin=stock.PIN)
    assert answer.status_code == 303
    assert "The payment went back to the buyer" in till.see(sale)
    till.post(f"{sale}/drop")
    assert "given up" in till.see(sale)
    sound(till)
