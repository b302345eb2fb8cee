"""Which language a buyer's page is in, and that a choice stays."""

from __future__ import annotations

import pytest
from flask import Flask

from stall.errors import Refused
from stall.web import language


@pytest.fixture
def app() -> Flask:
    return Flask("languages")


@pytest.mark.parametrize(
    ("header", "lang"),
    [
        ("", "en"), ("de-AT,de;q=0.9,en;q=0.8", "de"), ("pt-BR,pt;q=0.9", "en"), ("pt,fr;q=0.4", "fr"), ("ja", "ja"), ("zh-TW,ja;q=0.1", "ja"),
        ("en;q=0.1,nl;q=0.9", "nl"), ("*", "en"), (";;;q=x,,", "en"), ("pl" * 5000, "en"), ("DE", "de"),
    ],
)  # fmt: skip
def test_a_phone_says_what_it_speaks(app: Flask, header: str, lang: str) -> None:
    with app.test_request_context("/", headers={"Accept-Language": header}):
        assert language.current() == lang
        assert language.at("/t") == "/t"


def test_a_choice_stays_in_the_address(app: Flask) -> None:
    with app.test_request_context("/?lang=fr", headers={"Accept-Language": "de"}):
        assert language.current() == "fr"
        assert language.at("/d/x") == "/d/x?lang=fr"
        assert language.at("/d/x?o=1#get") == "/d/x?o=1&lang=fr#get"


@pytest.mark.parametrize("asked", ["xx", "", "de%0d%0aX", "../de"])
def test_what_is_no_language_is_no_choice(app: Flask, asked: str) -> None:
    with app.test_request_context(f"/?lang={asked}", headers={"Accept-Language": "it"}):
        assert language.current() == "it"
        assert language.at("/") == "/"


def test_facts_are_escaped(app: Flask) -> None:
    with app.test_request_context("/?lang=de"):
        assert str(language.t("common.about_s", s="<b>")) == "etwa &lt;b&gt;\N{NO-BREAK SPACE}s"


def test_an_error_without_a_text_of_its_own_is_told_as_it_was_written(app: Flask) -> None:
    with app.test_request_context("/?lang=de"):
        assert str(language.error(Refused("something-rare", "It <b> was refused."))) == "It &lt;b&gt; was refused."
