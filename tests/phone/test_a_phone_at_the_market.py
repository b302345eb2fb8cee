"""A phone at a market: it joins, is led to the shop, buys, downloads, is cut off, goes on, and comes back; all of it through the shipped nginx.

Box and phone have a network namespace each. The phone's name service is missing here (every name leads to the box by a flag of
Chromium), and the Wi-Fi is a cable. Set KEEP_SCREENSHOTS to a folder to keep what was seen.
"""

from __future__ import annotations

import hashlib
import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, ViewportSize, expect

from tests.chromium import launched
from tests.phone import scene
from tests.phone.network import BOX
from tests.phone.scene import Market
from tests.web import captive_agents as agents

pytestmark = [pytest.mark.root, pytest.mark.browser, pytest.mark.nginx, pytest.mark.netns, pytest.mark.timeout(300)]
SIZE: ViewportSize = {"width": 390, "height": 844}
SHOP = f"http://{BOX}/"
#: Megabits a second, so that a cut comes while bytes are under way; and after how many of them it comes.
SLOW_MBIT, PART = 24, 2_000_000
#: From the first page of the shop to the first byte: an item, its button, and after paying the download.
MOST_TAPS = 3


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory, chromium: str) -> Iterator[Market]:
    with scene.market(tmp_path_factory.mktemp("market"), chromium) as opened:
        yield opened


@pytest.fixture(scope="module")
def browser(market: Market) -> Iterator[Browser]:
    with launched(str(market.chromium), f"--host-resolver-rules=MAP * {BOX}") as opened:
        yield opened


@dataclass
class Hand:
    """One window of the phone; counts its taps and keeps what was seen."""

    market: Market
    page: Page
    pictures: Path
    taps: int = 0

    def tap(self, what: Locator) -> None:
        self.taps += 1
        what.tap(timeout=15_000)

    def look(self, name: str) -> None:
        self.market.note(self.page.url)
        self.page.screenshot(path=self.pictures / f"{name}.png", full_page="KEEP_SCREENSHOTS" in os.environ)


