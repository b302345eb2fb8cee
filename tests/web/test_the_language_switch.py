"""The frame around every buyers' page: its language, the switch, and help in the same place."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import urljoin

import pytest
from flask.testing import FlaskClient

from stall.i18n.languages import LANGUAGES
from tests.fakes.stock import PRINTS

SWITCH = re.compile(r'<a href="([^"]+)" lang="([a-z]+)" hreflang="([a-z]+)">')


def switch(page: str) -> dict[str, str]:
    """Where the switch leads, by language."""
    found = SWITCH.findall(page)
    assert all(lang == hreflang for _, lang, hreflang in found)
    return {lang: unescape(href) for href, lang, _ in found}


@pytest.mark.parametrize("address", ["/", f"/d/{PRINTS}", "/t", "/nowhere"])
def test_every_page_can_be_had_in_every_language(buyer: FlaskClient, address: str) -> None:
    ways = switch(buyer.get(address, headers={"Accept-Language": "fr"}).text)
    assert sorted([*ways, "fr"]) == sorted(LANGUAGES)
    for lang, href in ways.items():
        page = buyer.get(urljoin(address, href)).text
        assert f'<html lang="{lang}">' in page
        assert lang not in switch(page)


def test_the_switch_keeps_what_else_stands_in_the_address(buyer: FlaskClient) -> None:
    ways = switch(buyer.get("/t?b=x%26y&lang=de&b=2").text)
    assert ways["fr"] == "?b=x%26y&b=2&lang=fr"


def test_an_answer_to_a_button_leads_to_a_page_that_can_be_asked_for(buyer: FlaskClient) -> None:
    refused = buyer.post(f"/d/{PRINTS}/order", data={"press": "broken"})
    assert switch(refused.text)["de"] == "/?lang=de"
    typed = buyer.post("/t", data={"code": "nonsense"})
    assert switch(typed.text)["de"] == "?lang=de"


def test_a_choice_goes_along_with_every_link_of_the_frame(buyer: FlaskClient) -> None:
    page = buyer.get("/?lang=pl").text
    assert 'href="/t?lang=pl"' in page
    assert f'href="/d/{PRINTS}?lang=pl"' in page
    assert 'href="/?lang=pl"' in buyer.get(f"/d/{PRINTS}?lang=pl").text


def test_help_stands_in_the_same_place_on_every_page(buyer: FlaskClient) -> None:
    links = []
    for address in ("/", f"/d/{PRINTS}", "/t", "/nowhere"):
        foot = buyer.get(address).text.partition('<footer class="foot">')[2]
        links.append([href for href in re.findall(r'href="(/[^"]*)"', foot) if not href.startswith("/?")])
    assert all(found == ["/t", "/about"] for found in links)


def test_a_keyboard_can_skip_to_the_content(buyer: FlaskClient) -> None:
    page = buyer.get("/").text
    body = page.partition("<body>")[2]
    assert re.search(r"<a [^>]*>", body)[0] == '<a class="skip" href="#main">'  # type: ignore[index]  # there are links
    assert '<main id="main">' in body
