"""Before a drop opens, everything a first visitor would wait for is done: counted, not timed. A clock that jumps does no harm."""

from __future__ import annotations

import http.client
import sqlite3
import sys
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from jinja2 import Environment

from stall.store import moments
from stall.store.readonly import ThreadReaders
from stall.store.writer import CrowdWriter
from stall.web import guard, ids, serve, warm
from stall.web.buyer.front import Front
from stall.web.direct import READY
from stall.web.factory import create_buyer_app, shop_of
from stall.web.warm import Warm
from tests.fakes.stock import PRINTS, SAMPLER, Stocked

HOUR_MS, THREADS = 3_600_000, READY


class Stand:
    """A served stall whose drops open an hour from now."""

    def __init__(self, stocked: Stocked) -> None:
        self.stocked, self.box = stocked, stocked.box
        self.opens_ms = self.box.now_ms() + HOUR_MS
        with self.box.db.transaction() as tx:
            tx.conn.execute("UPDATE packs SET opens_ms = ?", (self.opens_ms,))
        self.box.crowd = CrowdWriter(self.box.db)
        self.app = create_buyer_app(self.box, watch=True)
        sock = serve.listen("127.0.0.1", 0)
        self.port = int(sock.getsockname()[1])
        front = Front(shop_of(self.app), guard.buyer_rules(self.box.settings.web))
        self.serving = serve.Serving(self.app, sock, "test", THREADS, front)
        self.warm = Warm(self.box, self.app, shop_of(self.app).pages, self.serving.on_threads)

    def close(self) -> None:
        self.warm.stop()
        self.serving.stop()
        shop_of(self.app).stop()

    def ask(self, method: str, path: str, **fields: str) -> tuple[int, str]:
        conn = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        headers = {"Origin": f"http://127.0.0.1:{self.port}", "Content-Type": "application/x-www-form-urlencoded"}
        conn.request(method, path, urlencode(fields) if fields else None, headers if fields else {})
        answer = conn.getresponse()
        answer.read()
        conn.close()
        return answer.status, answer.getheader("Location") or ""


@pytest.fixture
def stand(stocked_box: Stocked) -> Iterator[Stand]:
    up = Stand(stocked_box)
    yield up
    up.close()


