"""Selling as a hand, a keyboard and a scanner do it, on phone and tablet, with script and without."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from stall.flows.fill_basket import ProductWish, fill_basket
from stall.store import claim_codes, sales
from stall.web import serve
from tests.fakes import stock
from tests.fakes.stock import Stocked
from tests.web import goods
from tests.web.till_pages import Till

pytestmark = pytest.mark.browser

PHONE, TABLET = (390, 844), (1024, 768)


@pytest.fixture
def till(stocked_box: Stocked) -> Till:
    made = Till(stocked_box)
    made.write(goods.add_products)
    made.plug_in_reader()
    return made


@pytest.fixture
def address(till: Till) -> Iterator[str]:
    sock = serve.listen("127.0.0.1", 0)
    serving = serve.Serving(till.client.application, sock, "till", 4)
    yield f"http://127.0.0.1:{sock.getsockname()[1]}"
    serving.stop()


def look(browser: Browser, till: Till, address: str, size: tuple[int, int] = PHONE, *, script: bool = True) -> Page:
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, java_script_enabled=script, reduced_motion="reduce"
    )
    context.set_default_timeout(10_000)
    context.add_cookies([{"name": "stall", "value": till.token, "url": address}])
    page = context.new_page()
    page.on("console", lambda message: pytest.fail(message.text) if "Policy" in message.text else None)
    page.goto(address)
    return page


def scan(page: Page, code: str) -> None:
    """Type as a scanner does: faster than any hand, then Enter."""
    page.evaluate(
        """code => { for (const key of [...code, "Enter"])
             (document.activeElement ?? document.body).dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true })); }""",
        code,
    )


def presses(page: Page) -> list[str]:
    """The forms that are sent from now on."""
    sent: list[str] = []
    page.on(
        "request",
        lambda asked: sent.append(asked.url) if asked.method == "POST" and "witness" not in asked.url else None,
    )
    return sent


@pytest.mark.parametrize("size", [PHONE, TABLET])
@pytest.mark.parametrize("tile", ["Harbour Prints", "Postcard", "Zine and three cards"])
def test_exact_cash_is_two_presses_whatever_is_sold(
    browser: Browser, till: Till, address: str, size: tuple[int, int], tile: str
) -> None:
    page = look(browser, till, address, size)
    sent = presses(page)
    page.locator(".tile", has_text=tile).first.click()
    page.click("button:has-text('Cash, exact')")
    page.wait_for_selector("text=Paid €")
    assert len(sent) == 2
    page.click("text=Next sale")
    page.wait_for_selector("text=What do they buy?")
    page.context.close()


def test_change_is_three_presses_at_most(browser: Browser, till: Till, address: str) -> None:
    page = look(browser, till, address)
    sent = presses(page)
    page.click(".tile:has-text('Postcard')")
    page.fill("#given", "7")
    page.click("button:has-text('Take')")
    page.wait_for_selector("text=Hand back")
    assert page.locator(".change .amount").inner_text() == "€5.80"
    assert len(sent) == 2
    page.context.close()


def test_a_scanner_sells_wherever_the_focus_is(browser: Browser, till: Till, address: str) -> None:
    page = look(browser, till, address, TABLET)
    scan(page, goods.BARCODE)
    page.wait_for_selector("text=€1.20")
    scan(page, goods.BARCODE)
    page.wait_for_selector("text=€2.40")
    page.click("button:has-text('Cash, exact')")
    page.wait_for_selector("text=Paid €2.40")
    scan(page, goods.BARCODE)  # the next buyer
    page.wait_for_url(f"{address}/sale/2")
    page.context.close()


def test_a_scanned_claim_shows_its_sale_again(browser: Browser, till: Till, address: str) -> None:
    sale = till.press_tile(stock.ZINE)
    till.post(f"{sale}/cash", ordinal=1, given="3")
    conn = till.box.db.read()
    code = claim_codes.code_of(conn, till.box.secrets.claim_key, sales.get(conn, 1))
    page = look(browser, till, address)
    scan(page, f"HTTP://127.0.0.1:8000/T/{code}")
    page.wait_for_selector("text=Paid €3.00")
    page.context.close()


def test_what_is_typed_into_another_field_stays_there(browser: Browser, till: Till, address: str) -> None:
    page = look(browser, till, address)
    page.click(".tile:has-text('Postcard')")
    page.focus("#given")
    scan(page, goods.BARCODE)
    page.keyboard.type("20")
    assert page.input_value("#given") == "20"
    assert till.count("lines") == 1
    page.context.close()


def test_the_keyboard_alone_sells(browser: Browser, till: Till, address: str) -> None:
    page = look(browser, till, address, TABLET)
    page.keyboard.press("2")
    page.wait_for_url(f"{address}/sale/1")
    page.keyboard.press("F4")
    page.wait_for_selector("text=Paid €3.00")
    page.keyboard.press("F8")
    page.wait_for_selector("text=What do they buy?")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{address}/sale/2")
    page.keyboard.press("F2")
    page.wait_for_selector("text=Calling the card reader")
    page.context.close()


def test_typing_filters_at_once(browser: Browser, till: Till, address: str) -> None:
    page = look(browser, till, address)
    page.keyboard.press("/")
    page.keyboard.type("zine")
    page.wait_for_selector(".tile:has-text('Harbour Prints')", state="detached")
    assert page.locator(".tile").count() == 2
    assert page.url == f"{address}/"
    page.fill("#q", "nothing like it")
    page.wait_for_selector("text=Nothing here is called")
    page.fill("#q", "")
    page.wait_for_selector(".tile:has-text('Harbour Prints')")
    page.context.close()


def test_one_more_changes_the_page_in_place_and_keeps_the_finger_there(
    browser: Browser, till: Till, address: str
) -> None:
    page = look(browser, till, address)
    page.click(".tile:has-text('Postcard')")
    page.evaluate("window.kept = true")
    page.locator("#more0").scroll_into_view_if_needed()
    before = page.locator("#more0").bounding_box()
    for due in ("€2.40", "€3.60"):
        page.click("#more0")
        page.wait_for_selector(f"h1:has-text('{due}')")
    assert page.evaluate("window.kept") is True
    assert page.evaluate("document.activeElement.id") == "more0"
    assert page.locator("#more0").bounding_box() == before
    page.wait_for_timeout(2500)  # the page's own look at the sale finds what it shows
    assert page.evaluate("window.kept") is True
    page.context.close()


def test_a_refusal_is_told_in_place(browser: Browser, till: Till, address: str) -> None:
    page = look(browser, till, address)
    page.click(".tile:has-text('Postcard')")
    page.click("summary:has-text('Discount')")
    page.fill("#off", "9")
    page.click("button:has-text('Take off')")
    page.wait_for_selector("[role=alert]:has-text('more than the price')")
    page.context.close()


@pytest.mark.parametrize("script", [True, False])
def test_a_sale_is_made_up_changed_put_aside_and_paid_in_parts(
    browser: Browser, till: Till, address: str, script: bool
) -> None:
    page = look(browser, till, address, script=script)
    page.fill("#q", "harbour")
    page.click("button:has-text('Find')")
    page.click(".tile:has-text('Harbour Prints')")
    page.click("#more0")
    page.wait_for_selector("h1:has-text('€9.00')")
    page.click("text=Add an item")
    page.click(".tile:has-text('Postcard')")
    page.click("summary:has-text('Discount')")
    page.click("details button:has-text('10 %')")
    page.wait_for_selector("h1:has-text('€9.18')")
    page.click("button:has-text('Put aside')")
    page.click(".called a")
    page.click("summary:has-text('Pay a part')")
    page.fill("#part", "4")
    page.click("button:has-text('In cash')")
    page.wait_for_selector("text=€4.00 is paid")
    page.click("button:has-text('Cash, exact')")
    page.wait_for_selector("text=Paid €9.18")
    page.context.close()


@pytest.mark.parametrize("script", [True, False])
def test_a_price_and_a_voucher_are_typed_without_script_too(
    browser: Browser, till: Till, address: str, script: bool
) -> None:
    page = look(browser, till, address, script=script)
    page.click("a.tile:has-text('Voucher')")
    page.fill("#amount", "20")
    page.click("button:has-text('Sell it')")
    page.click("button:has-text('Cash, exact')")
    code = page.locator(".voucher .spelled").inner_text().replace(" ", "").replace("\n", "")
    page.click("text=Next sale")
    page.click(".tile:has-text('Night Zine')")
    page.click("summary:has-text('Voucher')")
    page.fill("#voucher", code.lower())
    page.click("button:has-text('Use it')")
    page.wait_for_selector("text=Paid €3.00")
    page.context.close()


def test_two_hundred_lines_leave_the_keys_where_they_are(browser: Browser, till: Till, address: str) -> None:
    wishes = [ProductWish("frame", 1, 100 + n) for n in range(200)]
    no = till.write(lambda tx: fill_basket(tx, wishes, origin="till", vat_bp=1900))
    page = look(browser, till, address)
    page.goto(f"{address}/sale/{no}")
    card = page.locator("button:has-text('Card')").first.bounding_box()
    assert card
    assert card["y"] + card["height"] < PHONE[1]
    page.locator("#more150").scroll_into_view_if_needed()
    at = page.evaluate("scrollY")
    page.click("#more150")
    page.wait_for_selector("#l150 .many:has-text('2')")
    assert page.evaluate("scrollY") == at
    page.context.close()


def test_black_on_white_at_a_press_and_back_on_the_same_page(browser: Browser, till: Till, address: str) -> None:
    page = look(browser, till, address)
    page.click(".tile:has-text('Postcard')")
    page.click("nav button:has-text('Sun')")
    page.wait_for_selector("html[data-scheme=outdoor]")
    assert page.url == f"{address}/sale/1"
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    page.context.close()
