"""nginx keeps for a second what the app allows, and gives each phone a key of its own in it."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from stall.flows.switch_drop import close_drop
from stall.web import ids
from stall.web.buyer import remembered
from stall.web.factory import create_buyer_app, shop_of
from tests.fakes.stock import PRINTS, SAMPLER, Stocked
from tests.web import front
from tests.web.front import Front

pytestmark = pytest.mark.nginx
PRESS = re.compile(rb'name="press" value="([^"]*)"')
SHARED = ["/", f"/d/{PRINTS}", "/?lang=fr", "/catalog.json", "/keys.json", f"/drops/{PRINTS}/manifest.jws"]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths the app was asked for."""
    seen: list[str] = []
    find = remembered.Pages.find

    def noting(self: remembered.Pages, path: str, query: str, spoken: str) -> remembered.Kept | None:
        seen.append(path)
        return find(self, path, query, spoken)

    monkeypatch.setattr(remembered.Pages, "find", noting)
    return seen


@pytest.fixture
def served(stall: Stocked, nginx: str) -> Iterator[Front]:
    with front.behind_nginx(stall.box, nginx, stall.folder.parent / "run", watch=True) as running:
        yield running


def everybodys(body: bytes) -> bytes:
    """A page without the key of its form and the moment it was drawn."""
    return re.sub(rb'data-now="[0-9]+"', b"", PRESS.sub(b"", body))


def key_in(body: bytes) -> str:
    (key,) = PRESS.findall(body)
    return str(key.decode())


def test_no_two_phones_get_the_same_key(served: Front, asked: list[str]) -> None:
    with ThreadPoolExecutor(16) as phones:
        answers = list(phones.map(lambda _: served.ask(f"/d/{SAMPLER}"), range(200)))
    assert {answer.status for answer in answers} == {200}
    keys = [key_in(answer.body) for answer in answers]
    assert len({ids.read_press(key) for key in keys}) == 200
    assert len(asked) < 40
    assert any(len(key) == 40 for key in keys)


def test_a_key_that_nginx_drew_takes_an_item_once(served: Front) -> None:
    served.ask(f"/d/{SAMPLER}")
    key = key_in(served.ask(f"/d/{SAMPLER}").body)
    assert len(key) == 40
    form = {"Content_Type": "application/x-www-form-urlencoded", "Origin": f"http://127.0.0.1:{served.port}"}
    places = {served.ask(f"/d/{SAMPLER}/take", "POST", f"press={key}", **form).headers["Location"] for _ in range(2)}
    assert len(places) == 1


@pytest.mark.parametrize("path", SHARED)
def test_a_kept_page_says_what_the_app_says(served: Front, stall: Stocked, path: str) -> None:
    for _ in range(2):
        kept = served.ask(path, Accept_Language="de")
    app = create_buyer_app(stall.box)
    host = f"127.0.0.1:{served.port}"
    answer = app.test_client().get(path, headers={"Accept-Language": "de", "Host": host})
    shop_of(app).stop()
    headers, own = answer.headers, answer.data
    assert everybodys(kept.body) == everybodys(own)
    for name in ("Cache-Control", "Content-Security-Policy", "Referrer-Policy", "Content-Type", "ETag"):
        assert kept.headers.get(name) == headers.get(name)
    assert ids.PRESS_MARK.encode() not in kept.body + own
    assert not [name for name in kept.headers if name.lower().startswith("x-accel")]


def test_only_the_first_of_a_second_reaches_the_app(served: Front, asked: list[str]) -> None:
    for _ in range(20):
        served.ask("/", Accept_Language="en")
    assert len(asked) < 5
    before = len(asked)
    for path in ("/?o=1", "/?lang=de&o=1", f"/d/{PRINTS}?o=2"):
        for _ in range(2):
            served.ask(path)
    assert len(asked) == before + 6  # somebody's own address is asked for every time


def test_each_language_and_each_name_is_kept_for_itself(served: Front) -> None:
    for _ in range(2):
        assert b'<html lang="de"' in served.ask("/", Accept_Language="de").body
        assert b'<html lang="ja"' in served.ask("/", Accept_Language="ja, de;q=0.5").body
        assert b'<html lang="pl"' in served.ask("/?lang=pl", Accept_Language="ja").body
        assert served.ask("/", Host="foreign.example").status == 421


def test_a_change_is_seen_after_two_seconds_at_most(served: Front, stall: Stocked) -> None:
    served.ask(f"/d/{SAMPLER}")
    stall.box.write("payment", lambda tx: close_drop(tx, SAMPLER))
    front.until(lambda: not PRESS.findall(served.ask(f"/d/{SAMPLER}").body))


def test_what_is_over_is_shown_to_nobody_while_it_is_drawn_anew(served: Front, stall: Stocked) -> None:
    """The last one may be as old as the last look: at an opening, a crowd would read that nothing is open."""
    for _ in range(2):
        assert PRESS.findall(served.ask(f"/d/{SAMPLER}").body)
    stall.box.write("payment", lambda tx: close_drop(tx, SAMPLER))
    time.sleep(2.2)
    with ThreadPoolExecutor(16) as phones:
        answers = list(phones.map(lambda _: served.ask(f"/d/{SAMPLER}"), range(48)))
    assert not [answer for answer in answers if PRESS.findall(answer.body)]


def test_nobody_has_a_page_kept_for_others_in_a_language_they_do_not_ask_for(served: Front) -> None:
    """One who sends the header twice: the key is made of the first, the app would read both."""
    said = "en-US,en;q=0.9"
    head = f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\nAccept-Language: {said}\r\nAccept-Language: ja\r\n"
    with socket.create_connection(("127.0.0.1", served.port)) as phone:
        phone.sendall(f"{head}Connection: close\r\n\r\n".encode())
        while phone.recv(65_536):
            pass
    assert b'<html lang="en"' in served.ask("/", Accept_Language=said).body


def test_an_open_portal_sees_everybody_who_looks(stall: Stocked, nginx: str, asked: list[str]) -> None:
    import msgspec

    own = stall.box.settings
    stall.box.settings = msgspec.structs.replace(own, captive=msgspec.structs.replace(own.captive, portal=True))
    with front.behind_nginx(stall.box, nginx, stall.folder.parent / "run", watch=True) as served:
        bodies = [served.ask(f"/d/{SAMPLER}").body for _ in range(6)]
        assert len(asked) == 6
        assert {len(key_in(body)) for body in bodies} == {22}


def test_a_flood_of_odd_languages_keeps_no_more_than_it_may(served: Front) -> None:
    for n in range(300):
        assert served.ask("/", Accept_Language=f"x-{n}").status == 200
    kept = [path for path in (served.run / "pages").rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in kept) <= 8 * 1024 * 1024
    assert len(served.shop.pages._kept) == 1


def test_a_flood_faster_than_nginx_tidies_up_finds_no_more_room(served: Front) -> None:
    """Memory of the whole box, so the number of pages ends at once, not when nginx looks next."""
    with ThreadPoolExecutor(8) as phones:
        said = phones.map(lambda n: served.ask("/catalog.json", Accept_Language=f"x-{n}").status, range(1500))
        assert set(said) == {200}
    assert len([path for path in (served.run / "pages").rglob("*") if path.is_file()]) < 1024
    assert served.ask("/", Accept_Language="de").status == 200
