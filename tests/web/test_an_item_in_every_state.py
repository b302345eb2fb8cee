"""The page of an item as it stands: open, early, closing, late, paused, being paid, sold out; in several languages, without script."""

from __future__ import annotations

import json
import re

import pytest
from flask.testing import FlaskClient

from stall.flows.hold_numbers import hold_numbers
from stall.flows.switch_drop import close_drop
from stall.store import goods, sales
from tests.fakes import gallery
from tests.fakes.gallery import GALLERY
from tests.fakes.stock import PRINTS, SAMPLER, ZINE, Stocked
from tests.web import phone

PAGE = f"/d/{GALLERY}"
MINUTE_MS = 60_000


@pytest.fixture
def hung(stocked_box: Stocked) -> Stocked:
    gallery.hang(stocked_box, edition=2)
    return stocked_box


def set_window(stocked: Stocked, *, opens_in_ms: int | None = None, closes_in_ms: int | None = None) -> None:
    now = stocked.box.now_ms()
    with stocked.box.db.transaction() as tx:
        for column, far in (("opens_ms", opens_in_ms), ("closes_ms", closes_in_ms)):
            if far is not None:
                tx.conn.execute(f"UPDATE packs SET {column} = ? WHERE title = ?", (now + far, gallery.TITLE))


def refresh_of(page: str) -> int | None:
    found = re.search(r'<noscript><meta http-equiv="refresh" content="(\d+)"></noscript>', page)
    return None if found is None else int(found[1])


def offers_something_else(page: str) -> bool:
    return (
        all(f'href="/d/{other}' in page for other in (PRINTS, ZINE, SAMPLER)) and "/cover/" in page.split("others")[1]
    )


def test_the_language_of_the_makers_words_is_said_and_ends_where_it_does(buyer: FlaskClient, hung: Stocked) -> None:
    """It is signed as letters and hyphens; a table that says otherwise still writes no tag of its own."""
    for said, written in (
        ("nb-NO", 'lang="nb-NO"'),
        ('x"><script>', 'lang="x&#34;&gt;&lt;script&gt;"'),
        (None, "<h1>"),
    ):
        with hung.box.db.transaction() as tx:
            tx.conn.execute("UPDATE packs SET lang = ?", (said,))
        page = buyer.get(PAGE).text
        assert written in page
        assert "<script>" not in page


def test_an_open_item_shows_pictures_sounds_contents_and_one_button(buyer: FlaskClient, hung: Stocked) -> None:
    page = buyer.get(PAGE).text
    assert page.count('src="/preview/') == 2  # the cover is a sample too, and stands first
    assert 'alt="Cover of Low Tide"' in page
    assert 'alt="Preview 2 of 2: the harbour"' in page
    assert re.search(r'<audio controls preload="none"[^>]*><source src="[^"]+" type="audio/wav">', page)
    assert re.search(r'<video controls preload="none" playsinline[^>]* poster="/cover/[^"]+">', page)
    assert "6\N{NO-BREAK SPACE}pictures, 2\N{NO-BREAK SPACE}tracks, 1\N{NO-BREAK SPACE}video, 2" in page
    assert "2 of 2 left" in page
    assert page.count("<button") == 1
    assert "secret.txt" in page  # by name, in the list of all files
    assert "/thumb/" not in page
    assert refresh_of(page) is None


def test_two_phones_get_the_same_page_but_for_the_key_of_the_form(buyer: FlaskClient, hung: Stocked) -> None:
    one, other = buyer.get(PAGE), buyer.get(PAGE, headers={"User-Agent": "other"})
    keys = [phone.press_of(page) for page in (one, other)]
    assert keys[0] != keys[1]
    assert one.text.replace(keys[0], "") == other.text.replace(keys[1], "")
    assert "Set-Cookie" not in one.headers


@pytest.mark.parametrize(
    ("left_s", "said", "refresh"),
    [
        (10, "in less than a minute", 10), (95, "in about 1\N{NO-BREAK SPACE}min", 60), (23 * 60, "in about 23\N{NO-BREAK SPACE}min", 60),
        (3 * 3600, "in about 3\N{NO-BREAK SPACE}h", 600), (90_000, "in about 25\N{NO-BREAK SPACE}h", 600),
    ],
)  # fmt: skip
def test_an_early_item_says_when_and_asks_again_without_hammering(
    buyer: FlaskClient, hung: Stocked, left_s: int, said: str, refresh: int
) -> None:
    set_window(hung, opens_in_ms=left_s * 1000)
    page = buyer.get(PAGE).text
    assert "Opens " in page
    assert said in page
    assert refresh_of(page) == refresh
    assert "<form" not in page
    assert "<audio" in page  # an invitation
    assert offers_something_else(page)
    hung.clock.advance(left_s * 1000)
    assert "<form" in buyer.get(PAGE).text


