"""A card on a separate reader at the till: two presses, what to key in, and what to do when it cannot be recorded."""

from __future__ import annotations

import re

import msgspec
import pytest
from flask.testing import FlaskClient

from stall.errors import Retry
from stall.flows.hold_numbers import HOLD_MS, release_lapsed
from stall.flows.switch_drop import close_drop
from stall.settings import Disk, Standalone
from stall.store import attempts, sales
from stall.store.box import Box
from stall.store.room import MB, Room
from stall.web import ids
from tests.fakes import stock
from tests.fakes.stock import Stocked
from tests.flows import selling
from tests.web import phone
from tests.web.till_pages import Till, text

NAME = "SumUp"


@pytest.fixture
def till(stocked_box: Stocked) -> Till:
    stocked_box.box.settings = msgspec.structs.replace(stocked_box.box.settings, standalone=Standalone(NAME))
    return Till(stocked_box)


def opened(till: Till, drop: str = stock.PRINTS) -> str:
    """A sale whose amount somebody keys in: tile and button were pressed."""
    sale = till.press_tile(drop)
    assert till.post(f"{sale}/standalone").location == f"{sale}/standalone"
    return sale


def test_the_button_stands_beside_card_and_in_its_place_without_a_terminal(till: Till) -> None:
    sale = till.press_tile(stock.PRINTS)
    page = till.client.get(sale).text
    assert (f'action="{sale}/standalone"' in page, f'action="{sale}/card"' in page) == (True, False)
    assert "Card on SumUp €4.50" in till.see(sale)
    till.plug_in_reader()
    page = till.client.get(sale).text
    assert (f'action="{sale}/standalone"' in page, f'action="{sale}/card"' in page) == (True, True)


def test_two_presses_from_the_sale_to_a_receipt_that_says_so(till: Till, buyer: FlaskClient) -> None:
    sale = opened(till)
    page = till.see(f"{sale}/standalone")
    assert "Key €4.50 into SumUp When it says paid, confirm here." in page
    assert "Harbour Prints no. 1" in page
    assert till.count("attempts") == 0
    assert till.post(f"{sale}/confirm", ordinal=1, reference="tab-42").location == sale
    assert "Paid €4.50 by card on a separate reader, confirmed here Reference tab-42" in till.see(sale)
    row = sales.get(till.box.db.read(), 1)
    assert row.receipt_event is not None
    paper = text(buyer.get(f"/r/{ids.receipt_id(till.box.secrets, row.receipt_event)}"))
    assert "Card, on a separate reader, confirmed by the stall tab-42 €4.50" in paper
    (paid,) = selling.receipt_of(till.stocked, 1).pay
    assert (paid.m, paid.st, paid.ref) == ("operator", "confirmed", "tab-42")
    assert "card on a separate reader" in till.see("/")  # the list of the last sales


def test_a_second_press_takes_nothing_twice(till: Till) -> None:
    sale = opened(till)
    for _ in range(2):
        assert till.post(f"{sale}/confirm", ordinal=1, reference="").location == sale
    assert till.count("attempts") == 1
    assert "Reference" not in till.see(sale)


def test_a_form_cannot_say_another_amount(till: Till) -> None:
    sale = opened(till)
    till.post(f"{sale}/confirm", ordinal=1, given="1", minor="1", amount="1")
    assert till.newest_attempt().amount_minor == 450


@pytest.mark.parametrize("typed", ["slip 42", "4111 1111 1111 1111", "4111111111111111", "<script>", "x" * 60])
def test_a_reference_that_is_none_is_told_and_can_be_corrected_at_once(till: Till, typed: str) -> None:
    sale = opened(till)
    answer = till.post(f"{sale}/confirm", ordinal=1, reference=typed)
    assert answer.status_code == 409
    assert "leave it empty" in text(answer)
    assert f'action="{sale}/confirm"' in answer.text
    assert "Give the money back" not in text(answer)
    assert till.count("attempts") == 0
    assert till.post(f"{sale}/confirm", ordinal=1, reference="42").status_code == 303


def test_declined_leads_back_and_leaves_nothing_but_the_hold(till: Till) -> None:
    sale = opened(till)
    back = re.search(
        r'<a class="button leave" href="([^"]+)">It was declined', till.client.get(f"{sale}/standalone").text
    )
    assert back
    assert back[1] == sale
    assert "Card on SumUp" in till.see(sale)
    assert till.count("attempts") == 0
    assert till.post(f"{sale}/cash", ordinal=1, given="5").status_code == 303
    assert "Paid €4.50 by cash" in till.see(sale)


def test_after_a_decline_the_basket_may_change_and_no_number_stays_behind(till: Till) -> None:
    sale = opened(till)
    more = till.press_tile(stock.ZINE, add=sale.rsplit("/", 1)[1])
    assert "asks for" not in till.see(more)
    assert selling.left(till.stocked) == stock.EDITION
    other = opened(till)
    till.post(f"{more}/cash", ordinal=1, given="10")
    assert "no. 2" in till.see(more)  # the first is held for the other sale
    till.post(f"{other}/confirm", ordinal=1)
    assert "no. 1" in till.see(other)


