"""Giving a card payment back at the till: one page, the PIN, and the sale says at every step where its money is."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from stall.domain.payment import Reason, State
from stall.errors import Refused
from stall.flows import card_attempt
from stall.flows.card_attempt import TerminalFacts
from stall.flows.day_end import ask_day_end, record_day_end
from stall.flows.name_owner import name_owner
from stall.store import readers, sales
from stall.store.db import Tx
from stall.web import ids
from stall.web.buyer.live import order_state
from tests.fakes import stock
from tests.fakes.stock import Stocked
from tests.web.till_pages import READER, Till, approve, text


def take_back(tx: Tx, no: int) -> object:
    return card_attempt.approve(tx, no, TerminalFacts(450, "52500012", 43, 8, "A2", "girocard", "1234", offline=False))


def doubt(tx: Tx, no: int) -> object:
    return card_attempt.doubt(tx, no, Reason.READER_LOST)


@pytest.fixture
def till(stocked_box: Stocked) -> Till:
    made = Till(stocked_box)
    made.plug_in_reader()
    made.write(lambda tx: readers.note_abilities(tx, READER, {"reverse", "refund", "day_end"}))
    return made


@pytest.fixture
def paid(till: Till) -> str:
    sale = till.press_tile(stock.PRINTS)
    till.post(f"{sale}/card", ordinal=1)
    till.terminal(card_attempt.send, approve, card_attempt.pay)
    return sale


def give(till: Till, sale: str, way: str = "reverse", ordinal: int = 2, pin: str = stock.PIN) -> str:
    of = till.box.db.read().execute("SELECT min(no) FROM attempts").fetchone()[0]
    return text(till.post(f"{sale}/back", of=of, ordinal=ordinal, way=way, pin=pin, reason="faulty"))


def test_the_page_says_what_giving_back_does_and_asks_for_the_pin(till: Till, paid: str) -> None:
    assert "Give back or exchange" in till.see(paid)
    page = till.see(f"{paid}/back")
    assert "The whole sale is void then" in page
    assert "takes back its receipt 0042. No card is needed" in page
    assert "That PIN is not right" in give(till, paid, pin="9")
    assert till.count("attempts") == 1


def test_two_presses_and_the_pin_and_the_sale_is_void_when_the_terminal_says_so(till: Till, paid: str) -> None:
    give(till, paid)
    assert "Calling the card reader The terminal is asked to give the money back" in till.see(paid)
    till.terminal(card_attempt.send)
    assert "Giving the money back" in till.see(paid)
    till.terminal(take_back, card_attempt.pay)
    page = till.see(paid)
    assert "Given back The sale is void: its code opens nothing any more" in page
    assert "given back" in till.see("/")
    assert till.client.get(f"{paid}/back").location == paid  # nothing is left to give back


def test_a_second_press_of_the_form_asks_once(till: Till, paid: str) -> None:
    give(till, paid)
    give(till, paid)
    assert till.count("attempts") == 2


def test_when_the_terminal_gives_nothing_back_the_sale_stands_and_says_so(till: Till, paid: str) -> None:
    give(till, paid)
    till.terminal(card_attempt.send, lambda tx, no: card_attempt.decline(tx, no, Reason.DECLINED))
    page = till.see(paid)
    assert "Paid €4.50 by card" in page
    assert "Not given back" in page
    give(till, paid, ordinal=3)
    assert till.terminal(card_attempt.send, take_back, card_attempt.pay) is State.PAID
    assert "The sale is void" in till.see(paid)


def test_while_it_is_unclear_no_cash_is_handed_out_and_a_person_decides(till: Till, paid: str) -> None:
    give(till, paid)
    till.terminal(card_attempt.send, lambda tx, no: card_attempt.doubt(tx, no, Reason.READER_LOST))
    page = till.see(paid)
    assert "Unknown: give nothing back again" in page
    assert "It was given back" in page
    back = till.newest_attempt().no
    till.post(f"{paid}/decide", attempt=back, outcome="paid", reason="slip 0043", pin=stock.PIN)
    assert "The sale is void" in till.see(paid)


def test_after_the_terminals_day_end_only_a_refund_is_offered(till: Till, paid: str) -> None:
    till.write(
        lambda tx: record_day_end(
            tx, ask_day_end(tx, READER), READER, total_minor=450, count=1, cur="EUR", tid="52500012"
        )
    )
    page = till.see(f"{paid}/back")
    assert "Refund to the card" in page
    assert "Take the payment back" not in page
    assert "cannot give this payment back that way" in give(till, paid, "reverse")


def test_a_terminal_that_can_neither_says_what_to_do(till: Till, paid: str) -> None:
    till.write(lambda tx: readers.note_abilities(tx, READER, set()))
    page = till.see(f"{paid}/back")
    assert "give cash against the receipt" in page
    assert "PIN" not in page


def test_cash_and_strange_forms_give_nothing_back_by_card(till: Till, paid: str) -> None:
    cash = till.press_tile(stock.ZINE)
    till.post(f"{cash}/cash", ordinal=1, given="3.00")
    assert till.client.get(f"{cash}/back").location == cash
    for fields in ({"way": "pay"}, {"of": 999}, {"ordinal": 7}):
        form = {"of": 1, "ordinal": 2, "way": "reverse", "pin": stock.PIN} | fields
        assert till.client.post(f"{paid}/back", data=form).status_code == 400
    assert till.count("attempts") == 2


def open_order(till: Till, paid: str, buyer: FlaskClient) -> tuple[str, TestResponse]:
    """Press Download on the order's page as it stands; give its address and the answer."""
    order = f"/o/{ids.order_id(till.box.secrets, int(paid.rsplit('/', 1)[-1]))}"
    return order, buyer.post(f"{order}/claim", data={"press": order.rsplit("/", 1)[-1]})


