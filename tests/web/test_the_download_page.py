"""What the download page says and hands out, and the page of each picture."""

from __future__ import annotations

import html
import re
from functools import partial

import pytest
from flask.testing import FlaskClient

from stall.flows.record_transfer import Transfer, record_transfer
from stall.store import catalogue, claims
from stall.web import ids
from tests.fakes.stock import FILES, PRINTS, SAMPLER, ZINE, Stocked
from tests.web import buyer_stalls as stalls
from tests.web import phone, picture_pack
from tests.web.picture_pack import DROP, PICTURES


@pytest.fixture
def photos(buyer: FlaskClient, stocked_box: Stocked) -> str:
    """The download page of the twenty pictures."""
    picture_pack.put_on_sale(stocked_box)
    return phone.grant(buyer, stocked_box, DROP)


def downloads(stall: Stocked, grant: str) -> dict[int, int]:
    row = claims.grant(stall.box.db.read(), ids.grant_no(stall.box.secrets, grant.rsplit("/", 1)[-1]))
    assert row is not None
    return claims.downloads(stall.box.db.read(), row.claim)


def used(stall: Stocked, grant: str, drop: str, times: int) -> None:
    """Let every file of a drop be downloaded so often."""
    conn = stall.box.db.read()
    card = catalogue.card(conn, drop, stall.box.now_ms())
    assert card is not None
    no = ids.grant_no(stall.box.secrets, grant.rsplit("/", 1)[-1])
    for file in (catalogue.whole_pack(conn, card.pack), *catalogue.files(conn, card.pack)):
        for _ in range(times):
            done = Transfer(no, file.id, file.size, 0, file.size)
            stall.box.write("housekeeping", partial(record_transfer, done=done))


def test_an_only_file_comes_first_and_its_zip_stands_below(buyer: FlaskClient, stocked_box: Stocked) -> None:
    page = buyer.get(phone.grant(buyer, stocked_box, SAMPLER)).text
    first = re.search(r'class="button" href="([^"]+)"', page)
    assert first
    assert buyer.get(html.unescape(first[1]), buffered=True).data == FILES[SAMPLER]["sampler.txt"]
    assert page.index("sampler.txt") < page.index("Download everything")
    assert "It is yours." in page
    assert "Paid" not in page


def test_few_downloads_left_are_counted_and_none_left_is_said(buyer: FlaskClient, stocked_box: Stocked) -> None:
    grant = phone.grant(buyer, stocked_box, PRINTS)
    assert " left" not in buyer.get(grant).text
    used(stocked_box, grant, PRINTS, 2)
    assert " left" not in buyer.get(grant).text
    used(stocked_box, grant, PRINTS, 2)
    assert "1 download left" in buyer.get(grant).text
    used(stocked_box, grant, PRINTS, 1)
    page = buyer.get(grant).text
    assert "Everything was downloaded 5 times, the most its creator allows" in page
    assert "downloaded 5 times" in page
    assert 'class="button"' not in page


@pytest.mark.parametrize(("lang", "said"), [("de", "Bezahlt. Es gehört dir."), ("fr", "Payé. C’est à vous."), ("ja", "あなたのものです")])  # fmt: skip
def test_it_speaks_the_persons_language_and_keeps_it(
    buyer: FlaskClient, stocked_box: Stocked, lang: str, said: str
) -> None:
    grant = phone.grant(buyer, stocked_box, PRINTS, ZINE)
    page = buyer.get(f"{grant}?lang={lang}").text
    assert said in html.unescape(page)
    papers = re.findall(r'href="(/[rc]/[^"]+)"', page)
    assert len(papers) == 3
    assert all(link.endswith(f"?lang={lang}") for link in papers)
    assert f"{grant}/papers.zip" in page


def test_the_pictures_hang_as_a_wall_of_small_ones_that_only_the_grant_opens(buyer: FlaskClient, photos: str) -> None:
    page = buyer.get(photos).text
    small = re.findall(r'<img src="(/thumb/[^"]+)"', page)
    assert len(small) == PICTURES
    assert page.count('loading="lazy"') == PICTURES
    answer = buyer.get(small[0], buffered=True)
    assert (answer.status_code, answer.mimetype) == (200, "image/jpeg")
    assert "private" in answer.headers["Cache-Control"]
    assert buyer.get(re.sub("/thumb/[^/]+/", f"/thumb/{'A' * 21}g/", small[0])).status_code == 404