def test_what_is_sold_out_is_told_before_the_money(till: Till) -> None:
    sale = till.press_tile(stock.PRINTS)
    for _ in range(stock.EDITION):
        phone.sell(till.stocked, stock.PRINTS)
    answer = till.post(f"{sale}/standalone")
    assert answer.status_code == 409
    assert "Harbour Prints is sold out" in text(answer)
    assert till.client.get(f"{sale}/standalone").location == sale


def test_what_sold_out_while_the_reader_took_the_money_is_given_back_there(till: Till) -> None:
    sale = opened(till)
    till.stocked.clock.advance(HOLD_MS + 1)
    till.write(release_lapsed)
    for _ in range(stock.EDITION):
        phone.sell(till.stocked, stock.PRINTS)
    answer = till.post(f"{sale}/confirm", ordinal=1, reference="42")
    assert answer.status_code == 409
    page = text(answer)
    assert "Give the money back on SumUp Harbour Prints is sold out." in page
    assert "Nothing was recorded here. If SumUp took the money, give it back there." in page
    assert "€4.50" in page
    assert f'href="{sale}"' in answer.text
    assert attempts.of_sale(till.box.db.read(), 1) == []


def test_what_was_paid_otherwise_meanwhile_is_not_taken_twice(till: Till) -> None:
    sale = opened(till)
    till.post(f"{sale}/cash", ordinal=1, given="5")
    answer = till.post(f"{sale}/confirm", ordinal=1)
    assert answer.status_code == 409
    assert "if it is paid, give the money back on the reader" in text(answer)
    assert "Paid €4.50 by cash" in text(answer)
    dropped = opened(till)
    till.post(f"{dropped}/drop")
    assert "Give the money back on SumUp This sale was given up." in text(till.post(f"{dropped}/confirm", ordinal=1))
    assert till.count("attempts") == 1


def test_a_drop_closed_and_a_disk_filled_meanwhile_stop_no_money_that_was_taken(till: Till) -> None:
    sale, late = opened(till), till.press_tile(stock.PRINTS)
    till.write(lambda tx: close_drop(tx, stock.PRINTS))
    till.box.room = Room(till.box.folder, Disk(), lambda _: 150 * MB)
    assert till.post(f"{late}/standalone").status_code == 503
    assert till.post(f"{sale}/confirm", ordinal=1).status_code == 303
    assert "Paid €4.50" in till.see(sale)


def test_a_writer_that_is_busy_leaves_the_button_where_it_is(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    sale = opened(till)

    def busy(*_: object) -> None:
        raise Retry("writer-busy", "Too much at once. Press again in a moment.", 1.0)

    monkeypatch.setattr(Box, "write", busy)
    answer = till.post(f"{sale}/confirm", ordinal=1, reference="42")
    assert answer.status_code == 503
    assert "Press again" in text(answer)
    assert f'action="{sale}/confirm"' in answer.text
    assert 'value="42"' in answer.text


def test_a_running_card_payment_and_a_paid_sale_have_no_such_step(till: Till) -> None:
    till.plug_in_reader()
    sale = till.press_tile(stock.ZINE)
    till.post(f"{sale}/card", ordinal=1)
    assert till.post(f"{sale}/standalone").status_code == 409
    assert till.client.get(f"{sale}/standalone").location == sale
    assert till.client.get("/sale/99/standalone").status_code == 404
    assert till.post("/sale/99/confirm", ordinal=1).status_code == 404
    free = till.press_tile(stock.SAMPLER)
    assert "Card on SumUp" not in till.see(free)
    assert till.client.get(f"{free}/standalone").location == free


@pytest.mark.parametrize("ordinal", ["", "0", "2", "x"])
def test_a_form_for_another_attempt_pays_nothing(till: Till, ordinal: str) -> None:
    sale = opened(till)
    assert till.post(f"{sale}/confirm", ordinal=ordinal).status_code == 400
    assert till.count("attempts") == 0


def test_without_the_setting_there_is_no_button_and_no_way_round(stocked_box: Stocked) -> None:
    till = Till(stocked_box)
    sale = till.press_tile(stock.PRINTS)
    assert "standalone" not in till.client.get(sale).text
    assert till.client.get(f"{sale}/standalone").location == sale
    for answer in (till.post(f"{sale}/standalone"), till.post(f"{sale}/confirm", ordinal=1)):
        assert answer.status_code == 409
        assert "No separate card reader is set up on this box" in text(answer)
    assert till.count("attempts") == 0
    assert "Separate reader" not in till.see("/day")


def test_the_day_names_it_apart_and_says_what_nobody_can_compare_here(till: Till) -> None:
    assert "SumUp Nothing was confirmed yet." in till.see("/day")
    sale = opened(till)
    till.post(f"{sale}/confirm", ordinal=1)
    page = till.see("/day")
    assert "Separate reader €4.50 1 payment" in page
    assert "The terminal took no payment" in page
    assert "SumUp €4.50 in 1 payment, as you confirmed. The box cannot ask that reader" in page


def test_the_name_stands_on_the_page_as_it_is_written(till: Till) -> None:
    till.box.settings = msgspec.structs.replace(till.box.settings, standalone=Standalone("<b>Tap & Go</b>"))
    sale = opened(till)
    for path in (sale, f"{sale}/standalone", "/day"):
        assert "&lt;b&gt;Tap &amp; Go&lt;/b&gt;" in till.client.get(path).text
