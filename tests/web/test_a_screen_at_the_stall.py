"""`/display`: two codes that lead here, what opens or is left, and what went last; with a script and without."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import msgspec
import pytest
import zxingcpp
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from playwright.sync_api import Browser, Page

from stall import app as app_of
from stall import settings
from stall.flows.switch_drop import close_drop
from stall.settings import Settings, Wifi
from stall.store import catalogue, moments
from stall.web.factory import create_buyer_app, shop_of
from tests.fakes import home
from tests.fakes.clock import FakeClock
from tests.fakes.stock import PRINTS, SAMPLER, ZINE, Stocked
from tests.web import phone, serving

WIFI = "WIFI:T:WPA;S:Lantern Stall;P:paper boats 47;;"
ADDRESS = "http://127.0.0.1:8000/"


@pytest.fixture
def stall(stocked_folder: Path, tmp_path: Path) -> Iterator[Stocked]:
    """A stall that tells of its Wi-Fi."""
    folder = home.copied(stocked_folder, tmp_path / "box")
    known = settings.load(folder)
    settings.save(folder, msgspec.structs.replace(known, wifi=Wifi("Lantern Stall", "paper boats 47")))
    clock = FakeClock()
    stocked = Stocked(app_of.open_box(folder, clock=clock), clock, folder)
    yield stocked
    stocked.box.close()


@pytest.fixture
def screen_app(stall: Stocked) -> Iterator[Flask]:
    app = create_buyer_app(stall.box)
    yield app
    shop_of(app).stop()


@pytest.fixture
def screen(screen_app: Flask) -> FlaskClient:
    return screen_app.test_client()


def codes_on(page: Page) -> list[str]:
    """What a phone's camera reads off the screen."""
    return [seen.text for seen in zxingcpp.read_barcodes(Image.open(io.BytesIO(page.screenshot())))]


def data(screen: FlaskClient, query: str = "") -> dict[str, Any]:
    """What the screen's script is told."""
    told: dict[str, Any] = json.loads(screen.get(f"/display.json{query}").data)
    return told


@pytest.mark.browser
@pytest.mark.parametrize("size", [(1280, 720), (1920, 1080), (768, 1024), (1024, 768)])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_one_code_at_a_time_is_read_off_the_screen(
    browser: Browser, screen_app: Flask, size: tuple[int, int], scheme: Literal["light", "dark"]
) -> None:
    with serving.on_loopback(screen_app) as address:
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme=scheme,
            java_script_enabled=False,
        )
        page = context.new_page()
        page.goto(f"{address}/display")
        assert codes_on(page) == [WIFI]
        page.goto(f"{address}/display/2")
        assert codes_on(page) == [ADDRESS]
        assert page.get_by_text("127.0.0.1:8000").is_visible()
        context.close()


@pytest.mark.browser
def test_with_a_script_it_changes_quietly(browser: Browser, screen_app: Flask, stall: Stocked) -> None:
    with serving.on_loopback(screen_app) as address:
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        loads: list[str] = []
        page.on("framenavigated", lambda frame: loads.append(frame.url))
        page.clock.install()
        page.goto(f"{address}/display")
        phone.sell(stall, PRINTS)
        phone.sell(stall, PRINTS)
        page.clock.run_for(6000)
        page.get_by_text(
            "No. 2 of Harbour Prints, just now"
        ).wait_for()  # the list of last sales is new, so it loaded once
        assert len(loads) == 2
        phone.sell(stall, PRINTS)
        phone.sell(stall, PRINTS)
        page.clock.run_for(6000)
        page.get_by_text("No. 4 of Harbour Prints, just now").wait_for()
        assert page.locator("[data-left]").inner_text() == "1"
        before = len(loads)
        shown = page.locator(".way:visible figcaption")
        turned = {shown.inner_text()}  # of one code: another beside it would be an error here
        page.clock.run_for(10_000)
        turned.add(shown.inner_text())
        assert turned == {"1\nJoin the Wi-Fi", "2\nOpen the shop"}
        assert len(loads) == before
        page.close()


