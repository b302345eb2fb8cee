"""The tasks of a day at the till, done in Chromium as a hand does them, on a phone or on a tablet.

| task | where it is done in a browser |
|---|---|
| sell by card, exact cash, with change; free take | `test_till_in_a_browser.py`, `test_till_sells_in_a_browser.py` |
| search, scanner, keyboard alone, price typed, voucher sold and spent | `test_till_sells_in_a_browser.py` |
| more and less of it, discount, put aside, pay in parts | `test_till_sells_in_a_browser.py` |
| separate reader | `test_till_in_a_browser.py` |
| outdoor colours | `test_till_sells_in_a_browser.py` |
| sign in, lock, unlock | here, phone |
| refund, exchange | here, phone |
| give free, decide an unclear payment | here, phone |
| open with a float, pay out, count, close, Z-report | here, tablet |
| a receipt and a Z-report on paper | over HTTP: `test_till_prints.py`, `tests/box/printing` |
| add, picture, change, count, order and retire a product | here, tablet |
| confirm the clock, close and open a drop, add somebody | here, tablet |

Two tills, a cable pulled and a whole day with its books: `tests/journey/test_a_market_day.py`, over HTTP.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from stall.domain.payment import Reason
from stall.flows import card_attempt
from stall.store import people, products
from stall.web import serve
from stall.web.guard import MAX_PICTURE_BYTES
from tests.fakes import stock
from tests.fakes.stock import Stocked
from tests.flows import selling
from tests.web.till_pages import Till

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]
PHONE, TABLET = (390, 844), (1024, 768)
Hand = Callable[..., Page]


@pytest.fixture
def till(stocked_box: Stocked) -> Till:
    made = Till(stocked_box)
    made.plug_in_reader()
    made.write(selling.add_products)
    return made


@pytest.fixture
def hand(browser: Browser, till: Till) -> Iterator[Hand]:
    """Opens the till on a screen of some size, signed in unless it is to be done."""
    sock = serve.listen("127.0.0.1", 0)
    serving = serve.Serving(till.client.application, sock, "till", 4, body_bytes=MAX_PICTURE_BYTES)
    site = f"http://127.0.0.1:{sock.getsockname()[1]}"
    opened = []

    def look(size: tuple[int, int], *, signed_in: bool = True) -> Page:
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]}, reduced_motion="reduce", base_url=site
        )
        context.set_default_timeout(20_000)
        opened.append(context)
        if signed_in:
            context.add_cookies([{"name": "stall", "value": till.token, "url": site}])
        page = context.new_page()
        page.goto("/")
        return page

    yield look
    for context in opened:
        context.close()
    serving.stop()


def test_signing_in_by_the_keys_of_the_pad_locking_and_unlocking(hand: Hand) -> None:
    page = hand(PHONE, signed_in=False)
    for digit in stock.PIN:
        page.click(f"[data-pad] button[data-key='{digit}']")
    page.click("button:has-text('Sign in')")
    page.wait_for_selector(".tile")
    page.click("[data-lock] button")
    page.fill("input[name=pin]", stock.PIN)
    page.click("main button.primary")
    page.wait_for_selector(".tile")


def test_a_refund_is_four_presses_and_the_pin_and_an_exchange_hands_over_the_difference(hand: Hand, till: Till) -> None:
    sold = till.press_tile(stock.ZINE)
    till.post(f"{sold}/cash", ordinal=1, given="3")
    other = till.press_tile(stock.ZINE)
    till.post(f"{other}/cash", ordinal=1, given="3")
    page = hand(PHONE)
    page.goto("/last")
    page.click(f"a[href='{sold}']")  # one
    page.click("text=Give back or exchange")  # two
    if page.locator("a.choice[aria-checked=false]").count():
        page.click("a.choice[aria-checked=false]")  # three
    page.fill("input[name=pin]", stock.PIN)
    page.click("button[value=cash]")  # four
    expect(page.locator("main")).to_contain_text("3.00")
    page.goto(f"{other}/return")
    if page.locator("a.choice[aria-checked=false]").count():
        page.click("a.choice[aria-checked=false]")
    page.fill("input[name=pin]", stock.PIN)
    page.click("button[value=exchange]")
    page.click(".tile:has-text('Harbour Prints')")
    page.click("button:has-text('Cash, exact')")
    page.wait_for_selector("main:has-text('€1.50')")
    expect(page.locator("main")).to_have_class("paid")


def test_giving_free_and_deciding_what_the_terminal_cannot_tell(hand: Hand, till: Till) -> None:
    sale = till.press_tile(stock.ZINE)
    page = hand(PHONE)
    page.goto(sale)
    page.click("summary:has-text('Give it free')")
    page.fill("#comp-pin", stock.PIN)
    page.click("details[open] button:has-text('Give it free')")
    page.wait_for_selector("text=given free")
    unclear = till.press_tile(stock.PRINTS)
    till.post(f"{unclear}/card", ordinal=1)
    till.terminal(card_attempt.send, lambda tx, no: card_attempt.doubt(tx, no, Reason.READER_LOST))
    page.goto(unclear)
    page.fill("form.decide input[name=reason]", "slip 0042 at the terminal")
    page.fill("form.decide input[name=pin]", stock.PIN)
    page.click("text=It was paid")
    page.wait_for_selector("text=Paid €4.50")


def test_a_drawer_is_opened_paid_out_of_counted_and_closed(hand: Hand) -> None:
    page = hand(TABLET)
    page.goto("/shift")
    page.fill("#float", "50")
    page.click("text=Open with this float")
    page.click("summary:has-text('Pay cash out')")
    page.fill("#out-amount", "5")
    page.locator("details[open] fieldset.reasons label").first.click()
    page.click("text=Record what was paid out")
    page.goto("/shift/count")
    page.fill("#p2000", "2")
    page.fill("#p500", "1")
    page.click("text=Record this count")
    page.wait_for_selector("text=just what it should hold")
    page.goto("/shift/close")
    page.click("button:has-text('Close the day')")
    page.wait_for_selector("h1:has-text('Z-report 1')")


def test_a_product_is_added_pictured_changed_counted_moved_and_retired(hand: Hand, till: Till, tmp_path: Path) -> None:
    Image.new("RGB", (900, 600), (20, 120, 60)).save(tmp_path / "photo.jpg")
    page = hand(TABLET)
    page.goto("/products")
    page.click("text=Add a product")
    page.fill("#title", "Tea towel")
    page.fill("#price", "12,50")
    page.fill("#stock", "8")
    page.click("text=Add it")
    page.set_input_files("#picture", tmp_path / "photo.jpg")
    page.click("text=Use it")
    page.wait_for_selector("text=Tea towel has its picture.")
    page.fill("#price", "11")
    page.click("button:has-text('Save')")
    page.wait_for_selector("text=Tea towel is changed.")
    page.fill("#stock", "3")
    page.click("text=Write down")
    page.wait_for_selector("text=Tea towel is counted.")
    page.goto("/products")
    page.click("[aria-label='Move Tea towel up']")
    page.click("[aria-label='Take Tea towel off sale']")
    page.wait_for_selector("text=Tea towel is off sale.")
    towel = products.find(till.box.db.read(), "tea-towel")
    assert towel is not None
    assert (towel.price_minor, towel.stock, towel.on_sale, towel.position) == (1100, 3, False, 4)


def test_the_clock_is_confirmed_a_drop_closed_and_opened_and_somebody_added(hand: Hand, till: Till) -> None:
    page = hand(TABLET)
    page.goto("/clock")
    page.fill("#clock-pin", stock.PIN)
    page.fill("#utc", "2026-12-03 14:05:30")
    page.click("text=Confirm this time")
    page.wait_for_selector("text=Confirmed by the maker")
    page.goto("/drops")
    for now in ("closed", "open"):
        row = page.locator("li", has_text="Night Zine")
        row.locator("summary").click()
        row.locator("input[name=pin]").fill(stock.PIN)
        row.locator("form button").click()
        page.wait_for_selector(f"text=Night Zine is {now}.")
    page.goto("/people")
    page.fill("#name-new", "Ada")
    page.fill("#new-new", "4711")
    page.fill("#pin-new", stock.PIN)
    page.click("form.confirm button:has-text('Add')")
    page.wait_for_selector("main:has-text('Ada')")
    assert [each.name for each in people.every(till.box.db.read())][1:] == ["Ada"]
