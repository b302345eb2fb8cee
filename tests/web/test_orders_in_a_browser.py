"""Orders and downloads in a real browser: turned and read out by script, and a photo pack saved picture by picture."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from stall.flows.fill_basket import Wish, fill_basket
from stall.store import claims
from stall.web import ids
from tests.fakes.stock import PRINTS, ZINE, Stocked
from tests.web import phone, picture_pack
from tests.web.picture_pack import DROP, PICTURES

pytestmark = pytest.mark.browser
PHONE = {"width": 390, "height": 844}
WAIT_MS = 15_000


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    opened = browser.new_context(viewport=PHONE, accept_downloads=True)  # type: ignore[arg-type]  # a TypedDict
    opened.set_default_timeout(WAIT_MS)
    yield opened
    opened.close()


def complaints(page: Page) -> list[str]:
    heard: list[str] = []
    page.on("console", lambda message: heard.append(message.text))
    page.on("pageerror", lambda error: heard.append(str(error)))
    return heard


def test_the_page_turns_in_its_place_and_says_so_once(
    context: BrowserContext, address: str, stocked_box: Stocked
) -> None:
    page = context.new_page()
    heard = complaints(page)
    page.goto(f"{address}/d/{ZINE}")
    page.get_by_role("button", name="Get it").click()
    page.wait_for_url("**/o/*")
    page.evaluate("window.stayed = true")
    assert page.get_by_role("status").inner_text() == ""
    phone.pay_cash(stocked_box, phone.sale_of(stocked_box, page.url))
    expect(page.get_by_role("status")).to_have_text("Paid. It is yours.", timeout=WAIT_MS)
    assert page.get_by_role("button", name="Download", exact=False).first.is_visible()
    assert page.evaluate("window.stayed")  # not loaded anew
    assert "Your order" in page.title()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    assert download.value.suggested_filename == "zine.pdf"  # its only file, as it is
    page.get_by_role("link", name="Files, certificate and receipt").click()
    page.wait_for_url("**/g/*")
    assert heard == []


def test_a_page_that_refused_something_turns_as_well(
    context: BrowserContext, address: str, stocked_box: Stocked
) -> None:
    page = context.new_page()
    page.goto(f"{address}{_ordered(stocked_box)}")
    page.evaluate("document.querySelector('[name=seen]').value = 'long ago'")
    page.get_by_role("button", name="Take Harbour Prints out").click()
    page.get_by_role("alert").get_by_text("changed meanwhile").wait_for()
    assert page.url.endswith("/remove")
    phone.pay_cash(stocked_box, phone.sale_of(stocked_box, page.url.removesuffix("/remove")))
    page.get_by_role("heading", name="Paid. It is yours.").wait_for()
    page.wait_for_url("**/o/*")
    assert not page.url.endswith("/remove")


def test_focus_stays_where_a_person_is_when_the_page_turns(
    context: BrowserContext, address: str, stocked_box: Stocked
) -> None:
    page = context.new_page()
    page.goto(f"{address}{_ordered(stocked_box)}")
    page.get_by_role("button", name="Take Harbour Prints out").focus()
    phone.pay_cash(stocked_box, phone.sale_of(stocked_box, page.url))
    expect(page.get_by_role("heading", level=1)).to_have_text("Paid. It is yours.", timeout=WAIT_MS)
    expect(page.get_by_role("heading", level=1)).to_be_focused()


def test_a_code_pressed_and_opened_again_is_one_phone(
    context: BrowserContext, address: str, stocked_box: Stocked
) -> None:
    page = context.new_page()
    page.goto(f"{address}/T/{phone.code_of(stocked_box, phone.sell(stocked_box))}")
    with page.expect_download():
        page.get_by_role("button", name="Download").click()
    page.get_by_text("Your download is open.", exact=True).wait_for()
    assert "press=" in page.url
    page.reload()
    with page.expect_download():
        page.get_by_role("button", name="Download again").click()
    assert stocked_box.box.db.read().execute("SELECT count(*) FROM grants").fetchone()[0] == 1


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_a_photo_pack_is_saved_one_by_one(browser: Browser, address: str, stocked_box: Stocked, script: bool) -> None:
    picture_pack.put_on_sale(stocked_box)
    sale = phone.sell(stocked_box, DROP)
    context = browser.new_context(viewport=PHONE, java_script_enabled=script, accept_downloads=True)  # type: ignore[arg-type]  # a TypedDict
    context.set_default_timeout(WAIT_MS)
    page = context.new_page()
    heard = complaints(page)
    page.goto(f"{address}/T/{phone.code_of(stocked_box, sale)}")
    page.get_by_role("button", name="Files one by one").click()
    page.wait_for_url("**/g/*")
    page.get_by_role("link", name="01 dünen.jpg").first.click()
    saved = set()
    for at in range(1, PICTURES + 1):
        page.get_by_text(f"{at} of {PICTURES}", exact=True).wait_for()
        picture = page.get_by_role("img", name=f"picture {at} of {PICTURES}")
        expect(picture).to_be_visible()
        if script:
            assert picture.evaluate("async (each) => { await each.decode(); return each.naturalWidth; }") == 48
        with page.expect_download() as download:
            page.get_by_role("link", name="Download this file").click()
        saved.add(hashlib.sha256(Path(download.value.path()).read_bytes()).hexdigest())
        if at == PICTURES:
            break
        if script and at % 2:
            page.keyboard.press("ArrowRight")
        else:
            page.get_by_role("link", name="Next").click()
    assert len(saved) == PICTURES
    assert all((stocked_box.folder / "files" / digest).is_file() for digest in saved)
    page.get_by_role("link", name="All files").first.click()
    page.wait_for_url("**/g/*")
    assert heard == []
    context.close()


def test_a_basket_of_several_is_made_and_paid_with_fingers(
    context: BrowserContext, address: str, stocked_box: Stocked
) -> None:
    page = context.new_page()
    heard = complaints(page)
    page.goto(f"{address}{_ordered(stocked_box)}")
    page.get_by_role("link", name="Add something else").click()
    page.get_by_text("Night Zine").click()
    page.get_by_role("button", name="Add to your order, €3.00").click()
    page.wait_for_url("**/o/*")
    page.get_by_text("€7.50").wait_for()
    page.get_by_role("button", name="Take Harbour Prints out").click()
    page.get_by_text("€7.50").wait_for(state="detached")
    phone.pay_cash(stocked_box, phone.sale_of(stocked_box, page.url))
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    assert download.value.suggested_filename == "zine.pdf"
    assert heard == []


def _ordered(stall: Stocked) -> str:
    sale = stall.box.write("claim", lambda tx: fill_basket(tx, [Wish(PRINTS)], origin="buyer", vat_bp=1900))
    assert claims.bought(stall.box.db.read(), sale)
    return f"/o/{ids.order_id(stall.box.secrets, sale)}"
