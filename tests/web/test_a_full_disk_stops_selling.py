"""With the disk nearly full: buyers and the maker are told, nothing new begins, and what is begun is finished."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from stall.domain.payment import State, Tender
from stall.flows.begin_payment import begin_payment
from stall.settings import Disk
from stall.store import attempts, readers, sales
from stall.store.room import MB, Room
from stall.web import ids
from tests.fakes.stock import PRINTS, SAMPLER, ZINE, Stocked
from tests.flows import selling
from tests.web import phone
from tests.web.till_pages import Till


def leave(stocked: Stocked, free_mb: int) -> None:
    """From now on the disk has so much left."""
    stocked.box.room = Room(Path("/nowhere"), Disk(), lambda _: free_mb * MB)


@pytest.fixture
def till(stocked_box: Stocked) -> FlaskClient:
    return Till(stocked_box).client


def sales_made(stocked: Stocked) -> int:
    return int(stocked.box.db.read().execute("SELECT count(*) FROM sales").fetchone()[0])


@pytest.mark.parametrize(("drop", "button"), [(PRINTS, "order"), (SAMPLER, "take")])
def test_a_buyers_button_begins_nothing(buyer: FlaskClient, stocked_box: Stocked, drop: str, button: str) -> None:
    press = phone.press_of(buyer.get(f"/d/{drop}"))
    leave(stocked_box, 100)
    answer = buyer.post(f"/d/{drop}/{button}", data={"press": press})
    assert (answer.status_code, "disk-nearly-full" in answer.text) == (503, True)
    assert sales_made(stocked_box) == 0


def test_a_press_that_came_before_still_finds_its_order(buyer: FlaskClient, stocked_box: Stocked) -> None:
    press = phone.press_of(buyer.get(f"/d/{SAMPLER}"))
    first = buyer.post(f"/d/{SAMPLER}/take", data={"press": press})
    leave(stocked_box, 100)
    assert buyer.post(f"/d/{SAMPLER}/take", data={"press": press}).headers["Location"] == first.headers["Location"]


def test_a_drop_that_a_crowd_is_taking_stops_too(buyer: FlaskClient, stocked_box: Stocked) -> None:
    usual = {"Origin": "http://localhost"}
    first = buyer.post(f"/d/{SAMPLER}/take", data={"press": (press := ids.new_press())}, headers=usual)
    assert buyer.post(f"/d/{SAMPLER}/take", data={"press": ids.new_press()}, headers=usual).status_code == 303
    leave(stocked_box, 100)
    answer = buyer.post(f"/d/{SAMPLER}/take", data={"press": ids.new_press()}, headers=usual)
    assert (answer.status_code, "disk-nearly-full" in answer.text) == (503, True)
    again = buyer.post(f"/d/{SAMPLER}/take", data={"press": press}, headers=usual)
    assert again.headers["Location"] == first.headers["Location"]
    assert sales_made(stocked_box) == 2


def test_what_is_paid_can_be_opened(buyer: FlaskClient, stocked_box: Stocked) -> None:
    code = phone.code_of(stocked_box, phone.sell(stocked_box))
    leave(stocked_box, 0)
    press = phone.press_of(buyer.get(f"/T/{code}"))
    opened = buyer.post(f"/T/{code}", data={"press": press})
    assert opened.status_code == 303
    assert buyer.get(opened.headers["Location"]).status_code == 200


@pytest.mark.parametrize(("way", "fields"), [("cash", {"given": "10.00"}), ("card", {}), ("comp", {"pin": "123456"})])
def test_the_till_begins_no_payment(till: FlaskClient, stocked_box: Stocked, way: str, fields: dict[str, str]) -> None:
    sale = selling.basket(stocked_box)
    leave(stocked_box, 100)
    answer = till.post(f"/sale/{sale}/{way}", data={"ordinal": "1", **fields})
    assert (answer.status_code, "Only 100 MB are left" in answer.text) == (503, True)
    assert attempts.of_sale(stocked_box.box.db.read(), sale) == []


def test_the_till_begins_no_sale(till: FlaskClient, stocked_box: Stocked) -> None:
    press = phone.press_of(till.get("/"))
    leave(stocked_box, 100)
    answer = till.post("/sale", data={"item": ZINE, "press": press})
    assert (answer.status_code, "Only 100 MB are left" in answer.text) == (503, True)
    assert sales_made(stocked_box) == 0


def test_a_card_that_is_in_the_terminal_is_booked_to_the_end(stocked_box: Stocked) -> None:
    sale = selling.basket(stocked_box)
    with stocked_box.box.db.transaction() as tx:
        readers.report(tx, 1, "Reader", "ready", "Ready")
    attempt = selling.ask(stocked_box, sale)
    leave(stocked_box, 0)
    selling.send(stocked_box, attempt)
    selling.approve(stocked_box, attempt)
    selling.pay(stocked_box, attempt)
    assert sales.get(stocked_box.box.db.read(), sale).state == "paid"


def test_a_sale_paid_in_part_can_be_finished(till: FlaskClient, stocked_box: Stocked) -> None:
    sale = selling.basket(stocked_box)
    with stocked_box.box.db.transaction() as tx:
        begin_payment(tx, sale)
        attempts.add(
            tx,
            sale=sale,
            kind="pay",
            tender=Tender.CASH,
            state=State.PAID,
            amount_minor=100,
            cur="EUR",
            given_minor=100,
        )
    leave(stocked_box, 0)
    assert till.post(f"/sale/{sale}/cash", data={"ordinal": "2", "given": "3.50"}).status_code == 303
    assert sales.get(stocked_box.box.db.read(), sale).state == "paid"


@pytest.mark.parametrize(
    ("free_mb", "words"), [(999, "Disk nearly full: 999 MB left"), (199, "No new sales: 199 MB of disk left")]
)
def test_the_till_says_how_much_is_left_and_what_to_do(
    till: FlaskClient, stocked_box: Stocked, free_mb: int, words: str
) -> None:
    leave(stocked_box, free_mb)
    assert words in till.get("/").text
    assert words in [flag["words"] for flag in till.get("/state").json["flags"]]  # type: ignore[index]  # it is JSON
    assert "Delete what does not belong to the stall" in till.get("/day").text


def test_with_room_enough_the_till_says_nothing_of_it(till: FlaskClient, stocked_box: Stocked) -> None:
    leave(stocked_box, 1000)
    assert "disk" not in till.get("/").text.lower()
