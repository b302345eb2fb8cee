"""The shop window: what can be had first, each state in its own words, and light enough for a crowd."""

from __future__ import annotations

import gzip
import re
from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from stall.domain.drop import Offer
from stall.flows.switch_drop import close_drop
from stall.i18n import texts
from stall.i18n.languages import LANGUAGES
from stall.store import catalogue, previews
from stall.store.catalogue import DropCard
from tests.fakes.stock import EDITION, PRINTS, SAMPLER, ZINE, Stocked
from tests.web import phone

FIRST_VIEW_BYTES = 14_000
WITH_PICTURES_BYTES = 150_000


@pytest.fixture
def many(stocked_box: Stocked, monkeypatch: pytest.MonkeyPatch) -> list[DropCard]:
    """Thirty drops, in every state, as if they had come in this order."""
    one = next(
        card for card in catalogue.cards(stocked_box.box.db.read(), stocked_box.box.now_ms()) if card.drop_id == PRINTS
    )
    offers = [Offer.LATE, Offer.OPEN, Offer.EARLY, Offer.OPEN, Offer.PAUSED]
    found = [
        replace(
            one, drop_id=f"d-{n}", title=f"Thing {n}", offer=offers[n % 5], opens_ms=stocked_box.box.now_ms() + 60_000
        )
        for n in range(30)
    ]
    monkeypatch.setattr(catalogue, "cards", lambda conn, now_ms: found)
    return found


def tiles(page: str) -> list[str]:
    return re.findall(r'href="/d/([a-z0-9-]+)[?"]', page)


def test_what_can_be_had_comes_first_and_the_rest_keeps_its_order(buyer: FlaskClient, many: list[DropCard]) -> None:
    shown = tiles(buyer.get("/").text)
    parts = ([Offer.OPEN], [Offer.EARLY, Offer.PAUSED], [Offer.LATE])
    assert shown == [card.drop_id for part in parts for card in many if card.offer in part]


def test_pictures_beyond_the_first_screen_wait_and_all_keep_their_room(
    buyer: FlaskClient, many: list[DropCard]
) -> None:
    pictures = re.findall(r"<img [^>]+>", buyer.get("/").text)
    assert len(pictures) == len(many)
    assert ['loading="lazy"' in picture for picture in pictures] == [False] * 4 + [True] * 26
    assert all(re.search(r'width="\d+" height="\d+"', picture) for picture in pictures)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_first_view_of_thirty_is_light_in_every_language(
    buyer: FlaskClient, many: list[DropCard], lang: str
) -> None:
    page = buyer.get(f"/?lang={lang}")
    parts = [page.data, *(buyer.get(at, buffered=True).data for at in _needed(page.text))]
    assert sum(len(gzip.compress(part, 6)) for part in parts) <= FIRST_VIEW_BYTES
    assert "<script" not in page.text


def _needed(page: str) -> list[str]:
    found = re.findall(r'<(?:link rel="(?:stylesheet|icon)"|script)[^>]* (?:href|src)="([^"]+)"', page)
    assert len(found) == 3
    assert all("?v=" in address for address in found), "what is kept for ever carries its digest"
    return found


@pytest.mark.parametrize("open_ones", range(1, 8))
def test_the_first_screen_is_light_with_its_pictures_whatever_is_in_them(
    buyer: FlaskClient, many: list[DropCard], monkeypatch: pytest.MonkeyPatch, open_ones: int
) -> None:
    shown = [replace(card, offer=Offer.OPEN) for card in many[:open_ones]]
    monkeypatch.setattr(catalogue, "cards", lambda conn, now_ms: shown)
    pictures = re.findall(r'<img src="/cover/[0-9a-f]{64}(-480)?\.jpg"([^>]+)>', buyer.get("/").text)
    at_once = [previews.TILE_BYTES if tile else previews.COVER_BYTES for tile, rest in pictures if "lazy" not in rest]
    assert len(at_once) == min(open_ones, 3 if open_ones % 2 else 4)
    assert FIRST_VIEW_BYTES + sum(at_once) <= WITH_PICTURES_BYTES


def test_a_stall_with_nothing_says_so_and_offers_to_look_again(
    buyer: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogue, "cards", lambda conn, now_ms: [])
    for lang in LANGUAGES:
        page = buyer.get(f"/?lang={lang}").text
        assert texts.text(lang, "catalogue.empty") in page
        assert f'class="button" href="/?lang={lang}"' in page


def test_a_stall_where_all_is_gone_leads_to_what_was_bought(
    buyer: FlaskClient, stocked_box: Stocked, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(EDITION):
        phone.sell(stocked_box, PRINTS)
    whole = catalogue.cards(stocked_box.box.db.read(), stocked_box.box.now_ms())
    monkeypatch.setattr(catalogue, "cards", lambda conn, now_ms: [card for card in whole if card.drop_id == PRINTS])
    page = buyer.get("/").text
    assert "Everything here is gone." in page
    assert 'class="button" href="/t"' in page


def test_a_stall_taking_a_break_is_not_one_that_opens_soon(
    buyer: FlaskClient, stocked_box: Stocked, many: list[DropCard], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        catalogue, "cards", lambda conn, now_ms: [card for card in many if card.offer is not Offer.OPEN]
    )
    assert "It opens soon." in buyer.get("/").text
    monkeypatch.undo()
    for drop in (PRINTS, ZINE, SAMPLER):
        stocked_box.box.write("payment", lambda tx, drop=drop: close_drop(tx, drop))  # type: ignore[misc]  # mypy cannot infer a lambda's default
    page = buyer.get("/").text
    assert "Nothing can be had right now." in page
    assert "Ask at the stall when it goes on." in page


def test_what_is_not_to_be_had_has_a_sign_beside_its_words(buyer: FlaskClient, many: list[DropCard]) -> None:
    said = re.findall(
        r'<li class="(\w+)"><a href="/d/.*?<span class="said">(.*?)</span>', buyer.get("/").text, re.DOTALL
    )
    assert {tone: "<svg" in words for tone, words in said} == {"few": False, "soon": True, "over": True}


def test_this_page_explains_the_stall_in_every_language(buyer: FlaskClient) -> None:
    for lang in LANGUAGES:
        page = buyer.get(f"/about?lang={lang}").text
        for key in ("about.net", "about.buy", "about.cert", "about.data", "about.again", "about.help"):
            assert texts.text(lang, key) in page
        assert "127.0.0.1:8000" in page
        assert 'href="/verify.html"' in page