def test_a_few_files_that_are_not_all_pictures_are_listed_at_once(
    buyer: FlaskClient, stocked_box: Stocked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picture_pack, "PICTURES", 1)  # as songs come with a cover
    picture_pack.put_on_sale(stocked_box)
    page = buyer.get(phone.grant(buyer, stocked_box, DROP)).text
    assert '<details class="list" open>' in page
    assert "notes.txt" in page


def test_many_files_wait_below_the_pictures(buyer: FlaskClient, photos: str) -> None:
    assert '<details class="list">' in buyer.get(photos).text


def test_each_picture_has_a_page_with_the_whole_one_and_its_neighbours(buyer: FlaskClient, photos: str) -> None:
    for at in (1, 2, PICTURES):
        page = html.unescape(buyer.get(f"{photos}?photo={at}").text)
        assert f"{at} of {PICTURES}" in page
        assert f'alt="{at:02} dünen.jpg, picture {at} of {PICTURES}"' in page
        assert "Press and hold the picture" in page
        whole = re.search(r'<img src="(/g/[^"]+)"', page)
        assert whole
        assert buyer.get(whole[1], buffered=True).mimetype == "image/jpeg"
        assert ('rel="prev"' in page, 'rel="next"' in page) == (at > 1, at < PICTURES)
        assert f'href="{photos}?photo={at + 1}"' in page or at == PICTURES


@pytest.mark.parametrize("named", ["0", "21", "-1", "x", "", "1e1", "٣", "9" * 6])
def test_a_picture_that_is_none_is_nowhere(buyer: FlaskClient, photos: str, named: str) -> None:
    assert buyer.get(f"{photos}?photo={named}").status_code == 404


def test_looking_to_the_end_counts_once_and_asking_anew_for_what_one_has_does_not(
    buyer: FlaskClient, stocked_box: Stocked, photos: str
) -> None:
    page = html.unescape(buyer.get(f"{photos}?photo=3").text)
    whole = re.search(r'<img src="(/g/[^"]+)"', page)
    assert whole
    first = buyer.get(whole[1], buffered=True)
    _wait_for(stocked_box, photos, 1)
    for _ in range(8):
        again = buyer.get(whole[1], headers={"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b"")
    assert sum(downloads(stocked_box, photos).values()) == 1


def test_a_picture_that_was_had_often_enough_is_shown_small(
    buyer: FlaskClient, stocked_box: Stocked, photos: str
) -> None:
    used(stocked_box, photos, DROP, 5)
    page = buyer.get(f"{photos}?photo=1").text
    assert "as often as its creator allows" in page
    assert re.search('<img src="/thumb/', page)
    assert f'src="{photos}/' not in page


def test_what_came_back_in_part_is_gone_and_the_rest_stays(buyer: FlaskClient, stocked_box: Stocked) -> None:
    sale = phone.sell(stocked_box, PRINTS, ZINE)
    address = f"/T/{phone.code_of(stocked_box, sale)}"
    grant = buyer.post(address, data={"press": phone.press_of(buyer.get(address))}).headers["Location"]
    assert "given back" not in buyer.get(grant).text
    stalls.take_back(stocked_box, sale, 1)
    page = buyer.get(grant).text
    assert "Some of this order was given back. What is still yours stands here." in page
    assert ("Harbour Prints" in page, "Night Zine" in page) == (True, False)


def test_the_pictures_of_what_goes_back_are_not_shown(buyer: FlaskClient, stocked_box: Stocked, photos: str) -> None:
    stocked_box.clock.advance(2 * 86_400_000)
    assert buyer.get(f"{photos}?photo=1").status_code == 410


def test_whoever_lost_the_page_before_paying_is_told_what_to_do(buyer: FlaskClient) -> None:
    page = buyer.get("/t").text
    assert "Order again: nothing was charged." in page


def _wait_for(stall: Stocked, grant: str, count: int) -> None:
    """The count is written by another thread when the bytes are gone."""
    import time

    for _ in range(200):
        if sum(downloads(stall, grant).values()) >= count:
            return
        time.sleep(0.02)
    raise AssertionError("not counted")