def test_an_item_that_closes_soon_counts_down_to_it(buyer: FlaskClient, hung: Stocked) -> None:
    assert 'role="timer"' not in buyer.get(PAGE).text
    set_window(hung, closes_in_ms=12 * MINUTE_MS)
    page = buyer.get(PAGE).text
    assert re.search(r"Closes [0-9:]+[^<]*<span class=\"count\" role=\"timer\">in about 12\N{NO-BREAK SPACE}min", page)
    assert "<form" in page


def test_what_is_over_says_so_and_offers_the_rest(buyer: FlaskClient, hung: Stocked) -> None:
    set_window(hung, closes_in_ms=-MINUTE_MS)
    page = buyer.get(PAGE).text
    assert "The sale is over" in page
    assert "Codes already sold still work." in page
    assert refresh_of(page) is None
    assert "<form" not in page
    assert offers_something_else(page)


def test_a_paused_item_says_that_it_may_go_on(buyer: FlaskClient, hung: Stocked) -> None:
    hung.box.write("payment", lambda tx: close_drop(tx, GALLERY))
    page = buyer.get(PAGE).text
    assert "Not on sale right now" in page
    assert "ask at the stall" in page
    assert refresh_of(page) == 60
    assert offers_something_else(page)


def test_the_last_ones_being_paid_are_not_sold_out_yet(buyer: FlaskClient, hung: Stocked) -> None:
    phone.sell(hung, GALLERY)
    last = phone.sale_of(hung, phone.order(buyer, GALLERY))
    hung.box.write("payment", lambda tx: hold_numbers(tx, sales.get(tx.conn, last), goods.of_sale(tx.conn, last)))
    page = buyer.get(PAGE).text
    assert "the last one is being paid" in page
    assert "one is free again, and this page shows it" in page
    assert refresh_of(page) == 15
    assert offers_something_else(page)


def test_a_sold_out_item_still_offers_something(buyer: FlaskClient, hung: Stocked) -> None:
    for _ in range(2):
        phone.sell(hung, GALLERY)
    page = buyer.get(PAGE).text
    assert "Sold out, all 2 gone" in page
    assert "Ask at the stall whether there will be more." in page
    assert "<audio" in page
    assert offers_something_else(page)


@pytest.mark.parametrize(
    ("lang", "early", "button", "inside"),
    [
        ("de", "Diese Seite ändert sich dann von selbst", "Für 9,00\N{NO-BREAK SPACE}€ holen", "Was drin ist"),
        ("ja", "このページが自動で切り替わり", "€9.00で購入", "内容"),
        (
            "pl",
            "Ta strona zmieni się wtedy sama",
            "Biorę za 9,00\N{NO-BREAK SPACE}€",
            "Co jest w\N{NO-BREAK SPACE}środku",
        ),
    ],
)
def test_every_state_speaks_the_persons_language(
    buyer: FlaskClient, hung: Stocked, lang: str, early: str, button: str, inside: str
) -> None:
    page = buyer.get(PAGE, headers={"Accept-Language": lang}).text
    assert button in page
    assert inside in page
    set_window(hung, opens_in_ms=MINUTE_MS)
    chosen = buyer.get(f"{PAGE}?lang={lang}").text
    assert early in chosen
    assert f'href="/d/{PRINTS}?lang={lang}"' in chosen
    assert f'data-state="/d/{GALLERY}/state?lang={lang}"' in chosen


def test_the_makers_own_words_are_marked_as_their_language(buyer: FlaskClient, hung: Stocked) -> None:
    page = buyer.get(f"{PAGE}?lang=ja").text
    assert '<html lang="ja">' in page
    assert '<h1 lang="en">Low Tide</h1>' in page


def test_how_it_stands_is_told_to_the_script_by_the_stalls_clock(buyer: FlaskClient, hung: Stocked) -> None:
    set_window(hung, opens_in_ms=5 * MINUTE_MS)
    answer = buyer.get(f"{PAGE}/state?lang=de")
    told = json.loads(answer.data)
    assert answer.headers["Cache-Control"] == "public, max-age=1"
    assert told["now"] == hung.box.now_ms()
    assert told["to"] - told["now"] == 5 * MINUTE_MS
    assert (told["state"], told["tone"], told["left"]) == ("early", "soon", "in etwa 5\N{NO-BREAK SPACE}min")
    hung.clock.advance(5 * MINUTE_MS)
    later = json.loads(buyer.get(f"{PAGE}/state").data)
    assert (later["state"], later["said"]) == ("open", "2 of 2 left")
    assert buyer.get("/d/nothing-here/state").status_code == 404


def test_an_item_without_anything_to_show_is_a_page_all_the_same(buyer: FlaskClient) -> None:
    page = buyer.get(f"/d/{SAMPLER}").text
    assert "<h2>Samples" not in page
    assert 'class="strip"' not in page
    assert "<button" in page
