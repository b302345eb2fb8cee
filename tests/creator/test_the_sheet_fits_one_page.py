"""Printed by a real browser, the recovery sheet is one page of A4, black on white, whatever the creator's name is."""

from __future__ import annotations

import io
import re

import pytest
from PIL import Image, ImageChops
from playwright.sync_api import Browser

from stall.creator import sheet
from stall.creator.sheet import Sheet
from stall.wire import fingerprint, recovery
from stall.wire.keys import SigningKey

pytestmark = pytest.mark.browser
KEY = SigningKey.from_seed(bytes(range(32)))


def page_of(name: str) -> str:
    lines = recovery.encode(KEY.seed)
    return sheet.as_page(Sheet(name, KEY.did, fingerprint.of(KEY.public), lines, "2026-11-28"))


@pytest.mark.parametrize("name", ["Ada", "W" * 200])
def test_it_fits_whatever_the_name_is(browser: Browser, name: str) -> None:
    page = browser.new_page()
    page.set_content(page_of(name))
    printed = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", printed)) == 1
    width, height = map(float, re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", printed)[0])
    assert (round(width), round(height)) == (595, 842)  # points
    page.close()


def test_it_is_black_on_white_in_the_dark_too(browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 794, "height": 1123}, color_scheme="dark")
    page.set_content(page_of("Ada"))
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    assert picture.getpixel((0, 0)) == (255, 255, 255)
    red, green, blue = picture.split()
    assert red.getextrema() == (0, 255)
    assert ImageChops.difference(red, green).getbbox() is ImageChops.difference(green, blue).getbbox() is None
    page.close()
