"""In a real browser: the buttons pass our own guard, the order turns by itself, the download is the file."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.fakes.stock import PRINTS, Stocked
from tests.web import phone

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_from_the_window_to_the_file(browser: Browser, address: str, stocked_box: Stocked, script: bool) -> None:
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, java_script_enabled=script, accept_downloads=True
    )
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(address)
    page.get_by_text("Harbour Prints").click()
    page.get_by_role("button", name="Get it for €4.50").click()
    page.wait_for_url("**/o/*")
    phone.pay_cash(stocked_box, phone.sale_of(stocked_box, page.url))
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click(timeout=8000)
    got = Path(download.value.path()).read_bytes()
    assert got in [kept.read_bytes() for kept in (stocked_box.folder / "zips").iterdir()]
    assert download.value.suggested_filename == f"{PRINTS}.zip"
    on = page.get_by_role("link", name="Files") if script else page.get_by_role("button", name="one by one")
    on.click(timeout=8000)  # the page that stayed behind leads on
    page.wait_for_url("**/g/*")
    assert page.get_by_role("link", name="Download everything").is_visible()
    assert complaints == []
    context.close()


def test_nothing_is_wider_than_a_small_phone(browser: Browser, address: str, stocked_box: Stocked) -> None:
    context = browser.new_context(viewport={"width": 320, "height": 568})
    page = context.new_page()
    client_page = f"/T/{phone.code_of(stocked_box, phone.sell(stocked_box))}"
    for path in ("/", f"/d/{PRINTS}", "/t", client_page, "/none"):
        page.goto(address + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, path
    context.close()
