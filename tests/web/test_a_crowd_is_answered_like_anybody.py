"""The short way of a take, over real connections: it answers as the long way does, and leaves to it whatever is unusual."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask

from stall.flows.switch_drop import close_drop
from stall.store import locks
from stall.store.writer import CrowdWriter
from stall.web import direct, guard, ids, serve
from stall.web.buyer import takes
from stall.web.buyer.takes import Takes
from stall.web.factory import shop_of
from tests.fakes.stock import PRINTS, SAMPLER, Stocked

LIMIT_S = 20.0
FORM = "application/x-www-form-urlencoded"


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    text: str


@dataclass
class Stand:
    """The buyers' app being served, and the paths its framework was asked for."""

    port: int
    taker: Takes
    stocked: Stocked
    framework: list[str] = field(default_factory=list)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def post(self, path: str, body: str, **headers: str) -> Answer:
        conn = http.client.HTTPConnection("127.0.0.1", self.port, timeout=LIMIT_S)
        conn.request("POST", path, body, {"Content-Type": FORM, "Origin": self.origin, **headers})
        answer = conn.getresponse()
        text = answer.read().decode()
        conn.close()
        return Answer(answer.status, dict(answer.getheaders()), text)

    def take(self, press: str | None = None, drop: str = SAMPLER, **headers: str) -> Answer:
        return self.post(f"/d/{drop}/take", f"press={press or ids.new_press()}", **headers)

    def request(self, press: str, drop: str = SAMPLER) -> bytes:
        """One press as the bytes a phone sends."""
        return (
            f"POST /d/{drop}/take HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nOrigin: {self.origin}\r\n"
            f"Content-Type: {FORM}\r\nContent-Length: 28\r\n\r\npress={press}"
        ).encode()

    def take_long(self, press: str | None = None) -> Answer:
        """The same in a way that the short one leaves to the framework."""
        return self.take(press, **{"Content-Type": f"{FORM}; charset=utf-8"})


