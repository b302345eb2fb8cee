"""Every page of the till, looked at by axe-core in Chromium: it finds nothing, in no scheme, on no screen.

The pages come from the app's own map of addresses, so that a new one cannot be forgotten: give it an address in `_addresses`.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest
from playwright.sync_api import Browser, BrowserContext

from stall import runtime
from stall.box.printer import status
from stall.domain.drawer import Way
from stall.domain.payment import Reason
from stall.flows import card_attempt, print_paper
from stall.flows.fill_basket import Wish, fill_basket
from stall.settings import Standalone
from stall.store import print_jobs
from stall.web import serve
from stall.web.till.app import create_till_app
from tests.fakes import stock
from tests.fakes.stock import Stocked
from tests.flows import closing, selling
from tests.web import air, axe, crew
from tests.web.till_pages import Till, approve, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]  # a busy machine is slow, not wrong

PHONE, TABLET = (390, 844), (1024, 768)
SCHEMES = ("light", "dark", "outdoor")
#: Answers that are no page: data, pictures, files.
NO_PAGES = {
    "static", "cover", "state", "till_pay.state", "till_reports.as_pdf", "till_reports.as_csv", "till_reports.as_json", "till_reports.receipts",
}  # fmt: skip
#: Seen by whoever is not signed in.
SIGNED_OUT = {"sign in"}
SET_SCHEME = "scheme => scheme ? document.documentElement.dataset.scheme = scheme : delete document.documentElement.dataset.scheme"


def _sales(till: Till) -> dict[str, str]:
    """A sale at every stage its page has, by name."""
    at: dict[str, str] = {}
    at["to pay"] = till.press_tile(stock.PRINTS)
    till.press_tile(stock.ZINE, add=at["to pay"].rsplit("/", 1)[1])
    at["put aside"] = till.press_product("both")
    till.post(f"{at['put aside']}/park", press=till.press(at["put aside"]))
    at["part paid"] = till.press_product("both")
    till.post(f"{at['part paid']}/cash", ordinal=1, part="1")
    at["voucher"] = till.press_product("gift", amount="20")
    till.post(f"{at['voucher']}/cash", ordinal=1, given="20")
    at["to hand back"] = till.client.post("/sale", data={"press": till.press("/"), "back": "cup"}).location
    at["paid in cash"] = till.press_tile(stock.ZINE)
    till.post(f"{at['paid in cash']}/cash", ordinal=1, given="20")
    at["given free"] = till.press_tile(stock.ZINE)
    till.post(f"{at['given free']}/comp", ordinal=1, pin=stock.PIN, free=1)
    at["dropped"] = till.press_tile(stock.ZINE)
    till.post(f"{at['dropped']}/drop")
    at["declined"] = till.press_tile(stock.PRINTS)
    till.post(f"{at['declined']}/card", ordinal=1)
    till.terminal(card_attempt.send, lambda tx, no: card_attempt.decline(tx, no, Reason.DECLINED))
    at["paid by card"] = till.press_tile(stock.PRINTS)
    till.post(f"{at['paid by card']}/card", ordinal=1)
    till.terminal(card_attempt.send, approve, card_attempt.pay)
    at["unknown"] = till.press_tile(stock.PRINTS)
    till.post(f"{at['unknown']}/card", ordinal=1)
    till.terminal(card_attempt.send, lambda tx, no: card_attempt.doubt(tx, no, Reason.READER_LOST))
    return at


def _print(till: Till, sale: str) -> None:
    """A printer without paper, and a receipt that may have come out before it ended."""
    till.write(lambda tx: print_paper.report(tx, "attention", status.NO_PAPER.sentence, auto=False, drawer=True))
    assert till.post(f"{sale}/print", press=till.press_of(f"{sale}/print", sale)).status_code == 303
    job = print_jobs.newest(till.box.db.read(), 1)[0]
    assert till.write(lambda tx: print_paper.begin(tx, job, 0))
    till.write(print_paper.tell_interrupted)


def _addresses(till: Till) -> dict[str, str]:
    """At least one address for each page there is, by what stands on it."""
    sales = _sales(till)
    closing.put_float(till.box)
    closing.move(till.box, Way.OUT, 700, "supplies")
    closing.close(till.box, despite_open=True)
    _print(till, sales["paid in cash"])
    return {
        "sign in": "/sign-in",
        "locked": "/locked",
        "tiles": "/",
        "tiles sought": "/?q=zine",
        "nothing sought": "/?q=nothing+like+it",
        "price": "/price/gift",
        "last sales": "/last",
        "more": "/more",
        "line": f"{sales['to pay']}/line/0",
        "adding": f"/?add={sales['to pay'].rsplit('/', 1)[1]}",
        **sales,
        "separate reader": f"{sales['to pay']}/standalone",
        "give back": f"{sales['paid by card']}/back",
        "drops": "/drops",
        "clock": "/clock",
        "box": "/box",
        "switch off": "/box/off",
        "day": "/day",
        "day, everything": "/day/all",
        "at risk": "/at-risk",
        "owed": "/owed",
        "products": "/products",
        "new product": "/products/new",
        "product": "/products/1",
        "bundle": "/products/2",
        "people": "/people",
        "own PIN": "/pin",
        "devices": "/devices",
        "trail": "/trail",
        "enrol": "/enrol",
        "printer": "/printer",
        "Wi-Fi": "/wifi",
        "drawer": "/shift",
        "count": "/shift/count",
        "close": "/shift/close",
        "reports": "/z",
        "report": "/z/1",
        "report on paper": "/z/1/print",
        "take back": f"{sales['paid in cash']}/return",
        "nothing": "/nothing-here",
    }


@pytest.fixture(scope="module")
def till(stocked_folder: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Till]:
    from pathlib import Path

    stocked: Stocked = stock.copy(Path(str(stocked_folder)), tmp_path_factory.mktemp("axe") / "box")
    stocked.box.settings = msgspec.structs.replace(stocked.box.settings, standalone=Standalone("SumUp"))
    crew.hire(stocked.box)
    made = Till(stocked)
    made.plug_in_reader()
    made.write(selling.add_products)
    made.write(lambda tx: fill_basket(tx, [Wish(stock.ZINE)], origin="buyer", vat_bp=1900))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runtime, "told", lambda name: air.TROUBLE.get(name, {}))
        yield made
    stocked.box.close()


@pytest.fixture(scope="module")
def pages(till: Till) -> dict[str, str]:
    return _addresses(till)


def test_every_page_of_the_till_is_among_them(till: Till, pages: dict[str, str]) -> None:
    urls = till.client.application.url_map
    shown = {rule.endpoint for rule in urls.iter_rules() if "GET" in (rule.methods or set())} - NO_PAGES
    bound = urls.bind("localhost")
    seen = {bound.match(address.split("?")[0])[0] for name, address in pages.items() if name != "nothing"}
    assert shown - seen == set()


@pytest.fixture(scope="module")
def context(browser: Browser, till: Till) -> Iterator[tuple[BrowserContext, str]]:
    sock = serve.listen("127.0.0.1", 0)
    serving = serve.Serving(till.client.application, sock, "till", 4)
    address = f"http://127.0.0.1:{sock.getsockname()[1]}"
    made = browser.new_context(reduced_motion="reduce")
    made.set_default_timeout(20_000)
    yield made, address
    made.close()
    serving.stop()


@pytest.mark.timeout(240)  # six looks at each of some fifty pages
def test_axe_finds_nothing_on_any_page_in_any_scheme_on_any_screen(
    till: Till, context: tuple[BrowserContext, str], pages: dict[str, str]
) -> None:
    browsing, site = context
    locked = sign_in(till.box)
    other = till.client.application.test_client()
    other.set_cookie("stall", locked)
    assert other.post("/lock", headers={"Origin": "http://localhost"}).status_code == 303
    page = browsing.new_page()
    other_phones = create_till_app(till.box, remote=True).test_client().get("/enrol", base_url="https://127.0.0.1").text
    page.route("**/enrol", lambda route: route.fulfill(body=other_phones, content_type="text/html"))
    findings: list[str] = []
    for name, address in pages.items():
        browsing.clear_cookies()
        if name not in SIGNED_OUT:
            token = locked if name == "locked" else till.token
            browsing.add_cookies([{"name": "stall", "value": token, "url": site}])
        page.emulate_media(color_scheme="light")
        page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
        page.goto("about:blank")  # so that no script of the page before turns it
        page.goto(site + address)
        assert page.url == site + address, name
        page.evaluate(axe.SOURCE)
        for size, schemes in ((PHONE, SCHEMES), (TABLET, SCHEMES[:1])):  # a colour does not change with the screen
            page.set_viewport_size({"width": size[0], "height": size[1]})
            for scheme in schemes:
                page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
                page.evaluate(SET_SCHEME, scheme if scheme == "outdoor" else "")
                once = scheme == "light"
                rules = None if once and size is PHONE else [*axe.OF_COLOUR, *(axe.OF_SIZE if once else [])]
                findings += [f"{name}, {scheme}, {size[0]} wide: {each}" for each in page.evaluate(axe.RUN, rules)]
    assert findings == []