@pytest.mark.parametrize("steps", [(), (card_attempt.send,), (card_attempt.send, doubt)])
def test_nothing_is_handed_out_while_the_money_is_on_its_way_back(
    till: Till, paid: str, buyer: FlaskClient, steps: tuple[Callable[[Tx, int], object], ...]
) -> None:
    give(till, paid)
    till.terminal(*steps)
    order, refused = open_order(till, paid, buyer)
    assert refused.status_code == 409
    assert "on its way back, so nothing is handed out now" in refused.text
    assert "Your money is on its way back" in buyer.get(order).text
    assert "Download" not in buyer.get(order).text
    assert buyer.get(f"{order}/state").get_json()["state"] == "back"
    with pytest.raises(Refused, match="claim-going-back"):
        till.write(lambda tx: name_owner(tx, 1, bytes(16)))
    assert (till.count("grants"), till.count("certificates")) == (0, 0)
    if not steps:
        till.terminal(lambda tx, no: card_attempt.not_sent(tx, no, Reason.CANCELLED))
    elif len(steps) == 1:
        till.terminal(lambda tx, no: card_attempt.decline(tx, no, Reason.DECLINED))
    else:
        till.terminal(lambda tx, no: card_attempt.decide(tx, no, "declined", "maker", "slip 0042"))
    assert open_order(till, paid, buyer)[1].status_code == 303


def test_no_download_begins_while_the_money_is_on_its_way_back(till: Till, paid: str, buyer: FlaskClient) -> None:
    grant = open_order(till, paid, buyer)[1].location
    file = re.findall(r'href="(/g/[^"]+)"', buyer.get(grant).text)[0]
    give(till, paid)
    assert buyer.get(file).status_code == 409
    assert "The money for this is on its way back" in buyer.get(grant).text
    till.terminal(card_attempt.send, lambda tx, no: card_attempt.decline(tx, no, Reason.DECLINED))
    assert buyer.get(file).status_code == 200


def test_the_buyers_page_and_receipt_say_that_it_was_taken_back(till: Till, paid: str, buyer: FlaskClient) -> None:
    give(till, paid)
    till.terminal(card_attempt.send, take_back, card_attempt.pay)
    box = till.box
    sale = sales.get(box.db.read(), int(paid.rsplit("/", 1)[-1]))
    assert order_state(box, sale).state == "void"
    assert sale.receipt_event is not None
    assert sale.void_event is not None
    bought, void = (ids.receipt_id(box.secrets, event) for event in (sale.receipt_event, sale.void_event))
    page = buyer.get(f"/r/{bought}").text
    assert "This sale was taken back" in page
    page = buyer.get(f"/r/{void}").text
    assert "The whole sale is taken back" in page
    assert "-€4.50" in page or "−€4.50" in page


def test_a_buyers_open_page_and_certificate_say_that_the_sale_was_taken_back(
    till: Till, paid: str, buyer: FlaskClient
) -> None:
    grant = open_order(till, paid, buyer)[1].location
    certificate = re.findall(r'href="(/c/[^"]+)"', buyer.get(grant).text)[0]
    signed = buyer.get(f"{certificate}.json").data
    assert "taken back" not in buyer.get(certificate).text
    give(till, paid)
    till.terminal(card_attempt.send, take_back, card_attempt.pay)
    gone = buyer.get(grant)
    assert gone.status_code == 410
    assert "taken back and the money with it" in text(gone)
    assert "yours" not in text(gone)
    void = ids.receipt_id(till.box.secrets, sales.get(till.box.db.read(), 1).void_event or 0)
    page = buyer.get(certificate).text
    assert "The sale of this was taken back" in page
    assert f'href="/r/{void}"' in page
    assert buyer.get(f"{certificate}.json").data == signed


def test_nothing_is_asked_back_of_a_reader_whose_program_was_killed(till: Till, paid: str) -> None:
    till.kill_readers_program()
    assert "program is not running, so the terminal was asked for nothing" in give(till, paid)
    assert till.count("attempts") == 1


def test_the_day_page_says_what_came_and_what_was_given_back_since_the_end_of_day(till: Till, paid: str) -> None:
    assert "1 card payment (€4.50) came after the last end of day" in till.see("/day")
    give(till, paid)
    till.terminal(card_attempt.send, take_back, card_attempt.pay)
    page = till.see("/day")
    assert "1 card payment came and 1 was given back (together €0.00) after the last end of day" in page


@pytest.mark.parametrize(("count", "words"), [(0, "no payments"), (1, "1 payment"), (2, "2 payments")])
def test_the_end_of_day_counts_payments_in_words(till: Till, count: int, words: str) -> None:
    job = till.write(lambda tx: ask_day_end(tx, READER))
    till.write(lambda tx: record_day_end(tx, job, READER, total_minor=0, count=count, cur="EUR", tid="52500012"))
    answer = readers.job(till.box.db.read(), job)
    assert answer == ("done", f"The terminal took €0.00, {words} since its last end of day.")


def test_a_refund_of_an_earlier_day_alone_is_no_payment_that_came(till: Till, paid: str) -> None:
    till.write(
        lambda tx: record_day_end(
            tx, ask_day_end(tx, READER), READER, total_minor=450, count=1, cur="EUR", tid="52500012"
        )
    )
    give(till, paid, "refund")
    till.terminal(card_attempt.send, take_back, card_attempt.pay)
    page = till.see("/day")
    assert "was given back after the last end of day" in page
    assert "came" not in page.split("was given back")[0][-60:]
