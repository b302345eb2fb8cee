"""The pages an Apple sheet shows: small, without script, and always with a way by hand."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec
import pytest
from flask import Flask
from flask.testing import FlaskClient

from stall.settings import Captive, Web
from stall.web.captive import sheets
from stall.web.captive.pages import MOST_LOOKS
from stall.web.factory import create_buyer_app, shop_of
from tests.fakes.stock import Stocked
from tests.house.sources import ROOT
from tests.web import captive_agents as ua

MOST_BYTES = 10_000
LANGUAGES = ("en", "de", "fr", "es", "it", "nl", "pl", "ja")
IPHONE = {"User-Agent": ua.IPHONE_SHEET}


@pytest.fixture
def phone(stocked_box: Stocked) -> Iterator[FlaskClient]:
    """A phone that has joined the stall's Wi-Fi."""
    settings = msgspec.structs.replace(
        stocked_box.box.settings, web=Web(address="http://192.0.2.1"), captive=Captive(portal=True)
    )
    stocked_box.box.settings = settings
    app: Flask = create_buyer_app(stocked_box.box)
    yield app.test_client()
    shop_of(app).stop()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_is_at_most_ten_kilobytes_with_all_it_loads(phone: FlaskClient, language: str) -> None:
    page = phone.get(f"/cna?lang={language}", headers=IPHONE)
    loaded = re.findall(r'(?:href|src)="(/static/[^"]+|/cna/code\.svg)"', page.text)
    assert len(loaded) == 2
    size = len(page.data)
    for path in loaded:
        answer = phone.get(path)
        size += len(answer.data)
        answer.close()
    assert size <= MOST_BYTES


def test_the_pages_hold_no_script_and_no_style_and_are_kept_by_nobody(phone: FlaskClient) -> None:
    for path in ("/cna", "/cna/go", f"/cna/go?n={MOST_LOOKS}"):
        page = phone.get(path, headers=IPHONE)
        assert not re.search(r"<script|<style|style=|onclick|https://", page.text)
        assert page.headers["Cache-Control"] == "no-store"
        assert "192.0.2.1" in page.text or "refresh" in page.text


def test_the_button_is_named_for_the_window_it_stands_in(phone: FlaskClient) -> None:
    in_sheet = phone.get("/cna", headers=IPHONE).text
    assert re.search(r'<a class="go" href="/cna/go\?to=/">Continue in Safari</a>', in_sheet)
    in_browser = phone.get("/cna", headers={"User-Agent": ua.WINDOWS_EDGE}).text
    assert re.search(r'<a class="go" href="/">Open the shop</a>', in_browser)
    assert "Safari" not in in_browser


def test_an_android_sheet_is_sent_on_to_the_shop(phone: FlaskClient) -> None:
    answer = phone.get("/cna", headers={"User-Agent": ua.ANDROID_SHEET})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")


def test_the_way_out_looks_a_bounded_number_of_times_and_then_says_what_to_do_by_hand(phone: FlaskClient) -> None:
    path, looks = "/cna/go?to=/g/abc", 0
    while found := re.search(r'content="1; url=([^"]+)"', phone.get(path, headers=IPHONE).text):
        path, looks = found[1].replace("&amp;", "&"), looks + 1
    assert looks == MOST_LOOKS
    by_hand = phone.get(path, headers=IPHONE).text
    assert "192.0.2.1" in by_hand
    assert 'href="/cna/go?to=/g/abc"' in by_hand


def test_the_way_out_leads_a_browser_straight_to_where_it_wanted(phone: FlaskClient) -> None:
    for agent in (ua.IPHONE_SAFARI, ua.ANDROID_SHEET, ua.WINDOWS_EDGE):
        answer = phone.get(sheets.leave_sheet("/g/abc?lang=de"), headers={"User-Agent": agent})
        assert (answer.status_code, answer.headers["Location"]) == (302, "/g/abc?lang=de")


@pytest.mark.parametrize(
    "to", ["//evil.example", "https://evil.example", "/\\evil.example", "", "javascript:alert(1)", "/a b", "/\r\nX: 1"]
)
def test_the_way_out_leads_nowhere_else(phone: FlaskClient, to: str) -> None:
    answer = phone.get("/cna/go", query_string={"to": to}, headers={"User-Agent": ua.IPHONE_SAFARI})
    assert answer.headers["Location"] == "/"
    assert 'href="/"' in phone.get("/cna", query_string={"to": to}, headers=IPHONE).text


def test_the_code_is_an_image_of_its_own_that_can_be_copied(phone: FlaskClient) -> None:
    code = phone.get("/cna/code.svg")
    assert (code.mimetype, code.text[:4]) == ("image/svg+xml", "<svg")


@pytest.mark.parametrize(
    ("agent", "told"),
    [(ua.IPHONE_SHEET, "apple"), (ua.ANDROID_SHEET, "android"), (ua.IPHONE_SAFARI, ""), (ua.ANDROID_CHROME, "")],
)
def test_a_template_learns_in_which_window_it_is_shown(stocked_box: Stocked, agent: str, told: str) -> None:
    app = create_buyer_app(stocked_box.box)
    app.add_url_rule("/asked", "asked", lambda: app.jinja_env.from_string("{{ captive_sheet() }}").render())
    answer = app.test_client().get("/asked", headers={"User-Agent": agent})
    assert answer.text == told
    assert answer.headers["Vary"] == "User-Agent"
    shop_of(app).stop()


def test_the_sheets_colours_are_those_of_every_other_page() -> None:
    def colours(name: str) -> list[tuple[str, str]]:
        text = (ROOT / "static" / name).read_text(encoding="utf-8")
        return re.findall(r"--(paper|sheet|ink|quiet|line|accent|on-accent): (#[0-9a-f]{6});", text)

    assert colours("cna.css") == colours("tokens.css")
