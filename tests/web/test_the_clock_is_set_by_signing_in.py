"""While the box does not know the time, a maker who signs in may set it by the device in hand, with the PIN that is typed anyway."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Browser

from stall.clock import Source
from stall.store import floor, journal
from stall.store.writer import CrowdWriter
from stall.web import serve
from stall.web.till.app import create_till_app
from stall.wire import event
from tests.fakes.clock import START_MS
from tests.fakes.stock import PIN, Stocked
from tests.web import crew
from tests.web.test_signing_in import deeds
from tests.web.till_pages import text

NINE_HOURS_MS = 9 * 3_600_000
OFFERED = "2026-11-21 09:00:00"


@pytest.fixture
def stall(stocked_box: Stocked) -> Stocked:
    stocked_box.box.crowd = CrowdWriter(stocked_box.box.db)  # as `stall web` has it
    crew.hire(stocked_box.box)
    stocked_box.clock.reboot()
    stocked_box.clock.source = None
    return stocked_box


@pytest.fixture
def browser_of(stall: Stocked) -> FlaskClient:
    client = create_till_app(stall.box).test_client()
    client.environ_base["HTTP_ORIGIN"] = "http://localhost"
    return client


def moment(stall: Stocked) -> floor.Moment:
    return floor.moment(stall.box.db.read(), stall.clock)


def sign_in(client: FlaskClient, who: int, utc: str) -> str:
    answer = client.post("/sign-in", data={"who": who, "pin": PIN, "utc": utc})
    assert answer.status_code == 303
    return answer.location


def test_a_makers_word_is_taken_and_journaled_with_who_gave_it(stall: Stocked, browser_of: FlaskClient) -> None:
    assert START_MS == 1_795_219_200_000  # 2026-11-21 00:00 UTC
    assert "The box does not know the time" in text(browser_of.get("/sign-in"))
    assert sign_in(browser_of, crew.MAKER, OFFERED) == "/"
    now = moment(stall)
    assert (now.now_ms, now.source) == (START_MS + NINE_HOURS_MS, Source.OPERATOR)
    assert browser_of.get("/").status_code == 200  # nine hours later nobody is locked out
    conn = stall.box.db.read()
    facts = [event.decode(data) for no in journal.epoch_numbers(conn) for _, data in journal.all_events(conn, no)]
    (told,) = [fact.body for fact in facts if fact.kind == "clock"]
    assert (told["set"], told["by"]) == (START_MS + NINE_HOURS_MS, crew.MAKER)
    assert "does not know the time" not in text(create_till_app(stall.box).test_client().get("/sign-in"))


def test_without_an_offer_nothing_is_set(stall: Stocked, browser_of: FlaskClient) -> None:
    assert sign_in(browser_of, crew.MAKER, "") == "/"
    assert moment(stall).source is Source.FLOOR


def test_staff_are_led_to_the_page_that_asks_a_maker(stall: Stocked, browser_of: FlaskClient) -> None:
    assert sign_in(browser_of, crew.SELLER, OFFERED) == "/clock"
    assert moment(stall).source is Source.FLOOR


def test_a_time_that_cannot_be_leads_to_the_page_of_the_clock(stall: Stocked, browser_of: FlaskClient) -> None:
    assert sign_in(browser_of, crew.MAKER, "2019-01-01 00:00") == "/clock"
    assert moment(stall).source is Source.FLOOR


def test_what_is_no_time_is_told_before_anybody_is_signed_in(stall: Stocked, browser_of: FlaskClient) -> None:
    answer = browser_of.post("/sign-in", data={"who": crew.MAKER, "pin": PIN, "utc": "nine"})
    assert (answer.status_code, "That is not a time" in text(answer)) == (409, True)
    assert 'value="nine"' in answer.text
    assert deeds(stall) == []


def test_a_clock_that_is_sure_by_now_is_left_alone(stall: Stocked, browser_of: FlaskClient) -> None:
    stall.clock.source = Source.NTP
    assert sign_in(browser_of, crew.MAKER, OFFERED) == "/"
    assert moment(stall).source is Source.NTP


def test_unlocking_offers_it_too(stall: Stocked, browser_of: FlaskClient) -> None:
    sign_in(browser_of, crew.MAKER, "")
    browser_of.post("/lock")
    assert "The box does not know the time" in text(browser_of.get("/locked"))
    assert browser_of.post("/locked", data={"pin": PIN, "utc": OFFERED}).location == "/"
    assert moment(stall).source is Source.OPERATOR


@pytest.mark.browser
def test_the_devices_own_time_is_offered_with_one_touch(browser: Browser, stall: Stocked) -> None:
    sock = serve.listen("127.0.0.1", 0)
    serving = serve.Serving(create_till_app(stall.box), sock, "till", 4)
    page = browser.new_page(viewport={"width": 390, "height": 844}, timezone_id="Europe/Berlin")
    try:
        page.clock.set_fixed_time("2026-11-21T08:12:00Z")
        page.set_default_timeout(10_000)
        page.goto(f"http://127.0.0.1:{sock.getsockname()[1]}/sign-in")
        page.get_by_label("Set its clock to 09:12, Saturday 21 November 2026").check()
        assert not page.locator("#utc").is_visible()
        page.get_by_label("Maker").check()
        page.fill("#pin", PIN)
        page.click("button:has-text('Sign in')")
        page.wait_for_selector(".tile")
        assert moment(stall).now_ms - START_MS - NINE_HOURS_MS + 48 * 60_000 in range(60_000)
    finally:
        page.close()
        serving.stop()
