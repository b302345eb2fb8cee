"""Signing in: a PIN opens the till for one browser, a wrong one opens nothing and teaches nothing."""

from __future__ import annotations

import hashlib
import threading
from typing import Any

import pytest
from flask.testing import FlaskClient

from stall.errors import Refused
from stall.flows import sign_in as flow
from stall.flows import staff_pin
from stall.store import journal, people
from stall.store.writer import CrowdWriter
from stall.web.till.app import create_till_app
from stall.wire import b64, event
from tests.fakes.stock import PIN, Stocked
from tests.web import crew
from tests.web.till_pages import text


@pytest.fixture
def stall(stocked_box: Stocked) -> Stocked:
    stocked_box.box.crowd = CrowdWriter(stocked_box.box.db)  # as `stall web` has it
    crew.hire(stocked_box.box)
    return stocked_box


@pytest.fixture
def browser(stall: Stocked) -> FlaskClient:
    client = create_till_app(stall.box).test_client()
    client.environ_base["HTTP_ORIGIN"] = "http://localhost"
    return client


def deeds(stall: Stocked) -> list[dict[str, Any]]:
    conn = stall.box.db.read()
    facts = [event.decode(data) for no in journal.epoch_numbers(conn) for _, data in journal.all_events(conn, no)]
    return [fact.body for fact in facts if fact.kind == "staff"]


def test_a_right_pin_goes_on_to_the_page_asked_for(browser: FlaskClient) -> None:
    sent = browser.get("/drops")
    assert (sent.status_code, sent.location) == (303, "/sign-in?then=/drops")
    page = browser.get(sent.location)
    assert 'name="then" value="/drops"' in page.text
    answer = browser.post("/sign-in", data={"who": crew.MAKER, "pin": f" {PIN} ", "then": "/drops"})
    assert (answer.status_code, answer.location) == (303, "/drops")
    assert browser.get("/drops").status_code == 200


def test_the_page_shows_nothing_of_the_stall_but_its_name_and_who_may_sign_in(browser: FlaskClient) -> None:
    page = browser.get("/sign-in")
    assert text(page) == (
        "Sign in · Salt & Paper Salt & Paper Who are you? Maker Seller Books Your PIN"
        " 1 2 3 4 5 6 7 8 9 Clear 0 Delete Sign in"
    )
    assert 'autocomplete="current-password"' in page.text  # what a password manager knows may be pasted


def test_where_there_is_one_person_nobody_chooses_a_name(stocked_box: Stocked) -> None:
    client = create_till_app(stocked_box.box).test_client()
    assert 'name="who"' not in client.get("/sign-in").text
    assert client.post("/sign-in", data={"pin": PIN}).status_code == 303


def test_the_cookie_is_for_this_site_and_no_script_and_the_table_keeps_only_its_hash(
    browser: FlaskClient, stall: Stocked
) -> None:
    answer = browser.post("/sign-in", data={"who": crew.SELLER, "pin": PIN})
    cookie, *attributes = answer.headers["Set-Cookie"].split("; ")
    assert {"HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=57600"} <= set(attributes)
    assert "Secure" not in attributes  # plain http, on this machine only
    name, value = cookie.split("=", 1)
    token = b64.decode(value)
    assert (name, len(token)) == ("stall", 16)
    rows = stall.box.db.read().execute("SELECT digest, staff FROM sessions").fetchall()
    assert [tuple(row) for row in rows] == [(hashlib.sha256(token).digest(), crew.SELLER)]


@pytest.mark.parametrize(
    ("who", "pin"),
    [(crew.SELLER, "000000"), (crew.LEFT, PIN), (99, PIN), (0, PIN), (crew.SELLER, ""), (crew.SELLER, "9" * 500)],
)
def test_every_wrong_try_is_answered_alike_after_the_same_work(
    browser: FlaskClient, monkeypatch: pytest.MonkeyPatch, who: int, pin: str
) -> None:
    hashed: list[str] = []

    def compared(kept: str, _: str) -> bool:
        hashed.append(kept)
        return False

    monkeypatch.setattr(staff_pin, "matches", compared)
    answer = browser.post("/sign-in", data={"who": who, "pin": pin})
    assert answer.status_code == 403
    assert "That PIN does not fit, or there were too many wrong ones." in text(answer)
    assert "Set-Cookie" not in answer.headers
    assert len(hashed) == 1
    assert hashed[0].startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_five_wrong_ones_lock_that_person_whatever_is_typed_then_and_nobody_else(
    browser: FlaskClient, stall: Stocked
) -> None:
    for _ in range(staff_pin.TRIES):
        browser.post("/sign-in", data={"who": crew.SELLER, "pin": "000000"})
    right = browser.post("/sign-in", data={"who": crew.SELLER, "pin": PIN})
    assert (right.status_code, "too many wrong ones" in text(right)) == (403, True)
    assert browser.post("/sign-in", data={"who": crew.MAKER, "pin": PIN}).status_code == 303
    stall.clock.advance(staff_pin.LOCK_MS)
    assert browser.post("/sign-in", data={"who": crew.SELLER, "pin": PIN}).status_code == 303


def test_too_many_wrong_ones_at_one_place_shut_it_for_everybody(browser: FlaskClient, stall: Stocked) -> None:
    for n in range(staff_pin.DEVICE_TRIES):
        browser.post("/sign-in", data={"who": 50 + n, "pin": "000000"})
    assert browser.post("/sign-in", data={"who": crew.MAKER, "pin": PIN}).status_code == 403
    stall.clock.advance(staff_pin.LOCK_MS)
    assert browser.post("/sign-in", data={"who": crew.MAKER, "pin": PIN}).status_code == 303


