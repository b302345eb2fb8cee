"""Every page of the buyers' app in every state, looked at by axe-core in Chromium: it finds nothing, by day or by night.

The pages are those of `buyer_tour`, which knows every route there is. In German, whose words are the longest.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.web import axe
from tests.web.buyer_tour import Tour
from tests.web.shown import PHONE, TABLET, Shown, shapes, shown

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]  # a busy machine is slow, not wrong


@pytest.fixture(scope="module")
def window(buyer_tour: Tour, browser: Browser) -> Iterator[Shown]:
    with shown(buyer_tour, browser, reduced_motion="reduce") as opened:
        yield opened


def test_axe_finds_nothing_on_any_page_by_day_or_by_night(buyer_tour: Tour, window: Shown) -> None:
    findings: list[str] = []
    for stop in shapes(buyer_tour, coloured=True):
        window.page.emulate_media(color_scheme="light")
        window.size(PHONE)
        page = window.open(stop)
        page.evaluate(axe.SOURCE)
        for scheme, size, rules in (
            ("light", PHONE, None),
            ("dark", PHONE, axe.OF_COLOUR),
            ("dark", TABLET, axe.OF_SIZE),
        ):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # one of its words
            window.size(size)
            findings += [f"{stop.name}, {scheme}, {size[0]} wide: {each}" for each in page.evaluate(axe.RUN, rules)]
    assert findings == []
