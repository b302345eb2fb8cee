"""The till as a hand meets it: the page turns by itself, with script and without, and every target is a finger wide."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest
from playwright.sync_api import Browser, Page

from stall.domain.payment import Reason
from stall.flows import card_attempt
from stall.settings import Disk, Standalone
from stall.store.room import MB, Room
from stall.web import serve
from tests.fakes import stock
from tests.fakes.stock import Stocked
from tests.web.till_pages import Till, approve

pytestmark = pytest.mark.browser

PHONE, TABLET = (390, 844), (820, 1180)
#: A flag of the strip is pressed seldom, and never in a hurry: the least a target may have, in CSS pixels.
FLAG = 44
#: Everything that can be pressed or typed into, but links inside a sentence.
TOO_SMALL = """() => [...document.querySelectorAll('button, input:not([type=hidden]), summary, nav a, a.button, .list a, a.back')]
  .filter(e => e.offsetParent && (e.getBoundingClientRect().height < 55.5 || e.getBoundingClientRect().width < 44))
  .map(e => e.outerHTML.slice(0, 80))"""


@pytest.fixture
def till(stocked_box: Stocked) -> Till:
    made = Till(stocked_box)
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
    return context.new_page()


@pytest.mark.parametrize("script", [True, False])
def test_two_presses_and_the_page_turns_to_paid_by_itself(
    browser: Browser, till: Till, address: str, script: bool
) -> None:
    page = look(browser, till, address, script=script)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(address)
    page.click("text=Harbour Prints")
    page.click("button:has-text('Card')")
    page.wait_for_selector("text=Calling the card reader")
    till.terminal(card_attempt.send)
    page.wait_for_selector("text=Waiting for the card")
    till.terminal(approve, card_attempt.pay)
    page.wait_for_selector("text=Paid €4.50")
    assert page.url == f"{address}/sale/1"
    assert complaints == []
    page.context.close()


def test_a_new_basket_appears_without_moving_a_tile(browser: Browser, till: Till, address: str) -> None:
    from stall.flows.fill_basket import Wish, fill_basket

    page = look(browser, till, address)
    page.goto(address)
    before = page.locator(".tile").first.bounding_box()
    till.write(lambda tx: fill_basket(tx, [Wish(stock.ZINE, 2)], origin="buyer", vat_bp=1900))
    page.wait_for_selector("text=Night Zine × 2")
    assert page.locator(".tile").first.bounding_box() == before
    page.context.close()


def test_a_warning_comes_and_goes_by_itself(browser: Browser, till: Till, address: str) -> None:
    free_mb = 2000
    till.box.room = Room(till.box.folder, Disk(), lambda _: free_mb * MB)
    page = look(browser, till, address)
    page.goto(address)
    assert page.locator("[data-flag=disk]").count() == 0
    free_mb = 150
    page.wait_for_selector("text=No new sales: 150 MB of disk left")
    free_mb = 2000
    page.wait_for_selector("[data-flag=disk]", state="detached")
    page.context.close()


@pytest.mark.parametrize("size", [PHONE, TABLET])
def test_every_target_is_a_finger_wide_and_no_page_is_wider_than_the_screen(
    browser: Browser, till: Till, address: str, size: tuple[int, int]
) -> None:
    till.box.settings = msgspec.structs.replace(till.box.settings, standalone=Standalone("SumUp"))
    untouched, paid, unclear = till.press_tile(stock.PRINTS), till.press_tile(stock.ZINE), till.press_tile(stock.ZINE)
    untouched = till.press_tile(stock.ZINE, add=untouched.rsplit("/", 1)[1])
    till.post(f"{paid}/cash", ordinal=1, given="50")
    till.post(f"{unclear}/card", ordinal=1)
    till.terminal(card_attempt.send, lambda tx, no: card_attempt.doubt(tx, no, Reason.READER_LOST))
    page = look(browser, till, address, size)
    apart = till.press_tile(stock.ZINE)
    till.post(f"{apart}/standalone")
    for path in ("/", untouched, f"{apart}/standalone", paid, unclear, "/drops", "/clock", "/day"):
        page.goto(f"{address}{path}")
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        assert page.evaluate(TOO_SMALL) == [], path
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    page.context.close()


def test_a_flag_is_large_enough_to_press_and_shows_where_the_keyboard_is(
    browser: Browser, till: Till, address: str
) -> None:
    page = look(browser, till, address)
    page.goto(f"{address}/drops")
    boxes = [flag.bounding_box() for flag in page.locator(".flags a").all()]
    assert boxes
    assert all(box and box["height"] >= FLAG and box["width"] >= FLAG for box in boxes)
    last = page.locator(".flags a").last
    for _ in range(20):
        if last.evaluate("e => e === document.activeElement"):
            break
        page.keyboard.press("Tab")
    assert last.evaluate("e => getComputedStyle(e).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    page.wait_for_url(f"{address}/day")
    page.context.close()


@pytest.mark.parametrize("script", [True, False])
def test_a_separate_reader_takes_two_presses_and_needs_no_script(
    browser: Browser, till: Till, address: str, script: bool
) -> None:
    till.box.settings = msgspec.structs.replace(till.box.settings, standalone=Standalone("SumUp"))
    page = look(browser, till, address, script=script)
    page.goto(f"{address}{till.press_tile(stock.PRINTS)}")
    page.click("button:has-text('Card on SumUp')")
    page.wait_for_selector("text=Key €4.50 into SumUp")
    page.click("button:has-text('It says paid')")
    page.wait_for_selector("text=confirmed here")
    page.context.close()


@pytest.mark.parametrize("size", [PHONE, TABLET, TABLET[::-1]])
@pytest.mark.parametrize("wired", [True, False])
@pytest.mark.parametrize("name", ["SumUp", "Kartenleser von Zoë im Hinterzimmer N° 2"])
def test_the_second_press_of_the_separate_reader_confirms_nothing(
    browser: Browser, stocked_box: Stocked, size: tuple[int, int], wired: bool, name: str
) -> None:
    named = Standalone(name)
    stocked_box.box.settings = msgspec.structs.replace(stocked_box.box.settings, standalone=named)
    till = Till(stocked_box)
    if wired:
        till.plug_in_reader()
    sock = serve.listen("127.0.0.1", 0)
    serving = serve.Serving(till.client.application, sock, "till", 4)
    try:
        address = f"http://127.0.0.1:{sock.getsockname()[1]}"
        page = look(browser, till, address, size)
        page.goto(f"{address}{till.press_tile(stock.PRINTS)}")
        first = page.locator("button", has_text="Card on").bounding_box()
        page.click("button:has-text('Card on')")
        second = page.locator("button", has_text="It says paid").bounding_box()
        assert first
        assert second
        assert first["y"] + first["height"] <= second["y"]
        assert second["y"] + second["height"] <= size[1]  # and it is seen without scrolling
        page.context.close()
    finally:
        serving.stop()


@pytest.mark.parametrize("beside", [True, False])
def test_the_second_press_of_card_hits_nothing_that_matters(
    browser: Browser, till: Till, address: str, beside: bool
) -> None:
    if beside:
        till.box.settings = msgspec.structs.replace(till.box.settings, standalone=Standalone("SumUp"))
    sale = till.press_tile(stock.PRINTS)
    page = look(browser, till, address)
    page.goto(f"{address}{sale}")
    pay_area = [page.locator("button", has_text=words).first.bounding_box() for words in ("Card", "Cash, exact", "€50")]
    till.post(f"{sale}/card", ordinal=1)
    page.goto(f"{address}{sale}")
    stop = page.locator("button", has_text="Stop the card payment").bounding_box()
    assert stop
    assert all(box and box["y"] + box["height"] <= stop["y"] for box in pay_area)
    page.context.close()