@pytest.fixture
def stand(buyer_app: Flask, stocked_box: Stocked) -> Iterator[Stand]:
    box = stocked_box.box
    box.crowd = CrowdWriter(box.db)
    sock = serve.listen("127.0.0.1", 0)
    taker = Takes(shop_of(buyer_app), guard.buyer_rules(box.settings.web))
    stand = Stand(sock.getsockname()[1], taker, stocked_box)
    behind = buyer_app.wsgi_app

    def noting(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        stand.framework.append(environ["PATH_INFO"])
        return behind(environ, start_response)

    buyer_app.wsgi_app = noting  # type: ignore[method-assign]  # so Flask's manual says to do it
    serving = serve.Serving(buyer_app, sock, "test", 4, taker)
    yield stand
    serving.stop()


def read_answers(sock: socket.socket, count: int) -> list[bytes]:
    """Read so many answers without a body off one connection."""
    data = b""
    while data.count(b"\r\n\r\n") < count:
        more = sock.recv(65536)
        assert more, data
        data += more
    return data.split(b"\r\n\r\n")[:count]


def test_both_ways_give_the_same_answer(stand: Stand) -> None:
    short = stand.take()
    assert (short.status, stand.framework) == (303, [])
    long = stand.take_long()
    assert (short.status, stand.framework) == (303, [f"/d/{SAMPLER}/take"])
    assert long.headers["Location"] != short.headers["Location"]
    own = {"Location", "Date"}
    assert {n: v for n, v in long.headers.items() if n not in own} == {
        n: v for n, v in short.headers.items() if n not in own
    }
    assert list(long.headers) == list(short.headers)
    assert long.text == short.text == ""


def test_the_same_press_finds_the_same_order_either_way(stand: Stand) -> None:
    press = ids.new_press()
    first = stand.take(press).headers["Location"]
    assert stand.take(press).headers["Location"] == first
    assert stand.framework == []
    assert stand.take_long(press).headers["Location"] == first
    assert len(stand.framework) == 1


def test_a_crowd_gets_an_order_each_and_no_number_twice(stand: Stand) -> None:
    with ThreadPoolExecutor(16) as phones:
        answers = list(phones.map(lambda _: stand.take(), range(64)))
    assert {answer.status for answer in answers} == {303}
    assert len({answer.headers["Location"] for answer in answers}) == 64
    assert stand.framework == []


def test_presses_on_one_connection_are_answered_in_order(stand: Stand) -> None:
    one, other = ids.new_press(), ids.new_press()
    with socket.create_connection(("127.0.0.1", stand.port), timeout=LIMIT_S) as sock:
        sock.sendall(stand.request(one))
        first = read_answers(sock, 1)
        sock.sendall(stand.request(other) + stand.request(one))  # two at once: the server's reader takes them apart
        again = read_answers(sock, 2)
    places = [answer.split(b"Location: ")[1].split(b"\r\n")[0] for answer in first + again]
    assert places[0] == places[2] != places[1]
    assert stand.framework == []


def test_a_press_that_comes_in_pieces_is_taken_the_short_way_too(stand: Stand) -> None:
    whole = stand.request(ids.new_press())
    with socket.create_connection(("127.0.0.1", stand.port), timeout=LIMIT_S) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in (whole[:20], whole[20:-30], whole[-30:]):
            sock.sendall(piece)
        (answer,) = read_answers(sock, 1)
    assert answer.startswith(b"HTTP/1.1 303")
    assert stand.framework == []


def test_a_phone_that_walks_away_has_its_order_at_the_next_press(stand: Stand) -> None:
    press = ids.new_press()
    crowd = stand.stocked.box.crowd
    assert crowd is not None
    with locks.door(stand.stocked.folder), socket.create_connection(("127.0.0.1", stand.port)) as sock:
        sock.sendall(stand.request(press))
        while not any(crowd._waiting.values()):
            pass
    place = stand.take(press).headers["Location"]
    assert stand.take(press).headers["Location"] == place
    assert stand.framework == []


def test_a_refusal_is_told_as_a_page_and_the_next_is_looked_into_before_it_is_written(stand: Stand) -> None:
    stand.take()
    box = stand.stocked.box
    box.write("payment", lambda tx: close_drop(tx, SAMPLER))
    refused = stand.take()
    assert refused.status == 409
    assert "not on sale right now" in refused.text
    assert stand.framework == [f"/d/{SAMPLER}/take"]
    writes: list[str] = []
    box.db._writing_connection().set_trace_callback(writes.append)
    again = stand.take()
    box.db._writing_connection().set_trace_callback(None)
    assert (again.status, again.text, writes) == (409, refused.text, [])


def test_a_fault_is_told_as_a_page_too(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    stand.take()

    def broken(*_: object, **__: object) -> list[int]:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(takes, "take_free_together", broken)
    answer = stand.take()
    assert answer.status == 500
    assert "Something broke inside the stall" in answer.text
    assert answer.headers["Content-Security-Policy"]
    monkeypatch.undo()
    assert stand.take().status == 303


def test_a_refusal_is_not_asked_about_again(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    stand.take()
    asked: list[int] = []

    def broken(*_: object, **__: object) -> list[int]:
        asked.append(1)
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(takes, "take_free_together", broken)
    assert stand.take().status == 500
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        ("", {"Origin": "http://elsewhere.example"}, 403),
        ("", {"Origin": "http://foreign.example", "Host": "foreign.example"}, 421),
        ("press=short", {}, 400),
        (f"press={'A' * 21}B", {}, 400),
        (f"press={'A' * 22}&more=1", {}, 303),
        ("", {"Connection": "close"}, 303),
        ("", {"Content-Type": f"{FORM}; charset=utf-8"}, 303),
    ],
)
def test_what_is_unusual_is_judged_by_the_framework(
    stand: Stand, body: str, headers: dict[str, str], status: int
) -> None:
    answer = stand.post(f"/d/{SAMPLER}/take", body or f"press={ids.new_press()}", **headers)
    assert (answer.status, stand.framework) == (status, [f"/d/{SAMPLER}/take"])


def test_a_phone_that_presses_too_often_gets_no_short_way(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(direct.Exchange, "client", property(lambda _self: "10.20.0.7"))
    for _ in range(guard.PRESSES_A_MINUTE):
        stand.take()
    assert stand.framework == []
    stand.take()
    assert len(stand.framework) == 1


def test_a_paid_item_cannot_be_taken_on_either_way(stand: Stand) -> None:
    assert stand.take(drop=PRINTS).status == 409
    stand.taker._selling.add(PRINTS)  # as if it had been free a moment ago
    assert stand.take(drop=PRINTS).status == 409
    assert len(stand.framework) == 2


def test_whoever_waits_too_long_is_told_that_the_stall_is_busy(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(takes, "PATIENCE_S", 0.0)
    crowd, press = stand.stocked.box.crowd, ids.new_press()
    assert crowd is not None
    with ThreadPoolExecutor(3) as phones, locks.door(stand.stocked.folder):
        block = phones.submit(crowd.write, "payment", lambda _tx: None)  # the writer stands at the door
        late = phones.submit(stand.take, press).result(LIMIT_S)
        assert (late.status, len(stand.framework)) == (503, 1)
        assert "very busy" in late.text
    assert block.result(LIMIT_S) is None
    monkeypatch.setattr(takes, "PATIENCE_S", 10.0)
    assert stand.take(press).status == 303  # what was told so was never begun


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "127.0.0.1", "[::1]:8000"])
def test_hosts_a_browser_names_go_the_short_way(stand: Stand, host: str) -> None:
    assert stand.take(Host=host, Origin=f"http://{host}").status == 303
    assert stand.framework == []


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:", 421), ("localhost:abc", 421), ("u@localhost", 421), ("localhost/x", 421), ("localhost?x", 421),
        ("localhost:99999", 421), ("localhost:080", 421), ("localhost:80", 403),
    ],
)  # fmt: skip
def test_a_host_that_could_be_read_in_two_ways_is_judged_by_the_framework(stand: Stand, host: str, status: int) -> None:
    answer = stand.take(Host=host, Origin=f"http://{host}")
    assert stand.framework == [f"/d/{SAMPLER}/take"]
    assert answer.status == status