@pytest.fixture
def pictures(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    kept = os.environ.get("KEEP_SCREENSHOTS")
    folder = Path(kept) / re.sub(r"[^a-z0-9-]+", "-", request.node.name) if kept else tmp_path
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def window(browser: Browser, agent: str, lang: str, *, script: bool, **more: Any) -> BrowserContext:
    made = browser.new_context(
        user_agent=agent, locale=lang, viewport=SIZE, java_script_enabled=script, has_touch=True, is_mobile=True,
        device_scale_factor=2, accept_downloads=True, **more,
    )  # fmt: skip
    made.set_default_timeout(20_000)
    return made


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_an_iphone_from_the_sheet_to_the_file(
    market: Market, browser: Browser, pictures: Path, *, script: bool
) -> None:
    market.new_phone()
    probe = {"path": "/hotspot-detect.html", "host": "captive.apple.com", "headers": {"User-Agent": agents.WISPR}}
    first = market.phone.do("get", **probe)
    assert (first["status"], first["headers"]["location"].endswith("/cna"), first["bytes"]) == (302, True, 0)
    sheet = window(browser, agents.IPHONE_SHEET, "de-DE", script=script)
    hand = Hand(market, sheet.new_page(), pictures)
    hand.page.goto("http://captive.apple.com/hotspot-detect.html")
    hand.look("1 sheet")
    hand.tap(hand.page.locator("a.go"))
    hand.page.wait_for_url("**/cna/go**")
    assert "Success" in market.phone.do("get", **probe)["text"]  # so the sheet lets links out from now on
    out = hand.page.locator("a.go:not([href*='/cna/'])")
    expect(out).to_be_visible(timeout=15_000)
    hand.look("2 sheet, on the way out")
    leads = out.get_attribute("href")
    assert leads == "/"
    sheet.close()
    _buy(market, window(browser, agents.IPHONE_SAFARI, "de-DE", script=script), SHOP, pictures, "cash", script=script)


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_an_android_buys_in_its_sheet(market: Market, browser: Browser, pictures: Path, *, script: bool) -> None:
    market.new_phone()
    probe = {
        "path": "/generate_204",
        "host": "connectivitycheck.gstatic.com",
        "headers": {"User-Agent": agents.ANDROID_PROBE},
    }
    for _ in range(2):  # nothing it does makes it leave: it would go back to mobile data
        told = market.phone.do("get", **probe)
        assert (told["status"], told["headers"]["location"].rstrip("/")) == (302, f"http://{BOX}")
    agent = agents.ANDROID_SHEET if script else agents.ANDROID_CHROME
    opened = window(browser, agent, "ja-JP", script=script)
    _buy(market, opened, "http://connectivitycheck.gstatic.com/generate_204", pictures, "card", script=script)


def _buy(market: Market, context: BrowserContext, address: str, pictures: Path, tender: str, *, script: bool) -> None:
    """The shop, from its first page to the file, the papers, and back by the code."""
    hand = Hand(market, context.new_page(), pictures)
    page = hand.page
    foreign: list[str] = []
    page.on(
        "request",
        lambda request: (
            None if request.url.startswith(("http://192.0.2.1", "data:", address)) else foreign.append(request.url)
        ),
    )
    page.goto(address)
    assert page.url.startswith(f"http://{BOX}")
    hand.look("3 catalogue")
    hand.tap(page.locator("a[href*='/d/']").first)
    page.wait_for_url("**/d/**")
    hand.look("4 item")
    hand.tap(page.locator("form[action*='/order'] button").first)
    page.wait_for_url("**/o/**")
    hand.look("5 waiting")
    order = page.url
    code = market.sell(page.locator(".code").inner_text().strip(), tender)
    button = page.locator("button[name=to][value=file]")
    expect(button).to_be_visible(timeout=20_000)  # the page turned by itself
    assert page.url == order
    if script:
        expect(page.get_by_role("status")).to_contain_text(
            re.compile("Bezahlt|お支払いが済みました")
        )  # read out, for whoever does not look
    hand.look("6 paid")
    with page.expect_download() as started:
        hand.tap(button)
    assert hand.taps == MOST_TAPS
    saved = Path(started.value.path())
    assert hashlib.sha256(saved.read_bytes()).hexdigest() in market.zips()
    market.note(started.value.url)
    _papers(hand, order)
    _come_back(hand, code)
    assert foreign == []
    context.close()
    _nothing_written(market)


def _papers(hand: Hand, order: str) -> None:
    """The download page, a picture to save by hand, the certificate with its seal."""
    page = hand.page
    page.goto(order)  # as it stands after the press
    page.locator("a[href*='/g/']").first.tap()
    page.wait_for_url("**/g/**")
    hand.look("7 download")
    page.locator("a[href*='?photo=']").first.tap()
    page.wait_for_url("**?photo=1**")
    hand.look("8 picture")
    assert hand.market.phone.do("get", path=_path(page, ".photo img", "src"))["status"] in {200, 302}
    page.go_back()
    page.locator("a[href*='/c/']").first.tap()
    page.wait_for_url("**/c/**")
    expect(page.locator("svg.seal")).to_be_visible()
    expect(page.locator(".number b").first).to_be_visible()
    hand.look("9 certificate")


def _come_back(hand: Hand, code: str) -> None:
    page = hand.page
    page.goto(f"http://{BOX}/t")
    page.locator("#code").fill(code.lower())
    page.locator("form[action^='/t'] button").tap()
    page.wait_for_url("**/T/**")
    expect(page.locator("button[name=to][value=file]")).to_be_visible()
    hand.look("10 back by code")


def _path(page: Page, selector: str, attribute: str) -> str:
    found = page.locator(selector).first.get_attribute(attribute)
    assert found
    return found


def _nothing_written(market: Market) -> None:
    """No process wrote down what opens something, nor whose phone it was."""
    written = market.written()
    assert "event=" in written
    assert market.secrets
    assert {secret for secret in market.secrets if secret in written} == set()


def test_out_of_range_and_back_the_rest_comes_and_the_file_is_whole(market: Market, tmp_path: Path) -> None:
    market.new_phone()
    link = market.link(market.sell_item())
    kept = str(tmp_path / "got.zip")
    market.air.slow_down(SLOW_MBIT)
    market.phone.begin("get", path=link, until=PART, keep=kept)
    market.phone.hear()
    market.air.walk_away()
    market.phone.go_on()
    cut = market.phone.hear()
    market.air.come_back()
    market.air.slow_down(0)
    whole = int(cut["headers"]["content-length"])
    assert PART <= cut["bytes"] < whole
    asked = {"Range": f"bytes={cut['bytes']}-", "If-Range": cut["headers"]["etag"]}
    rest = market.phone.do("get", path=link, headers=asked, keep=kept)
    assert (rest["status"], rest["headers"]["content-range"]) == (206, f"bytes {cut['bytes']}-{whole - 1}/{whole}")
    assert hashlib.sha256(Path(kept).read_bytes()).hexdigest() in market.zips()


def test_a_browser_whose_connection_is_gone_goes_on_by_itself(market: Market, browser: Browser) -> None:
    """nginx's worker is killed while it sends; the browser asks anew for what it lacks, and for no more."""
    market.new_phone()
    code = market.sell_item()
    context = browser.new_context(
        user_agent=agents.ANDROID_CHROME, viewport={"width": 390, "height": 844}, accept_downloads=True
    )
    page = context.new_page()
    page.goto(f"http://{BOX}/T/{code}")
    market.air.slow_down(SLOW_MBIT)
    before = market.air.received()
    with page.expect_download() as started:
        page.locator("button[name=to][value=file]").click()
    _until(lambda: market.air.received() - before > PART)
    for worker in market.nginx_workers():
        os.kill(worker, signal.SIGKILL)
    saved = Path(started.value.path())
    market.air.slow_down(0)
    came = market.air.received() - before
    assert hashlib.sha256(saved.read_bytes()).hexdigest() in market.zips()
    assert came < saved.stat().st_size + PART, "it began anew"
    market.note(started.value.url)
    context.close()


def test_who_guesses_codes_is_held_up_and_nobody_else(market: Market) -> None:
    one, other = "192.0.2.201", "192.0.2.202"
    market.air.lend(one, other)
    told = [market.phone.do("get", path=f"/T/{n:026}", me=one)["status"] for n in range(12)]
    assert told == [404] * 10 + [429] * 2
    forged = {"X-Forwarded-For": other, "X-Real-IP": other, "Forwarded": f"for={other}"}
    assert market.phone.do("get", path=f"/T/{0:026}", me=one, headers=forged)["status"] == 429
    assert market.phone.do("get", path=f"/T/{0:026}", me=other)["status"] == 404
    assert market.phone.do("get", path="/", me=one)["status"] == 200


def test_what_is_not_there_gives_one_answer_through_nginx_too(market: Market) -> None:
    """Also what nginx keeps for itself, and what it looks for in a folder."""
    told = set()
    for n, path in enumerate(("/nothing", f"/o/{'A' * 21}g", f"/f/{'A' * 22}/{'0' * 64}/a.jpg", "/static/nothing.css", f"/cover/{'0' * 64}.jpg",
                              f"/-/whole/{'A' * 22}/files/{'0' * 64}/a.jpg", "/static/../stall.sqlite")):  # fmt: skip
        market.air.lend(f"192.0.2.{220 + n}")  # nobody guesses too often
        answer = market.phone.do("get", path=path)
        headers = {
            name: value
            for name, value in answer["headers"].items()
            if name not in {"date", "content-length", "connection"}
        }
        told.add((answer["status"], tuple(sorted(headers.items())), answer["text"].replace(path, "HERE")))
    assert len(told) == 1, [each[:2] for each in told]
    assert next(iter(told))[0] == 404


def _until(so: Callable[[], bool], within_s: float = 30.0) -> None:
    ends = time.monotonic() + within_s
    while not so():
        assert time.monotonic() < ends
        time.sleep(0.02)
