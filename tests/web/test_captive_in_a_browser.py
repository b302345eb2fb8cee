"""In a real browser whose every name leads to the box, as on its Wi-Fi: each sheet finds its way, without scripts."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from stall.i18n.languages import LANGUAGES
from stall.settings import Captive, Web
from stall.web import guard, serve
from stall.web.buyer.front import Front
from stall.web.factory import create_buyer_app, shop_of
from tests.fakes.stock import Stocked
from tests.web import captive_agents as ua

pytestmark = pytest.mark.browser
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip
BOX = "http://192.0.2.1"


@dataclass
class Phone:
    """A browser on the stall's Wi-Fi, and what its system asks behind its back."""

    browser: Browser
    port: int

    def window(self, agent: str, width: int = 390) -> BrowserContext:
        return self.browser.new_context(
            user_agent=agent, viewport={"width": width, "height": 760}, java_script_enabled=False
        )

    def probe(self) -> int:
        conn = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        conn.request("GET", "/hotspot-detect.html", headers={"Host": "captive.apple.com", "User-Agent": ua.WISPR})
        answer = conn.getresponse()
        answer.read()
        conn.close()
        return answer.status


@pytest.fixture
def on_the_wifi(stocked_box: Stocked, chromium: str) -> Iterator[Phone]:
    stocked_box.box.settings = msgspec.structs.replace(
        stocked_box.box.settings, web=Web(address=BOX), captive=Captive(portal=True)
    )
    app = create_buyer_app(stocked_box.box)
    sock = serve.listen("127.0.0.1", 0)
    front = Front(shop_of(app), guard.buyer_rules(stocked_box.box.settings.web))
    serving = serve.Serving(app, sock, "buyers", 4, front)
    port = sock.getsockname()[1]
    with sync_playwright() as play:
        names = f"--host-resolver-rules=MAP * 127.0.0.1:{port}"
        browser = play.chromium.launch(executable_path=chromium, args=[*FLAGS, names])
        yield Phone(browser, port)
        browser.close()
    serving.stop()
    shop_of(app).stop()


def shown(page: Page) -> str:
    return page.locator("body").inner_text()


def test_an_iphones_sheet_leads_to_safari_and_safari_is_left_alone(on_the_wifi: Phone) -> None:
    assert on_the_wifi.probe() == 302
    sheet = on_the_wifi.window(ua.IPHONE_SHEET).new_page()
    sheet.goto("http://captive.apple.com/hotspot-detect.html")
    assert sheet.url == f"{BOX}/cna"
    sheet.get_by_role("link", name="Continue in Safari").click()
    assert "One moment" in shown(sheet)
    assert on_the_wifi.probe() == 200
    sheet.get_by_role("link", name="Open in Safari").click(timeout=10_000)
    assert sheet.url == f"{BOX}/"
    safari = on_the_wifi.window(ua.IPHONE_SAFARI).new_page()
    safari.goto("http://anything.example/")
    assert "Harbour Prints" in shown(safari)
    assert on_the_wifi.probe() == 200


def test_an_androids_sheet_is_the_shop_and_its_buttons_work_there(on_the_wifi: Phone) -> None:
    sheet = on_the_wifi.window(ua.ANDROID_SHEET).new_page()
    sheet.goto("http://connectivitycheck.gstatic.com/generate_204")
    assert sheet.url == f"{BOX}/"
    sheet.get_by_text("Harbour Prints").first.click()
    sheet.get_by_role("button").first.click()
    sheet.wait_for_url("**/o/*")
    sheet.goto("http://connectivitycheck.gstatic.com/generate_204")
    assert sheet.url == f"{BOX}/"


def test_nothing_of_the_sheets_pages_is_wider_than_a_small_phone(on_the_wifi: Phone) -> None:
    context = on_the_wifi.browser.new_context(user_agent=ua.IPHONE_SHEET, viewport={"width": 320, "height": 568})
    page = context.new_page()
    for language in LANGUAGES:
        for path in ("/cna?", "/cna/go?", "/cna/go?n=20&"):
            page.goto(f"{BOX}{path}lang={language}")
            assert page.evaluate("document.documentElement.scrollWidth") <= 320, (path, language)
