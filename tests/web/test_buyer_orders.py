"""A buyer's order from the button to the download, and what its page says on the way."""

from __future__ import annotations

import json
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from stall.domain.payment import Reason
from stall.flows import card_attempt, take_card
from stall.flows.hold_numbers import HOLD_MS, release_lapsed
from stall.store import readers, sales
from stall.web.buyer.live import LiveOrders
from stall.web.factory import create_buyer_app, shop_of
from tests.fakes.stock import EDITION, PRINTS, SAMPLER, ZINE, Stocked
from tests.web import phone

READER = 1


def state(buyer: FlaskClient, order: str) -> dict[str, object]:
    told: dict[str, object] = json.loads(buyer.get(f"{order}/state").data)
    return told


@pytest.fixture
def attempt(buyer: FlaskClient, stocked_box: Stocked) -> tuple[str, int]:
    """An order whose card payment the terminal has; with the order's address."""
    order = phone.order(buyer)
    box = stocked_box.box
    box.write("payment", lambda tx: readers.report(tx, READER, "Reader", "ready", ""))
    asked = box.write("payment", lambda tx: take_card.ask_card(tx, phone.sale_of(stocked_box, order), 1, READER))
    box.write("payment", lambda tx: card_attempt.send(tx, asked))
    return order, asked


def test_an_order_shows_its_code_and_the_amount(buyer: FlaskClient, stocked_box: Stocked) -> None:
    order = phone.order(buyer)
    sale = sales.get(stocked_box.box.db.read(), phone.sale_of(stocked_box, order))
    page = buyer.get(order).text
    assert sale.basket_code
    assert f">{sale.basket_code}</p>" in page
    assert "€4.50" in page
    assert "Show this at the stall" in page
    assert sale.origin == "buyer"


def test_a_double_tap_makes_one_order_even_when_it_took_the_last_number(
    buyer: FlaskClient, stocked_box: Stocked
) -> None:
    press = phone.press_of(buyer.get(f"/d/{PRINTS}"))
    first = buyer.post(f"/d/{PRINTS}/order", data={"press": press})
    for _ in range(EDITION):
        phone.sell(stocked_box, PRINTS)
    second = buyer.post(f"/d/{PRINTS}/order", data={"press": press})
    assert first.headers["Location"] == second.headers["Location"]
    fresh = buyer.post(f"/d/{PRINTS}/order", data={"press": "A" * 22})
    assert fresh.status_code == 409
    assert "sold out" in fresh.text


def test_without_script_the_page_looks_again_by_itself_until_it_is_paid(
    buyer: FlaskClient, stocked_box: Stocked
) -> None:
    order = phone.order(buyer)
    assert '<noscript><meta http-equiv="refresh" content="2"></noscript>' in buyer.get(order).text
    phone.pay_cash(stocked_box, phone.sale_of(stocked_box, order))
    page = buyer.get(order).text
    assert "refresh" not in page
    assert "Paid. It is yours." in page


def test_a_buyer_may_ask_for_a_number_of_the_edition(buyer: FlaskClient, stocked_box: Stocked) -> None:
    order = phone.order(buyer, ed="3")
    sale = phone.sale_of(stocked_box, order)
    assert [line.ed for line in sales.lines(stocked_box.box.db.read(), sale)] == [3]


def test_a_number_already_sold_is_said_before_the_queue_not_after(buyer: FlaskClient, stocked_box: Stocked) -> None:
    phone.sell(stocked_box, PRINTS)
    press = phone.press_of(buyer.get(f"/d/{PRINTS}"))
    answer = buyer.post(f"/d/{PRINTS}/order", data={"press": press, "ed": "1"})
    assert (answer.status_code, "Number 1 of Harbour Prints is taken" in answer.text) == (409, True)


@pytest.mark.parametrize("number", ["0", "6", "-1", "three", "²", "1" * 40])
def test_a_number_that_is_none_is_refused_and_nothing_is_made(
    buyer: FlaskClient, stocked_box: Stocked, number: str
) -> None:
    press = phone.press_of(buyer.get(f"/d/{PRINTS}"))
    answer = buyer.post(f"/d/{PRINTS}/order", data={"press": press, "ed": number})
    assert answer.status_code == 400
    assert "edition-number-wrong" in answer.text
    assert stocked_box.box.db.read().execute("SELECT count(*) FROM sales").fetchone()[0] == 0


@pytest.mark.parametrize("press", ["", "short", "A" * 21 + "B", "A" * 23, "é" * 22])
def test_a_form_without_its_key_is_refused(buyer: FlaskClient, press: str) -> None:
    answer = buyer.post(f"/d/{PRINTS}/order", data={"press": press})
    assert (answer.status_code, "press-malformed" in answer.text) == (400, True)


