"""What is the same for everybody is drawn once and kept until something changes; what is one phone's own never is."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from stall.flows.fill_basket import Wish, fill_basket
from stall.flows.switch_drop import close_drop, open_drop
from stall.store import catalogue, link_secret
from stall.web import ids
from stall.web.buyer import handed, remembered
from stall.web.factory import create_buyer_app, shop_of
from stall.web.links import Links
from tests.fakes.stock import PRINTS, SAMPLER, ZINE, Stocked
from tests.web.crowd import LIMIT_S, Served, served
from tests.web.front import grant

SHARED = [
    "/",
    f"/d/{PRINTS}",
    f"/d/{PRINTS}/state",
    f"/d/{SAMPLER}",
    "/catalog.json",
    "/keys.json",
    f"/drops/{PRINTS}/manifest.jws",
]
_PRESS = re.compile(rb'name="press" value="([A-Za-z0-9_-]{22})"')


@pytest.fixture
def stall(stocked_box: Stocked) -> Iterator[Served]:
    with served(stocked_box) as up:
        yield up


def presses(body: bytes) -> list[bytes]:
    return _PRESS.findall(body)


def without_presses(body: bytes) -> bytes:
    return _PRESS.sub(b"PRESS", body)


def told(headers: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    return {(name.lower(), value) for name, value in headers if name not in {"Date", "Connection"}}


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + LIMIT_S
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.parametrize("path", SHARED)
@pytest.mark.parametrize("query", ["", "?lang=fr"])
def test_a_kept_page_is_sent_without_the_framework_and_is_the_frameworks(stall: Served, path: str, query: str) -> None:
    drawn = stall.get(path + query, Accept_Language="de")
    assert (drawn.status, stall.asked) == (200, [path])
    kept = stall.get(path + query, Accept_Language="de")
    assert (kept.status, stall.asked) == (200, [path])
    behind = stall.get_behind(path + query, Accept_Language="de")
    assert stall.asked == [path, path]
    assert kept.without_date == behind.without_date == drawn.without_date
    assert without_presses(kept.body) == without_presses(behind.body) == without_presses(drawn.body)


@pytest.mark.parametrize("path", SHARED)
def test_a_kept_page_is_what_an_app_says_that_keeps_nothing(stall: Served, path: str) -> None:
    kept = [stall.get(path, Accept_Language="pl") for _ in range(2)][1]
    app = create_buyer_app(stall.stocked.box)
    try:
        plain = app.test_client().get(path, headers={"Accept-Language": "pl", "Host": f"127.0.0.1:{stall.port}"})
    finally:
        shop_of(app).stop()
    assert without_presses(kept.body) == without_presses(plain.data)
    assert told(plain.headers.items()) == told(kept.headers)


def test_no_two_phones_get_the_same_key_of_a_form(stall: Served) -> None:
    stall.get(f"/d/{SAMPLER}")
    with ThreadPoolExecutor(16) as phones:
        answers = list(phones.map(lambda _: stall.get(f"/d/{SAMPLER}"), range(200)))
    drawn = [key for answer in answers for key in presses(answer.body)]
    assert len(drawn) == len(set(drawn)) == 200
    assert len(stall.asked) < 20
    assert all(len(ids.read_press(key.decode())) == 16 for key in drawn)


def test_each_language_is_kept_for_itself_and_the_chosen_one_stands_in_its_links(stall: Served) -> None:
    for _ in range(2):
        told = {code: stall.get("/", Accept_Language=code).body for code in ("en", "de", "ja")}
        chosen = stall.get("/?lang=de", Accept_Language="ja").body
    for code, body in {**told, "de": chosen}.items():
        assert f'<html lang="{code}"'.encode() in body
    assert stall.asked == ["/"] * 4


@pytest.mark.parametrize("query", ["?o=abcd", "?lang=xx", "?lang=de&o=abcd", "?o=abcd&lang=de", "?"])
def test_an_address_that_says_more_than_a_language_is_never_kept(stall: Served, query: str) -> None:
    for _ in range(3):
        assert stall.get(f"/d/{PRINTS}{query}").status == 200
    if query != "?":
        assert len(stall.asked) == 3


def test_a_page_is_drawn_anew_when_the_database_changed(stall: Served) -> None:
    stall.get(f"/d/{ZINE}")
    assert b"<form" in stall.get(f"/d/{ZINE}").body
    stall.stocked.box.write("payment", lambda tx: close_drop(tx, ZINE))
    until(lambda: b'action="/d/' not in stall.get(f"/d/{ZINE}").body)
    stall.stocked.box.write("payment", lambda tx: open_drop(tx, ZINE))
    until(lambda: b'action="/d/' in stall.get(f"/d/{ZINE}").body)


def test_a_page_is_drawn_anew_when_its_moment_has_come(stall: Served) -> None:
    box, clock = stall.stocked.box, stall.stocked.clock
    ends = box.db.read().execute("SELECT min(closes_ms) FROM packs").fetchone()[0]
    clock.advance(ends - box.now_ms() - 5)
    for _ in range(2):
        before = stall.get("/catalog.json").body
    asked = len(stall.asked)
    clock.advance(5)
    after = stall.get("/catalog.json").body
    assert len(stall.asked) == asked + 1
    assert (b'"state":"open"' in before, b'"state":"open"' in after) == (True, False)


def test_a_page_counts_for_a_second_at_most(stall: Served) -> None:
    stall.get("/")
    stall.stocked.clock.advance(remembered.FRESH_MS)
    stall.get("/")
    assert len(stall.asked) == 1
    stall.stocked.clock.advance(1)
    stall.get("/")
    assert len(stall.asked) == 2


def test_while_one_draws_the_next_page_the_others_get_the_last_one(stall: Served) -> None:
    stall.get("/")
    pages = stall.stocked.box  # the same clock for all
    stall.stocked.clock.advance(remembered.FRESH_MS + 1)
    shop_pages = remembered.Pages(pages, watch=True)
    kept = remembered.Kept([], [b"old"], 3, False, stall.stocked.clock.boottime_ms() - 1500, 1 << 62, 0)
    shop_pages._kept[remembered.Key("/", "en", chosen=False)] = kept
    assert shop_pages.find("/", "", "en") is None
    assert shop_pages.find("/", "", "en") is kept
    stall.stocked.clock.advance(remembered.FRESH_MS)
    assert shop_pages.find("/", "", "en") is None


def test_what_is_kept_has_bounds(stocked_box: Stocked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered, "MOST_PAGES", 3)
    pages = remembered.Pages(stocked_box.box, watch=True)
    for n in range(10):
        pages._keep(remembered.Key(f"/{n}", "", chosen=False), remembered.Kept([], [b"x" * 10], 10, False, 0, 0, 0))
    assert (len(pages._kept), pages._bytes) == (3, 30)
    monkeypatch.setattr(remembered, "MOST_BYTES", 25)
    pages._keep(remembered.Key("/a", "", chosen=False), remembered.Kept([], [b"x" * 10], 10, False, 0, 0, 0))
    assert (len(pages._kept), pages._bytes) == (2, 20)


def test_a_foreign_name_gets_no_kept_page(stall: Served) -> None:
    stall.get("/")
    assert stall.get("/", Host="foreign.example").status == 421
    assert stall.get("/", Host="localhost").status == 200
    assert stall.asked == ["/", "/"]


def test_whoever_has_the_data_already_is_told_so(stall: Served) -> None:
    etag = dict(stall.get("/catalog.json").headers)["Etag"]
    assert stall.get("/catalog.json", If_None_Match=etag).status == 304
    assert stall.get("/catalog.json", If_None_Match='"another"').status == 200


def test_what_is_not_there_is_not_kept(stall: Served) -> None:
    for _ in range(2):
        assert stall.get("/d/nothing-here").status == 404
    assert len(stall.asked) == 2


def test_how_an_order_stands_is_told_without_the_framework(stall: Served) -> None:
    box = stall.stocked.box
    sale = box.write("claim", lambda tx: fill_basket(tx, [Wish(ZINE)], origin="buyer", vat_bp=0))
    path = f"/o/{ids.order_id(box.secrets, sale)}/state"
    time.sleep(0.2)  # the change that made it is noticed
    first, kept, behind = stall.get(path), stall.get(path), stall.get_behind(path)
    assert stall.asked == [path, path]
    assert first.body == kept.body == behind.body
    assert kept.without_date == behind.without_date
    assert stall.get(f"/o/{'A' * 22}/state").status == 404


@pytest.fixture
def links(stocked_box: Stocked) -> Iterator[tuple[Served, list[str]]]:
    """A stall as it is behind nginx, and links that it signed: one that runs, one that is over, and one that nobody signed."""
    with served(stocked_box, behind_nginx=True) as up:
        box = stocked_box.box
        name, pack = grant(stocked_box, ZINE), catalogue.cards(box.db.read(), box.now_ms())[1].pack
        (file,) = catalogue.files(box.db.read(), pack)
        own, now_s = Links(link_secret.derive(box.secrets)), box.clock.wall_ms() // 1000
        runs, over = (own.address(name, file.sha256, file.path, at_s) for at_s in (now_s, now_s - 3600))
        yield up, [runs, over, over[:-1] + ("A" if over[-1] != "A" else "B")]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Range": "bytes=5-"},
        {"Range": "bytes=5-9", "If_Range": '"another"'},
        {"Range": "bytes=99999999-"},
        {"Range": "bytes=0-1,4-5"},
        {"If_None_Match": "*"},
        {"If_Match": '"another"'},
        {"X_Stall_Busy": "1"},
    ],
)
def test_a_file_is_handed_to_nginx_as_the_framework_hands_it(
    links: tuple[Served, list[str]], headers: dict[str, str]
) -> None:
    stall, addresses = links
    for address in addresses:
        front, behind = stall.get(address, **headers), stall.get_behind(address, **headers)
        assert (front.status, front.without_date) == (behind.status, behind.without_date)
        assert front.body == behind.body


def test_a_link_is_told_by_the_framework_when_the_database_cannot_be_read_just_now(
    links: tuple[Served, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not by a connection that closes, which nginx takes for a stall that is gone."""

    def unread(*_: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(handed, "_handed", unread)
    stall, (runs, _, _) = links
    assert stall.get(runs).status == stall.get_behind(runs).status


def test_a_usual_link_is_answered_without_the_framework(links: tuple[Served, list[str]]) -> None:
    stall, (runs, over, _) = links
    for address in (runs, over):
        assert dict(stall.get(address, Range="bytes=5-").headers)["X-Accel-Redirect"].startswith("/-/part/")
    assert stall.asked == []