@pytest.fixture
def counts(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """Templates compiled, connections opened and pages drawn from now on."""
    seen: dict[str, list[str]] = {"compiled": [], "opened": [], "drawn": []}
    compiles, connects, draws = Environment.compile, sqlite3.connect, Flask.full_dispatch_request

    def compiling(self: Environment, *asked: object, **more: object) -> Any:
        seen["compiled"].append(str(asked[1:2]))
        return compiles(self, *asked, **more)  # type: ignore[call-overload]  # handed on as it came

    def connecting(*asked: object, **more: object) -> sqlite3.Connection:
        seen["opened"].append(str(asked[0]))
        opened: sqlite3.Connection = connects(*asked, **more)  # type: ignore[call-overload]  # as above
        return opened

    def drawing(self: Flask) -> object:
        from flask import request

        seen["drawn"].append(f"{request.path} {request.headers.get('Accept-Language', '')}")
        return draws(self)

    monkeypatch.setattr(Environment, "compile", compiling)
    monkeypatch.setattr(sqlite3, "connect", connecting)
    monkeypatch.setattr(Flask, "full_dispatch_request", drawing)
    return seen


def at_rest(stand: Stand) -> None:
    """Wait until no thread has anything to do."""
    dispatcher, end = stand.serving._server.task_dispatcher, time.monotonic() + 20
    while dispatcher.active_count or dispatcher.queue:
        assert time.monotonic() < end
        time.sleep(0.01)


def until_open(stand: Stand) -> None:
    """Go through the hour as the thread does: by what each turn says."""
    while stand.box.now_ms() < stand.opens_ms:
        stand.stocked.clock.advance(stand.warm.turn())
    stand.warm.turn()


def test_the_first_ones_at_an_opening_meet_nothing_new(stand: Stand, counts: dict[str, list[str]]) -> None:
    at_rest(stand)
    until_open(stand)
    at_rest(stand)
    assert len(counts["opened"]) >= THREADS
    for seen in counts.values():
        seen.clear()
    modules = set(sys.modules)
    for path in ("/", f"/d/{SAMPLER}", f"/d/{PRINTS}"):
        assert stand.ask("GET", path)[0] == 200
    assert counts["drawn"] == []  # drawn at the moment it opened
    status, order = stand.ask("POST", f"/d/{SAMPLER}/take", press=ids.new_press())
    assert (status, stand.ask("GET", order)[0]) == (303, 200)
    assert (counts["compiled"], counts["opened"], set(sys.modules) - modules) == ([], [], set())


def test_nothing_is_journaled_for_it(stand: Stand) -> None:
    before = stand.box.db.read().execute("SELECT count(*) FROM events").fetchone()[0]
    until_open(stand)
    assert stand.box.db.read().execute("SELECT count(*) FROM events").fetchone()[0] == before


def test_pages_are_drawn_in_the_languages_last_asked_for(stand: Stand, counts: dict[str, list[str]]) -> None:
    conn = http.client.HTTPConnection("127.0.0.1", stand.port)
    conn.request("GET", "/", headers={"Accept-Language": "pl"})
    conn.getresponse().read()
    conn.close()
    counts["drawn"].clear()
    stand.warm.draw()
    assert set(counts["drawn"]) == {
        f"{path} pl" for path in ("/", *(f"/d/{d}" for d in (PRINTS, SAMPLER, "night-zine")))
    }


def test_it_is_done_once_before_each_opening_and_once_at_it(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[int] = []
    monkeypatch.setattr(Warm, "everything", lambda _self: done.append(stand.opens_ms - stand.box.now_ms()))
    monkeypatch.setattr(Warm, "draw", lambda _self: done.append(stand.opens_ms - stand.box.now_ms()))
    until_open(stand)
    start, before, at = done
    assert start == HOUR_MS
    assert 0 < before <= warm.BEFORE_MS
    assert -warm.LOOK_MS < at <= 0


@pytest.mark.parametrize("jump_ms", [10 * HOUR_MS, -HOUR_MS, HOUR_MS - 1_000])
def test_a_clock_that_jumps_does_no_harm(stand: Stand, jump_ms: int) -> None:
    assert 0 < stand.warm.turn() <= warm.LOOK_MS
    stand.stocked.clock.wall += jump_ms
    for _ in range(5):
        assert 0 < stand.warm.turn() <= warm.LOOK_MS
    assert stand.ask("GET", "/")[0] == 200


def test_what_fails_is_left_to_whoever_comes(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(Warm, "_ask", broken)
    stand.warm.turn()
    monkeypatch.undo()
    assert stand.ask("GET", "/")[0] == 200


def test_the_next_opening_is_that_of_a_drop_that_is_switched_on(stand: Stand) -> None:
    conn, now = stand.box.db.read(), stand.box.now_ms()
    assert moments.next_opening(conn, now) == stand.opens_ms
    assert moments.next_opening(conn, stand.opens_ms) is None
    with stand.box.db.transaction() as tx:
        tx.conn.execute("UPDATE drops SET switched_on = 0")
    assert moments.next_opening(conn, now) is None


def test_the_threads_that_serve_next_have_a_connection_each(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    mine: list[object] = []
    look = ThreadReaders.mine

    def looking(self: ThreadReaders) -> sqlite3.Connection:
        mine.append(look(self))
        return look(self)

    monkeypatch.setattr(ThreadReaders, "mine", looking)
    at_rest(stand)
    stand.serving.on_threads(stand.box.db.read)
    time.sleep(0.05)
    at_rest(stand)
    assert len({id(conn) for conn in mine}) == THREADS + 1