def test_the_page_follows_the_card_through_doubt_to_declined(
    buyer: FlaskClient, stocked_box: Stocked, attempt: tuple[str, int]
) -> None:
    order, asked = attempt
    assert state(buyer, order) == {"state": "card", "version": "card-1", "active": True}
    stocked_box.box.write("payment", lambda tx: card_attempt.doubt(tx, asked, Reason.READER_LOST))
    assert state(buyer, order)["state"] == "checking"
    assert "please don’t tap again" in buyer.get(order).text
    stocked_box.box.write("payment", lambda tx: card_attempt.decline(tx, asked, Reason.DECLINED))
    declined = state(buyer, order)
    assert (declined["state"], declined["active"]) == ("declined", False)
    assert str(declined["version"]).startswith("declined-1-held-")
    assert "Try another card" in buyer.get(order).text


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (Reason.DECLINED, "The bank declined that card"),
        (Reason.CANCELLED, "no card was held to the reader"),
        (Reason.NOT_FOUND, "No payment was made"),
        (Reason.OPERATOR, "The stall looked"),
        (Reason.REFUSED_BY_TERMINAL, "could not be reached"),
    ],
)
def test_the_buyer_is_told_of_a_declined_card_only_when_a_bank_declined_one(
    buyer: FlaskClient, stocked_box: Stocked, attempt: tuple[str, int], reason: Reason, said: str
) -> None:
    order, asked = attempt
    stocked_box.box.write("payment", lambda tx: card_attempt.decline(tx, asked, reason))
    page = buyer.get(order).text
    assert said in page
    assert "Nothing was" in page
    assert ("declined" in page) == (reason is Reason.DECLINED)


@pytest.mark.parametrize(
    ("reason", "said"),
    [(Reason.READER_LOST, "could not be reached"), (Reason.STALE, "could not be reached"), (Reason.CAPS, "Pay cash"), (Reason.CANCELLED, "was stopped")],
)  # fmt: skip
def test_a_payment_that_never_left_the_box_is_no_decline(
    buyer: FlaskClient, stocked_box: Stocked, reason: Reason, said: str
) -> None:
    order, box = phone.order(buyer), stocked_box.box
    box.write("payment", lambda tx: readers.report(tx, READER, "Reader", "ready", ""))
    asked = box.write("payment", lambda tx: take_card.ask_card(tx, phone.sale_of(stocked_box, order), 1, READER))
    box.write("payment", lambda tx: card_attempt.not_sent(tx, asked, reason))
    page = buyer.get(order).text
    assert said in page
    assert "declined" not in page


def test_a_number_is_named_only_as_long_as_it_is_held(
    buyer: FlaskClient, stocked_box: Stocked, attempt: tuple[str, int]
) -> None:
    order, asked = attempt
    stocked_box.box.write("payment", lambda tx: card_attempt.decline(tx, asked, Reason.DECLINED))
    held = buyer.get(order).text
    assert "No. 1" in held
    assert "kept for you until 00:03\u00a0UTC" in held
    stocked_box.clock.advance(HOLD_MS)
    stocked_box.box.write("housekeeping", release_lapsed)
    assert re.fullmatch(
        "declined-1-[0-9a-f]{12}", str(state(buyer, order)["version"])
    )  # so that the script turns the page
    lapsed = buyer.get(order).text
    assert "No. 1" not in lapsed
    assert "kept for you only from the moment you pay" in lapsed


def test_a_number_asked_for_is_not_called_held_before_it_is(buyer: FlaskClient) -> None:
    assert 'you asked for <span class="whole">No. 3</span>' in buyer.get(phone.order(buyer, ed="3")).text


def test_nothing_is_called_kept_where_nothing_is_numbered(buyer: FlaskClient) -> None:
    assert "kept for you" not in buyer.get(phone.order(buyer, ZINE)).text


def test_a_payment_taken_back_says_that_nothing_was_charged(
    buyer: FlaskClient, stocked_box: Stocked, attempt: tuple[str, int]
) -> None:
    order, asked = attempt
    stocked_box.box.write("payment", lambda tx: card_attempt.begin_reversal(tx, asked, Reason.COMMIT_LATE))
    assert state(buyer, order)["state"] == "checking"
    stocked_box.box.write("payment", lambda tx: card_attempt.reversed_(tx, asked))
    assert "The payment was taken back" in buyer.get(order).text


def test_sold_out_while_waiting_is_said_on_the_order(buyer: FlaskClient, stocked_box: Stocked) -> None:
    order = phone.order(buyer)
    for _ in range(EDITION):
        phone.sell(stocked_box, PRINTS)
    assert str(state(buyer, order)["version"]).startswith("gone-0-")  # so that the script turns the page
    assert "The last one went while you waited" in buyer.get(order).text


