"""Every page of the buyers' app by keyboard, zoomed in, on a narrow phone, and for whoever wants nothing to move."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.chromium import FLAGS
from tests.web.buyer_tour import Tour
from tests.web.shown import NARROW, PHONE, Shown, shapes, shown

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]  # a busy machine is slow, not wrong

#: The size of text (px) where nobody chose one.
USUAL_PX = 16
#: A player has so many buttons of its own, at most.
_PLAYER = 8
#: What the Tab key should reach, in the order of the page; what is closed away is not among it.
REACHED = """() => [...document.querySelectorAll('a[href], button, input, select, textarea, summary, audio[controls], video[controls], [tabindex="0"]')]
  .filter(e => !e.disabled && e.type !== 'hidden' && e.tabIndex >= 0 && e.checkVisibility({visibilityProperty: true}))
  .map((e, n) => { e.dataset.nth = n; return n; })"""
#: The focused element: its place among those, and whether a line is drawn around it that can be told from the page.
FOCUSED = """() => { const e = document.activeElement; if (!e || e === document.body) return null;
  const s = getComputedStyle(e), drawn = s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2;
  const b = e.getBoundingClientRect(), across = (Math.max(b.left, 0) + Math.min(b.right, innerWidth)) / 2, at = [b.top + 3, (b.top + b.bottom) / 2, b.bottom - 3];
  const uncovered = at.some(y => { const hit = document.elementFromPoint(across, y); return hit && (e.contains(hit) || hit.contains(e)); });
  return {nth: e.dataset.nth === undefined ? null : +e.dataset.nth, drawn, seen: b.width > 0 && b.height > 0 && uncovered, html: e.outerHTML.slice(0, 120)}; }"""
#: Targets under 24 px that are no link within a sentence (WCAG 2.2, 2.5.8).
SMALL = """() => [...document.querySelectorAll('a[href], button, input, select, textarea, summary')]
  .filter(e => e.type !== 'hidden' && e.checkVisibility() && getComputedStyle(e).display !== 'inline' && !e.matches('.skip'))
  .map(e => [e, e.getBoundingClientRect()]).filter(([e, b]) => b.width < 24 || b.height < 24).map(([e, b]) => `${e.outerHTML.slice(0, 100)} ${b.width}x${b.height}`)"""
WIDER = """() => { const wide = document.documentElement.scrollWidth; return wide <= innerWidth ? [] : [`${wide} of ${innerWidth}`,
  ...[...document.querySelectorAll('main *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1).slice(0, 3).map(e => e.outerHTML.slice(0, 100))]; }"""
MOVES = """() => [...document.getAnimations().map(a => a.effect?.target?.outerHTML.slice(0, 100) ?? 'something'),
  ...[...document.querySelectorAll('*')].filter(e => { const s = getComputedStyle(e);
    return (s.animationName !== 'none' && parseFloat(s.animationDuration) > 0.01) || s.transitionDuration.split(',').some(t => parseFloat(t) > 0.01); })
   .map(e => e.outerHTML.slice(0, 100))]"""


@pytest.fixture(scope="module")
def window(buyer_tour: Tour, browser: Browser) -> Iterator[Shown]:
    with shown(buyer_tour, browser, reduced_motion="reduce") as opened:
        yield opened


def test_every_page_by_keyboard_on_a_narrow_phone_and_standing_still(buyer_tour: Tour, window: Shown) -> None:
    wrong: list[str] = []
    for stop in shapes(buyer_tour):
        window.size(PHONE)
        page = window.open(stop)
        wrong += [f"{stop.name}: {each}" for each in _by_keyboard(page)]
        wrong += [f"{stop.name} moves: {each}" for each in page.evaluate(MOVES)]
        window.size(NARROW)
        wrong += [f"{stop.name}, 320 px: {each}" for each in page.evaluate(WIDER)]
        wrong += [f"{stop.name}, too small to hit: {each}" for each in page.evaluate(SMALL)]
    assert wrong == []


def test_nothing_is_wider_than_the_narrowest_phone_in_japanese(buyer_tour: Tour, window: Shown) -> None:
    """Its lines break anywhere, and its words have no spaces."""
    wrong: list[str] = []
    for stop in shapes(buyer_tour, "ja"):
        window.size(NARROW)
        wrong += [f"{stop.name}: {each}" for each in window.open(stop, "ja").evaluate(WIDER)]
    assert wrong == []


def test_nothing_is_wider_than_the_phone_when_its_text_is_set_twice_as_large(
    buyer_tour: Tour, browser: Browser, chromium: str
) -> None:
    """As in the settings of a phone or a browser; not a wider page to move about on, but the same one with larger words."""
    wrong: list[str] = []
    set_large = f"--blink-settings=defaultFontSize={2 * USUAL_PX}"
    large = browser.browser_type.launch(executable_path=chromium, args=[*FLAGS, set_large])
    with shown(buyer_tour, large) as window:
        for stop in shapes(buyer_tour):
            page = window.open(stop)
            wrong += [f"{stop.name}: {each}" for each in page.evaluate(WIDER)]
            size = page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)")
            if size < 2 * USUAL_PX and "display" not in stop.name:  # that is as large as its screen
                wrong.append(f"{stop.name}: its text stays at {size} px")
    large.close()
    assert wrong == []


def test_the_first_tab_leads_past_the_head_to_what_the_page_is_for(buyer_tour: Tour, window: Shown) -> None:
    window.size(PHONE)
    for stop in shapes(buyer_tour)[::8]:  # written once, in the page all others are made from
        page = window.open(stop)
        if page.locator(".sign").count():
            page.keyboard.press("Tab")
            page.keyboard.press("Enter")
            page.keyboard.press("Tab")
            assert page.evaluate("location.hash === '#main' && !document.activeElement.closest('.sign')"), stop.name


def _by_keyboard(page: Page) -> Iterator[str]:
    """What the Tab key does not reach, in the order of the page, and where it does not show that it is there."""
    expected = page.evaluate(REACHED)
    seen: list[int] = []
    for _ in range(len(expected) + _PLAYER * page.locator("audio, video").count() + 1):
        page.keyboard.press("Tab")
        at = page.evaluate(FOCUSED)
        if seen and at is not None and at["nth"] == seen[-1]:
            continue  # on a button inside a player
        if at is None or at["nth"] is None or at["nth"] in seen:
            break
        if not seen and page.locator(".sign").count() and "skip" not in at["html"]:
            yield f"no way past the head: {at['html']}"
        seen.append(at["nth"])
        if not (at["drawn"] and at["seen"]):
            yield f"no sign of the focus on {at['html']}, or something lies over it"
    if seen != expected:
        yield f"{seen} of {expected}"
