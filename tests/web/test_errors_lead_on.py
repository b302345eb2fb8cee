"""What a buyer reads when something does not go: in their language, with its status, and with a way on."""

from __future__ import annotations

import re
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from stall.errors import Broken, Refused, Retry, StallError
from stall.i18n import texts
from stall.i18n.languages import LANGUAGES
from stall.web import error_pages
from stall.web.factory import create_buyer_app, shop_of
from tests.fakes.stock import EDITION, PRINTS, ZINE, Stocked
from tests.web import phone


def way_on(page: TestResponse) -> tuple[str, str]:
    """Where the button of an error page leads, and what it says."""
    found = re.search(r'<a class="button" href="([^"]+)">([^<]+)</a>', page.text)
    assert found, page.text
    return unescape(found[1]), unescape(found[2])


@pytest.mark.parametrize("lang", LANGUAGES)
def test_one_page_tells_of_whatever_was_not_found(buyer: FlaskClient, lang: str) -> None:
    told = {
        buyer.get(f"{address}?lang={lang}").text
        for address in (
            "/nowhere", "/o/AAAAAAAAAAAAAAAAAAAAAA", "/o/x", "/g/AAAAAAAAAAAAAAAAAAAAAA", "/r/AAAAAAAAAAAAAAAAAAAAAA", "/d/nothing", "/a/b/c",
            "/c/00000000-0000-4000-8000-000000000000", "/nowhere?q=1&b=2".partition("?")[0],
        )
    }  # fmt: skip
    assert len(told) == 1
    assert texts.text(lang, "error.page-unknown") in unescape(told.pop())


def test_what_was_asked_of_nowhere_is_not_told_back(buyer: FlaskClient) -> None:
    asked = buyer.get("/nowhere?secret=1&lang=de")
    assert (asked.status_code, "secret" in asked.text) == (404, False)
    assert asked.text == buyer.get("/elsewhere?lang=de").text
    assert way_on(asked) == ("/?lang=de", "Sehen, was auf dem Tisch liegt")


def test_a_sold_out_thing_is_named_and_leads_to_the_others(buyer: FlaskClient, stocked_box: Stocked) -> None:
    press = phone.press_of(buyer.get(f"/d/{PRINTS}"))
    for _ in range(EDITION):
        phone.sell(stocked_box, PRINTS)
    refused = buyer.post(f"/d/{PRINTS}/order?lang=fr", data={"press": press})
    assert refused.status_code == 409
    assert "Harbour Prints : épuisé." in refused.text.replace("\u00a0", " ")
    assert way_on(refused)[0] == "/?lang=fr"


@pytest.mark.parametrize(
    ("ed", "said"), [("99", "Harbour Prints hat die Nummern 1 bis 5."), ("x", "Das ist keine Nummer.")]
)
def test_a_number_that_is_none_leads_back_to_the_thing(buyer: FlaskClient, ed: str, said: str) -> None:
    press = phone.press_of(buyer.get(f"/d/{PRINTS}"))
    refused = buyer.post(f"/d/{PRINTS}/order?lang=de", data={"press": press, "ed": ed})
    assert refused.status_code == 400
    assert said in refused.text
    assert way_on(refused) == (f"/d/{PRINTS}?lang=de", "Zurück zum Stück")


def test_an_order_that_is_not_paid_leads_back_to_itself(buyer: FlaskClient) -> None:
    order = phone.order(buyer, ZINE)
    refused = buyer.post(f"{order}/claim", data={"press": order.rsplit("/", 1)[-1]})
    assert refused.status_code == 409
    assert way_on(refused) == (order, "Back to your order")


@pytest.fixture
def failing(stocked_box: Stocked) -> FlaskClient:
    """A stall with a page for every kind of trouble."""
    app: Flask = create_buyer_app(stocked_box.box)
    troubles: dict[str, StallError] = {
        "busy": Retry("writer-busy", "The stall is very busy.", 4.6),
        "often": Retry("too-many-tries", "That was too often.", 2.0),
        "broken": Broken("disk-full", "The disk of /home/maker is full."),
        "rare": Refused("something-rare", "Something rare was refused."),
    }

    def fail(what: str) -> str:
        raise troubles[what]

    app.add_url_rule("/fail/<what>", view_func=fail, methods=["GET", "POST"])
    shop_of(app).stop()
    return app.test_client()


@pytest.mark.parametrize(("what", "status", "wait"), [("busy", 503, 5), ("often", 429, 2)])
def test_who_shall_wait_is_told_how_long_and_comes_back_to_the_same_page(
    failing: FlaskClient, what: str, status: int, wait: int
) -> None:
    told = failing.get(f"/fail/{what}?b=1&lang=pl")
    assert (told.status_code, told.headers["Retry-After"]) == (status, str(wait))
    assert texts.text("pl", "error.in_seconds", n=wait) in told.text
    assert way_on(told) == ("?b=1&lang=pl", "Spróbuj ponownie")


def test_what_is_wrong_inside_is_told_as_a_fault_and_nothing_of_it(failing: FlaskClient) -> None:
    told = failing.get("/fail/broken?lang=nl")
    assert told.status_code == 500
    assert texts.text("nl", "error.page-fault") in told.text
    assert "/home/maker" not in told.text
    assert "disk-full" in told.text
    assert way_on(told)[0] == "/?lang=nl"


def test_a_refusal_nobody_wrote_words_for_still_says_what_to_do(failing: FlaskClient) -> None:
    assert "Something rare was refused." in failing.get("/fail/rare?lang=ja").text


def test_no_error_is_kept_by_anybody(failing: FlaskClient) -> None:
    assert failing.get("/fail/busy").headers["Cache-Control"] == "no-store"
    assert error_pages.wait_s(Broken("page-fault", "It broke.")) == 0