def test_a_next_request_that_waits_for_our_word_gets_it_after_a_take(stand: Stand) -> None:
    body = f"press={ids.new_press()}"
    head = (
        f"POST /d/{SAMPLER}/take HTTP/1.1\r\nHost: 127.0.0.1:{stand.port}\r\nOrigin: {stand.origin}\r\n"
        f"Content-Type: {FORM}\r\nContent-Length: {len(body)}\r\nExpect: 100-continue\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", stand.port), timeout=LIMIT_S) as sock:
        sock.sendall(stand.request(ids.new_press()) + head.encode())
        first, word = read_answers(sock, 2)
        assert (first[:12], word[:12]) == (b"HTTP/1.1 303", b"HTTP/1.1 100")
        sock.sendall(body.encode())
        (last,) = read_answers(sock, 1)
    assert last.startswith(b"HTTP/1.1 303")


def test_a_connection_that_fails_takes_no_answer_from_the_others(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    finish, failed = direct.Connection.finish, threading.Event()

    def fail_once(self: direct.Connection, answer: bytes) -> None:
        if not failed.is_set():
            failed.set()
            raise MemoryError
        finish(self, answer)

    monkeypatch.setattr(direct.Connection, "finish", fail_once)

    def press(_: int) -> int:
        try:
            return stand.take().status
        except (http.client.HTTPException, OSError):
            return 0

    with ThreadPoolExecutor(4) as phones, locks.door(stand.stocked.folder):
        answers = [phones.submit(press, n) for n in range(4)]
        crowd = stand.stocked.box.crowd
        assert crowd is not None
        while len(crowd._waiting["claim"]) + len(crowd._batch) < 4:
            pass
    assert sorted(each.result(LIMIT_S) for each in answers) == [0, 303, 303, 303]


def test_the_end_waits_for_presses_that_are_being_written(buyer_app: Flask, stocked_box: Stocked) -> None:
    box = stocked_box.box
    box.crowd = CrowdWriter(box.db)
    taker = Takes(shop_of(buyer_app), guard.buyer_rules(box.settings.web))
    taker._open_now(+1)
    stopped = threading.Thread(target=taker.stop)
    stopped.start()
    stopped.join(0.05)
    assert stopped.is_alive()
    taker._open_now(-1)
    stopped.join(LIMIT_S)
    assert not stopped.is_alive()