def test_the_lock_is_known_after_a_restart(browser: FlaskClient, stall: Stocked) -> None:
    for _ in range(staff_pin.TRIES):
        browser.post("/sign-in", data={"who": crew.SELLER, "pin": "000000"})
    again = create_till_app(stall.box).test_client()
    assert again.post("/sign-in", data={"who": crew.SELLER, "pin": PIN}).status_code == 403


def test_tries_at_the_same_moment_are_each_counted_before_they_are_compared(stall: Stocked) -> None:
    begun = [stall.box.write("payment", lambda tx: flow.begin_try(tx, crew.SELLER, None)) for _ in range(7)]
    assert [each.open for each in begun] == [True] * staff_pin.TRIES + [False] * 2


def test_the_trail_says_who_came_and_went_and_never_what_was_typed(browser: FlaskClient, stall: Stocked) -> None:
    browser.post("/sign-in", data={"who": crew.SELLER, "pin": "482913"})
    browser.post("/sign-in", data={"who": 77, "pin": "482913"})
    browser.post("/sign-in", data={"who": crew.SELLER, "pin": PIN})
    browser.post("/sign-out")
    assert deeds(stall) == [
        {"what": "wrong_pin", "person": crew.SELLER},
        {"what": "wrong_pin"},
        {"what": "signed_in", "by": crew.SELLER},
        {"what": "signed_out", "by": crew.SELLER},
    ]
    conn = stall.box.db.read()
    assert not any(b"482913" in data for _, data in journal.all_events(conn, 1))


def test_signing_out_ends_the_session_for_good(browser: FlaskClient) -> None:
    browser.post("/sign-in", data={"who": crew.SELLER, "pin": PIN})
    kept = browser.get_cookie("stall")
    assert kept
    assert browser.post("/sign-out").location == "/sign-in"
    assert browser.get_cookie("stall") is None
    browser.set_cookie("stall", kept.value)
    assert browser.get("/").location == "/sign-in"


def test_a_new_pin_ends_the_sessions_of_that_person(browser: FlaskClient, stall: Stocked) -> None:
    browser.post("/sign-in", data={"who": crew.SELLER, "pin": PIN})
    stall.box.write("payment", lambda tx: staff_pin.set_pin(tx, crew.pin_hash(), crew.SELLER))
    assert browser.get("/").location == "/sign-in"


def test_a_right_pin_of_somebody_who_left_meanwhile_opens_nothing(stall: Stocked) -> None:
    made = stall.box.write("payment", lambda tx: flow.begin_try(tx, crew.SELLER, None))
    leaving = people.find(stall.box.db.read(), crew.SELLER)
    assert leaving
    gone = people.Person(leaving.no, leaving.role, leaving.name, active=False)
    stall.box.write("payment", lambda tx: people.change(tx, gone))
    with pytest.raises(Refused, match="Nobody is signed in"):
        stall.box.write("payment", lambda tx: flow.sign_in(tx, made))


@pytest.mark.parametrize(
    "then", ["//evil.example/", "https://evil.example/", "/\\evil.example", "evil", "/\nx", "/" + "a" * 300]
)
def test_a_page_elsewhere_is_not_gone_on_to(browser: FlaskClient, then: str) -> None:
    answer = browser.post("/sign-in", data={"who": crew.MAKER, "pin": PIN, "then": then})
    assert answer.location == "/"


def test_a_bookkeeper_begins_at_the_day(browser: FlaskClient) -> None:
    assert browser.post("/sign-in", data={"who": crew.BOOKKEEPER, "pin": PIN}).location == "/day"
    page = text(browser.get("/day"))
    assert "Sell" not in page.split("Day")[1].split("Clock")[0]


def test_a_browser_that_does_not_say_where_a_button_stood_presses_none_with_its_cookie(browser: FlaskClient) -> None:
    browser.post("/sign-in", data={"who": crew.MAKER, "pin": PIN})
    del browser.environ_base["HTTP_ORIGIN"]
    assert browser.post("/sign-out").status_code == 403
    assert browser.get("/").status_code == 200


def test_a_right_pin_that_was_replaced_meanwhile_opens_nothing(stall: Stocked) -> None:
    made = stall.box.write("payment", lambda tx: flow.begin_try(tx, crew.SELLER, None))
    assert flow.is_right(made, PIN)
    stall.box.write("payment", lambda tx: staff_pin.set_pin(tx, staff_pin.HASHER.hash("778899"), crew.SELLER))
    with pytest.raises(Refused, match="Nobody is signed in"):
        stall.box.write("payment", lambda tx: flow.sign_in(tx, made))


def test_a_device_that_is_shut_fills_no_journal(browser: FlaskClient, stall: Stocked) -> None:
    def tell() -> int:
        return int(stall.box.db.read().execute("SELECT count(*) FROM events").fetchone()[0])

    before = tell()
    for _ in range(staff_pin.DEVICE_TRIES + 5):
        assert browser.post("/sign-in", data={"who": 99, "pin": "000000"}).status_code == 403
    assert tell() - before == staff_pin.DEVICE_TRIES


def test_however_many_try_two_hashes_at_most_are_computed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go = threading.Semaphore(0), threading.Event()

    class Slow:
        """Says that it began, and ends when it may."""

        def verify(self, _hash: str, _pin: str) -> bool:
            begun.release()
            return go.wait(10)

    monkeypatch.setattr(staff_pin, "HASHER", Slow())
    trying = [threading.Thread(target=staff_pin.matches, args=("", "1")) for _ in range(4)]
    for each in trying:
        each.start()
    at_once = [begun.acquire(timeout=10), begun.acquire(timeout=10), begun.acquire(timeout=0.3)]
    go.set()
    for each in trying:
        each.join(10)
    assert at_once == [True, True, False]