def test_without_a_script_it_turns_by_itself(screen: FlaskClient) -> None:
    assert (
        '<noscript><meta http-equiv="refresh" content="10; url=/display/2"></noscript>' in screen.get("/display").text
    )
    again = screen.get("/display/2?lang=de").text
    assert '<noscript><meta http-equiv="refresh" content="10; url=/display?lang=de"></noscript>' in again
    assert "Laden öffnen" in again


def test_a_stall_without_a_wifi_of_its_own_shows_its_address_alone(buyer: FlaskClient) -> None:
    page = buyer.get("/display").text
    assert page.count("<figure") == 1
    assert "WIFI" not in page
    assert "Open the shop" in page
    assert 'content="10; url=/display/2"' in page


def test_what_is_left_is_shown_for_each_drop(screen: FlaskClient, stall: Stocked) -> None:
    phone.sell(stall, PRINTS)
    page = screen.get("/display").text
    assert re.search(r"<b>Harbour Prints</b> <span class=\"left\" data-left>4</span>", page)
    assert "4 of 5 left" in page
    assert "Open edition" in page


def test_a_drop_alone_is_one_number(screen: FlaskClient, stall: Stocked, monkeypatch: pytest.MonkeyPatch) -> None:
    only = [card for card in catalogue.cards(stall.box.db.read(), stall.box.now_ms()) if card.drop_id == PRINTS]
    monkeypatch.setattr(catalogue, "cards", lambda conn, now_ms: only)
    assert '<p class="big" data-left>5</p>' in screen.get("/display").text


@pytest.mark.parametrize(
    ("ahead_ms", "said"), [(754_000, "12:34"), (3_727_400, "1:02:08"), (9_000, "0:09"), (30 * 3_600_000, None)]
)
def test_it_counts_down_to_the_next_opening_by_the_stalls_clock(
    screen: FlaskClient, stall: Stocked, monkeypatch: pytest.MonkeyPatch, ahead_ms: int, said: str | None
) -> None:
    for drop in (PRINTS, ZINE, SAMPLER):
        stall.box.write("payment", lambda tx, drop=drop: close_drop(tx, drop))  # type: ignore[misc]  # mypy cannot infer a lambda's default
    opens = stall.box.now_ms() + ahead_ms
    monkeypatch.setattr(moments, "next_opening", lambda conn, now_ms: opens)
    page = screen.get("/display").text
    assert ("Opens in" in page) == (said is not None)
    if said:
        assert f'<p class="big" role="timer">{said}</p>' in page
        assert f'data-opens="{opens}"' in page
    else:
        assert "data-opens" not in page


def test_while_something_can_be_had_nothing_is_counted_down(
    screen: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moments, "next_opening", lambda conn, now_ms: now_ms + 60_000)
    assert "Opens in" not in screen.get("/display").text


def test_what_went_last_is_told_by_title_and_number_and_nothing_else(screen: FlaskClient, stall: Stocked) -> None:
    phone.sell(stall, PRINTS, ZINE)
    stall.clock.advance(180_000)
    phone.sell(stall, PRINTS)
    told = data(screen)
    assert told["sold"] == ["No. 2 of Harbour Prints, just now", "No. 1 of Harbour Prints, 3\N{NO-BREAK SPACE}min ago"]
    assert set(told) == {"now", "shape", "lines", "sold"}
    stall.clock.advance(58 * 60_000)
    assert data(screen, "?lang=de")["sold"] == [
        "Nr.\N{NO-BREAK SPACE}2 von Harbour Prints, vor 58\N{NO-BREAK SPACE}Min."
    ]


def test_what_was_given_back_did_not_go(screen: FlaskClient, stall: Stocked) -> None:
    sale = phone.sell(stall, PRINTS)
    with stall.box.db.transaction() as tx:
        tx.conn.execute("UPDATE numbers SET state = 3 WHERE sale = ?", (sale,))
    assert data(screen)["sold"] == []


def test_a_wifi_that_no_phone_would_join_is_no_setting() -> None:
    with pytest.raises(msgspec.ValidationError, match="hexadecimal"):
        msgspec.toml.decode(b'[wifi]\nname = "cafe"', type=Settings)
    with pytest.raises(msgspec.ValidationError, match="no name"):
        msgspec.toml.decode(b'[wifi]\npassword = "paper boats 47"', type=Settings)
