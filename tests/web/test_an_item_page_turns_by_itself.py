"""In a real browser: the countdown runs by the stall's clock, the page turns when the offer changes, and everything is in reach."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from stall.flows.switch_drop import close_drop, open_drop
from tests.fakes import gallery
from tests.fakes.gallery import GALLERY
from tests.fakes.stock import Stocked
from tests.web import phone, serving
from tests.web.test_an_item_in_every_state import set_window

pytestmark = pytest.mark.browser


@pytest.fixture
def address(buyer_app: Flask, stocked_box: Stocked) -> Iterator[str]:
    gallery.hang(stocked_box, edition=2)
    with serving.on_loopback(buyer_app) as found:
        yield f"{found}/d/{GALLERY}"


def opened(browser: Browser, address: str, **options: object) -> Page:
    context = browser.new_context(viewport={"width": 390, "height": 844}, **options)  # type: ignore[arg-type]  # as given below
    page = context.new_page()
    page.on("pageerror", lambda error: pytest.fail(str(error)))
    page.goto(address)
    return page


def test_the_countdown_is_the_stalls_whatever_the_phones_clock_says(
    browser: Browser, address: str, stocked_box: Stocked
) -> None:
    """The stall's clock stands at another year than this machine's, and stands still: what is counted is the time since asking."""
    set_window(stocked_box, opens_in_ms=3_599_000)
    page = opened(browser, address)
    count = page.locator(".count")
    expect(count).to_have_text("0:59:57", timeout=6000)
    page.context.close()


def test_reduced_motion_keeps_words_instead_of_a_running_clock(
    browser: Browser, address: str, stocked_box: Stocked
) -> None:
    set_window(stocked_box, opens_in_ms=3_599_000)
    page = opened(browser, address, reduced_motion="reduce")
    page.wait_for_timeout(1200)
    expect(page.locator(".count")).to_have_text("in about 59 min")
    page.context.close()


def test_the_page_turns_by_itself_when_it_opens(browser: Browser, address: str, stocked_box: Stocked) -> None:
    set_window(stocked_box, opens_in_ms=1500)
    page = opened(browser, address)
    expect(page.get_by_role("button")).to_have_count(0)
    expect(page.locator(".count")).to_have_text("0:00:01", timeout=3000)
    stocked_box.clock.advance(1500)
    expect(page.get_by_role("button")).to_be_visible(timeout=8000)
    page.context.close()


def test_what_is_left_is_told_again_and_a_typed_number_is_kept(
    browser: Browser, address: str, stocked_box: Stocked
) -> None:
    page = opened(browser, address)
    expect(page.locator("[data-said]")).to_have_text("2 of 2 left")
    page.get_by_text("Ask for a number").click()
    page.get_by_label("A number from 1 to 2").fill("2")
    phone.sell(stocked_box, GALLERY)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # as if the phone had been put away
    expect(page.locator("[data-said]")).to_have_text("1 of 2 left")
    stocked_box.box.write("payment", lambda tx: close_drop(tx, GALLERY))
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator("[data-said]")).to_have_text("Not on sale right now")
    expect(page.get_by_label("A number from 1 to 2")).to_have_value("2")
    stocked_box.box.write("payment", lambda tx: open_drop(tx, GALLERY))
    page.context.close()


def test_the_strip_moves_by_keyboard_and_without_script(browser: Browser, address: str) -> None:
    page = opened(browser, address, java_script_enabled=False)
    strip = page.get_by_role("list", name="Pictures to look at")
    expect(strip.get_by_role("img")).to_have_count(3)
    strip.focus()
    for _ in range(3):
        page.keyboard.press("Tab")
    last = strip.get_by_role("link").last
    expect(last).to_be_focused()
    expect(last).to_be_in_viewport()
    page.context.close()


def test_the_button_is_in_reach_of_the_thumb_on_a_small_phone(browser: Browser, address: str) -> None:
    for size in ({"width": 320, "height": 568}, {"width": 390, "height": 844}):
        page = opened(browser, address)
        page.set_viewport_size(size)  # type: ignore[arg-type]  # as two numbers
        expect(page.get_by_role("button")).to_be_in_viewport(ratio=1)
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        page.context.close()


def test_a_sample_plays_in_the_page_and_at_its_own_address(browser: Browser, address: str) -> None:
    page = opened(browser, address)
    heard = "async (one) => { one.muted = true; await one.play(); return one.duration; }"
    assert page.locator("audio").evaluate(heard) == pytest.approx(1)
    page.get_by_role("link", name="As a file, 16").click()
    assert page.locator("video, audio").evaluate(heard) == pytest.approx(1)
    page.context.close()