def test_a_dropped_order_says_so(buyer: FlaskClient, stocked_box: Stocked) -> None:
    order = phone.order(buyer)
    sale = phone.sale_of(stocked_box, order)
    stocked_box.box.write("payment", lambda tx: take_card.drop_sale(tx, sale))
    assert "given up. Nothing was charged" in buyer.get(order).text


def test_only_a_paid_order_opens(buyer: FlaskClient, stocked_box: Stocked) -> None:
    order = phone.order(buyer)
    early = buyer.post(f"{order}/claim", data={"press": "A" * 22})
    assert (early.status_code, "order-not-paid" in early.text) == (409, True)
    phone.pay_cash(stocked_box, phone.sale_of(stocked_box, order))
    press = phone.press_of(buyer.get(order))
    opened = [buyer.post(f"{order}/claim", data={"press": press}).headers["Location"] for _ in range(2)]
    assert opened[0] == opened[1]
    assert buyer.get(opened[0]).status_code == 200


def test_going_back_and_pressing_again_uses_up_no_device(buyer: FlaskClient, stocked_box: Stocked) -> None:
    address = phone.order(buyer)
    phone.pay_cash(stocked_box, phone.sale_of(stocked_box, address))
    opened = [buyer.post(f"{address}/claim", data={"press": phone.press_of(buyer.get(address))}) for _ in range(7)]
    assert {answer.status_code for answer in opened} == {303}
    assert len({answer.headers["Location"] for answer in opened}) == 1


def test_a_free_item_is_taken_once_however_often_the_button_is_pressed(
    buyer: FlaskClient, stocked_box: Stocked
) -> None:
    press = phone.press_of(buyer.get(f"/d/{SAMPLER}"))
    answers = [buyer.post(f"/d/{SAMPLER}/take", data={"press": press}) for _ in range(3)]
    assert len({answer.headers["Location"] for answer in answers}) == 1
    page = buyer.get(answers[0].headers["Location"])
    assert "It is yours." in page.text
    assert "Paid" not in page.text
    assert stocked_box.box.db.read().execute("SELECT count(*) FROM sales").fetchone()[0] == 1


def test_what_has_a_price_cannot_be_taken(buyer: FlaskClient, stocked_box: Stocked) -> None:
    answer = buyer.post(f"/d/{ZINE}/take", data={"press": "A" * 22})
    assert (answer.status_code, "drop-not-free" in answer.text) == (409, True)
    assert stocked_box.box.db.read().execute("SELECT count(*) FROM sales").fetchone()[0] == 0


def test_an_order_of_another_box_or_purpose_opens_nothing(buyer: FlaskClient, stocked_box: Stocked) -> None:
    order = phone.order(buyer).rsplit("/", 1)[-1]
    forged = order[:-2] + ("AQ" if order[-2:] != "AQ" else "Ag")
    assert buyer.get(f"/o/{forged}").status_code == 404
    assert buyer.get(f"/g/{order}").status_code == 404
    assert buyer.get(f"/r/{order}").status_code == 404
    assert buyer.get(f"/o/{forged}/state").mimetype == "application/json"


def test_states_are_answered_from_memory_until_the_database_changes(stocked_box: Stocked) -> None:
    live = LiveOrders(stocked_box.box, watch=True)
    app = create_buyer_app(stocked_box.box)
    try:
        sale = phone.sale_of(stocked_box, phone.order(app.test_client()))
        statements: list[str] = []
        stocked_box.box.db.read().set_trace_callback(statements.append)
        watcher = live._watcher
        assert watcher is not None
        watcher.wait(0, 2)
        before = live.state(sale)
        statements.clear()
        assert [live.state(sale) for _ in range(50)] == [before] * 50
        assert statements == []
        seen = watcher.count
        phone.pay_cash(stocked_box, sale)
        watcher.wait(seen, 5)
        assert live.state(sale).state == "paid"
        stocked_box.box.db.read().set_trace_callback(None)
    finally:
        live.stop()
        shop_of(app).stop()


def test_sold_out_costs_no_transaction(buyer_app: Flask, stocked_box: Stocked, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(EDITION):
        phone.sell(stocked_box, PRINTS)

    def no_writing() -> None:
        raise AssertionError("a transaction was begun")

    monkeypatch.setattr(stocked_box.box.db, "transaction", no_writing)
    answer = buyer_app.test_client().post(f"/d/{PRINTS}/order", data={"press": "A" * 22})
    assert answer.status_code == 409
