"""Receipt and certificate at their worst, on the narrowest phone and on A4: nothing is wider than the page, one sheet says it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from secrets import token_bytes

import msgspec
import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Browser

from stall.domain.product import ProductKind
from stall.flows.begin_return import begin_return
from stall.flows.claim import redeem_order
from stall.flows.fill_basket import AnyWish, ProductWish, Wish, fill_basket
from stall.flows.keep_products import Draft, save_product
from stall.flows.pay_back import pay_back_cash
from stall.flows.take_cash import take_cash
from stall.store import claims, sales
from stall.store.db import Tx
from stall.web import ids
from tests.fakes.stock import PRINTS, ZINE, Stocked

LONG = "Donaudampfschifffahrtsgesellschaft" * 3
MOST_LINES = 200
DEAR = 12_345_678


@dataclass(frozen=True)
class Hard:
    """Addresses: a receipt of many lines, what came back of a dear thing, and two certificates."""

    many: str
    dear: str
    refund: str
    numbered: str
    copy: str

    def all(self) -> list[str]:
        return [self.many, self.dear, self.refund, self.numbered, self.copy]


def _sold(tx: Tx) -> tuple[int, int, int]:
    save_product(tx, Draft("dear", LONG, ProductKind.ITEM, DEAR, "EUR", 1900))
    save_product(tx, Draft("card", "Postcard", ProductKind.ITEM, 120, "EUR", 700))
    wishes: list[AnyWish] = [
        Wish(PRINTS, 2),
        Wish(ZINE, 3),
        *(ProductWish("card", 1 + at % 3) for at in range(MOST_LINES - 3)),
    ]
    many = fill_basket(tx, wishes, origin="till", vat_bp=1900)
    take_cash(tx, many, 1, 10**7)
    redeem_order(tx, many, token_bytes(16))
    dear = fill_basket(tx, [ProductWish("dear", 4), ProductWish("card", 1)], origin="till", vat_bp=1900)
    take_cash(tx, dear, 1, 10**8)
    back = begin_return(tx, dear, {0: 3})
    pay_back_cash(tx, back, 1, "maker")
    return many, dear, back


@pytest.fixture
def hard(stocked_box: Stocked) -> Hard:
    box = stocked_box.box
    box.settings = msgspec.structs.replace(box.settings, seller=f"Salt & Paper, {LONG}", place=LONG)
    many, dear, back = box.write("payment", _sold)
    conn = box.db.read()
    receipts = [
        f"/r/{ids.receipt_id(box.secrets, sales.get(conn, no).receipt_event or 0)}" for no in (many, dear, back)
    ]
    found = {one.ed: one.certificate for one in claims.bought(conn, many)}
    numbered, copy = (f"/c/{(found[ed] or b'').hex()}" for ed in (1, None))
    return Hard(receipts[0], receipts[1], receipts[2], numbered, copy)


def test_a_receipt_says_what_came_back_and_of_how_many(buyer: FlaskClient, hard: Hard) -> None:
    page = buyer.get(f"{hard.dear}?lang=de").text
    assert "3 von 4 zurückgegeben" in page
    assert "Ein Teil davon wurde zurückgegeben." in page
    assert f'href="{hard.refund}?lang=de"' in page
    back = buyer.get(f"{hard.refund}?lang=de").text
    assert "-370.370,34\u00a0€" in back
    assert "Erstattung" in back
    assert f'href="{hard.dear}?lang=de"' in back


def test_two_hundred_lines_stand_on_a_receipt(buyer: FlaskClient, hard: Hard) -> None:
    page = buyer.get(hard.many).text
    assert page.count("<tr>") >= MOST_LINES
    assert page.count("No. ") >= 2


@pytest.mark.browser
def test_nothing_is_wider_than_a_small_phone(browser: Browser, address: str, hard: Hard) -> None:
    context = browser.new_context(viewport={"width": 320, "height": 568}, java_script_enabled=True)
    page = context.new_page()
    for path in hard.all():
        for lang in ("de", "pl", "ja"):
            page.goto(f"{address}{path}?lang={lang}")
            assert page.evaluate("document.documentElement.scrollWidth") <= 320, (path, lang)
            wide = page.evaluate(
                "[...document.querySelectorAll('main *')].filter(e => e.getBoundingClientRect().right > 320.5 && !e.closest('.hidden')).length"
            )
            assert wide == 0, (path, lang)
    context.close()


@pytest.mark.browser
def test_the_number_stands_beside_the_seal_on_a_phone(browser: Browser, address: str, hard: Hard) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(f"{address}{hard.numbered}")
    seal, number = page.locator(".seal").bounding_box(), page.locator(".face .number").bounding_box()
    assert seal is not None
    assert number is not None
    assert seal["width"] >= 170
    assert number["x"] >= seal["x"] + seal["width"]
    context.close()


@pytest.mark.browser
def test_a_certificate_prints_on_one_sheet_and_a_long_receipt_with_its_head_on_each(
    browser: Browser, address: str, stocked_box: Stocked, hard: Hard
) -> None:
    page = browser.new_page()
    stocked_box.box.settings = msgspec.structs.replace(stocked_box.box.settings, place="Old Quay")
    for lang in ("en", "de", "fr", "ja"):
        page.goto(f"{address}{hard.numbered}?lang={lang}")
        assert sheets(page.pdf(prefer_css_page_size=True)) == 1, lang
    page.goto(address + hard.many)
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.querySelector('thead')).display") == "table-header-group"
    assert page.evaluate("getComputedStyle(document.querySelector('.sign')).display") == "none"
    assert 3 <= sheets(page.pdf(prefer_css_page_size=True)) <= 12
    page.close()


def sheets(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", pdf))
