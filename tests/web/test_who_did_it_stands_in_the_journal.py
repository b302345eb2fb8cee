"""Every event somebody at the till brings about says who and where; the phone handed to the maker says who allowed it."""

from __future__ import annotations

from typing import Any

import pytest

from stall.flows.enrol_device import enrol, new_code
from stall.store import journal, sessions
from stall.store.audit import audit
from stall.store.writer import CrowdWriter
from stall.web.till.app import create_till_app
from stall.wire import b64, event
from tests.fakes import stock
from tests.fakes.stock import PIN, Stocked
from tests.web import crew
from tests.web.till_pages import Till, sign_in, text


@pytest.fixture
def stall(stocked_box: Stocked) -> Stocked:
    stocked_box.box.crowd = CrowdWriter(stocked_box.box.db)
    crew.hire(stocked_box.box)
    return stocked_box


@pytest.fixture
def seller(stall: Stocked) -> Till:
    return Till(stall, crew.SELLER)


def bodies(stall: Stocked, *kinds: str) -> list[dict[str, Any]]:
    conn = stall.box.db.read()
    facts = [event.decode(data) for _, data in journal.all_events(conn, 1)]
    return [fact.body for fact in facts if fact.kind in kinds]


def audited(stall: Stocked) -> list[str]:
    return [
        found
        for found in audit(stall.box.db.read(), stall.box.secrets.signing.public).findings
        if "Person" not in found
    ]


def test_a_sale_says_who_sold_it(seller: Till, stall: Stocked) -> None:
    sale = seller.press_tile(stock.ZINE)
    seller.post(f"{sale}/cash", ordinal=1, given="3")
    assert bodies(stall, "sale")[-1]["by"] == crew.SELLER
    assert "device" not in bodies(stall, "sale")[-1]
    assert audited(stall) == []


def test_two_people_at_once_are_each_named_for_their_own(stall: Stocked) -> None:
    from concurrent.futures import ThreadPoolExecutor

    tills = [Till(stall, crew.SELLER), Till(stall, crew.MAKER)]
    placed = [(till, till.press_tile(stock.ZINE)) for till in tills for _ in range(6)]
    with ThreadPoolExecutor(12) as people:
        answers = list(people.map(lambda one: one[0].post(f"{one[1]}/cash", ordinal=1, given="3").status_code, placed))
    assert answers == [303] * 12
    by = {body["sale"]: body["by"] for body in bodies(stall, "sale")}
    assert by == {int(sale.rsplit("/", 1)[1]): till.person for till, sale in placed}


def test_what_a_buyer_or_the_box_does_names_nobody(seller: Till, stall: Stocked) -> None:
    from tests.web import phone

    phone.sell(stall, stock.ZINE)
    assert "by" not in bodies(stall, "sale")[-1]


def test_staff_hands_the_phone_to_the_maker_whose_pin_lets_one_thing_through(seller: Till, stall: Stocked) -> None:
    sale = seller.press_tile(stock.PRINTS)
    assert "PIN of Maker" in seller.see(sale)
    refused = seller.post(f"{sale}/comp", ordinal=1, pin="000000", free=1)
    assert "That PIN is not right" in text(refused)
    assert seller.post(f"{sale}/comp", ordinal=1, pin=PIN, free=1).status_code == 303
    told = bodies(stall, "sale")[-1]
    assert (told["by"], told["decided_by"]) == (crew.SELLER, str(crew.MAKER))
    other = seller.press_tile(stock.PRINTS)
    assert (
        seller.post(f"{other}/comp", ordinal=1, pin="", free=1).status_code == 409
    )  # let through once, not from now on
    assert audited(stall) == []


def test_another_makers_pin_is_asked_for_by_name_where_there_are_two(seller: Till, stall: Stocked) -> None:
    from stall.domain.rights import Role
    from stall.flows.keep_people import add_person
    from stall.flows.staff_pin import HASHER

    own = HASHER.hash("777777")
    second = stall.box.write("payment", lambda tx: add_person(tx, "Second", Role.MAKER, own))
    sale = seller.press_tile(stock.PRINTS)
    assert "Who allows it Maker Second" in seller.see(sale)
    assert seller.post(f"{sale}/comp", ordinal=1, pin="777777", free=1).status_code == 409  # that is not Maker's
    assert seller.post(f"{sale}/comp", ordinal=1, pin="777777", who=second, free=1).status_code == 303
    assert bodies(stall, "sale")[-1]["decided_by"] == str(second)


def test_the_clock_set_with_the_makers_pin_by_staff_names_both(seller: Till, stall: Stocked) -> None:
    assert seller.post("/clock", utc="2026-11-21 14:05", pin=PIN).status_code in {303, 409}
    told = bodies(stall, "clock")
    if told:
        assert (told[-1]["by"], told[-1]["decided_by"]) == (crew.SELLER, str(crew.MAKER))


def test_the_pin_of_somebody_without_the_right_lets_nothing_through(seller: Till, stall: Stocked) -> None:
    from stall.flows.staff_pin import HASHER, set_pin

    own = HASHER.hash("555555")
    stall.box.write("payment", lambda tx: set_pin(tx, own, crew.SELLER))
    seller.client.set_cookie("stall", sign_in(stall.box, crew.SELLER))
    sale = seller.press_tile(stock.PRINTS)
    refused = seller.post(f"{sale}/comp", ordinal=1, pin="555555", who=crew.SELLER, free=1)
    assert refused.status_code == 409
    assert bodies(stall, "sale") == []


def test_an_enrolled_device_is_named_too_and_the_audit_still_compares(stall: Stocked) -> None:
    code = stall.box.write("payment", lambda tx: new_code(tx, once=True))
    made = stall.box.write("payment", lambda tx: enrol(tx, code, "Counter phone", "test"))
    assert made
    token = b64.encode(stall.box.write("payment", lambda tx: sessions.begin(tx, crew.MAKER, made.no)))
    client = create_till_app(stall.box, remote=True).test_client()
    https = {"base_url": "https://127.0.0.1:8443", "headers": {"Origin": "https://127.0.0.1:8443"}}
    for name, value in (("__Host-stall-device", b64.encode(made.token)), ("__Host-stall", token)):
        client.set_cookie(name, value, domain="127.0.0.1", secure=True)
    answer = client.post("/drops", data={"close": stock.ZINE, "pin": PIN}, **https)
    assert answer.status_code == 303, answer.text
    assert bodies(stall, "drop")[-1] == {"drop": stock.ZINE, "open": False, "by": crew.MAKER, "device": made.no}
    assert audited(stall) == []


def test_wrong_pins_are_written_down_without_what_was_typed(seller: Till, stall: Stocked) -> None:
    sale = seller.press_tile(stock.PRINTS)
    for _ in range(5):
        seller.post(f"{sale}/comp", ordinal=1, pin="918273", free=1)
    told = bodies(stall, "staff")
    assert [body["what"] for body in told] == ["wrong_pin"] * 4 + ["shut_out"]
    assert {body["person"] for body in told} == {crew.MAKER}
    assert not any(b"918273" in data for _, data in journal.all_events(stall.box.db.read(), 1))
