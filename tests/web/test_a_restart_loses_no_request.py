"""`stall web` started anew under load: a service manager holds its sockets, and everybody is answered, once."""

from __future__ import annotations

import http.client
import secrets
import socket
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec
import pytest
import pytest_socket

from stall import settings
from stall.demo import nginx as shipped
from stall.demo.nginx import Places
from stall.errors import Refused
from stall.settings import Till, Web
from stall.web.given import Given
from stall.wire import b64
from tests.fakes import home
from tests.fakes.stock import SAMPLER
from tests.web import front, relay

#: Phones at once, and requests of each in each of the three lives of the web at least.
PHONES, EACH = 6, 12
RESTARTS = 2


class Stand:
    """A box whose sockets are held by this test, with nginx in front."""

    def __init__(self, template: Path, folder: Path) -> None:
        self.box = home.copied(template, folder / "box")
        self.run = folder / "run"
        self.run.mkdir()
        self.loopback = relay.loopback()
        self.sockets = [
            relay.unix(self.run / "transfers.sock", socket.SOCK_DGRAM),
            self.loopback,
            relay.unix(self.run / "till.sock"),
            relay.unix(self.run / "buyers.sock"),
        ]
        self.port = front.free_port()
        web = Web(
            socket=str(self.run / "buyers.sock"),
            till_port=self.loopback.getsockname()[1],
            address=f"http://127.0.0.1:{self.port}",
            threads=8,
        )
        kept = settings.load(self.box)
        told = Till(socket=str(self.run / "till.sock"))
        settings.save(self.box, msgspec.structs.replace(kept, web=web, till=told))

    def start(self) -> subprocess.Popen[str]:
        """The next life of the web."""
        return relay.started(self.sockets, "web", "--data", str(self.box))

    @contextmanager
    def nginx(self, program: str) -> Iterator[None]:
        """nginx before it, with the shipped configuration."""
        arguments = shipped.lay_out(Places(self.box, self.run, "127.0.0.1", self.port))
        running = subprocess.Popen([program, *arguments], stderr=subprocess.DEVNULL)
        try:
            front.until_it_listens(self.port)
            yield
        finally:
            running.terminate()
            running.wait(relay.PATIENCE_S)


@pytest.fixture
def stand(folder_of_today: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    stand = Stand(folder_of_today, tmp_path_factory.mktemp("r"))
    yield stand
    for sock in stand.sockets:
        sock.close()


class Phone(threading.Thread):
    """Opens a page and presses a button, by turns, each press another; keeps its connection as a browser does."""

    def __init__(self, port: int, enough: threading.Event) -> None:
        super().__init__(daemon=True)
        self.port, self.enough = port, enough
        self.answers: Counter[int] = Counter()
        self.orders: list[str] = []
        self.trouble = ""
        self.asked = 0

    def run(self) -> None:
        conn = http.client.HTTPConnection("127.0.0.1", self.port, timeout=relay.PATIENCE_S)
        try:
            while not self.enough.is_set():
                self.asked += 1
                if self.asked % 2:
                    conn.request("GET", "/healthz")
                else:
                    press = f"press={b64.encode(secrets.token_bytes(16))}"
                    own = {
                        "Content-Type": "application/x-www-form-urlencoded",
                        "Origin": f"http://127.0.0.1:{self.port}",
                    }
                    conn.request("POST", f"/d/{SAMPLER}/take", press, own)
                answer = conn.getresponse()
                answer.read()
                self.answers[answer.status] += 1
                if answer.status == 303:
                    self.orders.append(str(answer.headers["Location"]))
        except (OSError, http.client.HTTPException) as trouble:
            self.trouble = repr(trouble)
        finally:
            conn.close()


@pytest.mark.nginx
def test_two_restarts_under_load_lose_refuse_and_repeat_nothing(stand: Stand, nginx: str) -> None:
    enough, before_all = threading.Event(), sales(stand.box)
    phones = [Phone(stand.port, enough) for _ in range(PHONES)]
    with ExitStack() as stack:
        stack.callback(enough.set)
        living = relay.ready(stand.start())
        stack.callback(lambda: relay.stopped(living))
        stack.enter_context(stand.nginx(nginx))
        for phone in phones:
            phone.start()
        for life in range(RESTARTS + 1):
            go_on(phones)
            if life < RESTARTS:
                assert relay.stopped(living) == 0
                with asks_the_till(stand) as waiting:
                    living = relay.ready(stand.start())
                    assert waiting.recv(64).startswith(b"HTTP/1.0 200 ")
        enough.set()
        for phone in phones:
            phone.join(relay.PATIENCE_S)
    assert [phone.trouble for phone in phones] == [""] * PHONES
    answered = sum((phone.answers for phone in phones), Counter[int]())
    assert set(answered) == {200, 303}
    assert answered.total() == sum(phone.asked for phone in phones) >= PHONES * EACH * (RESTARTS + 1)
    orders = [order for phone in phones for order in phone.orders]
    assert len(set(orders)) == len(orders) == sales(stand.box) - before_all, "one press, one sale"


def go_on(phones: Sequence[Phone]) -> None:
    """Wait until each has asked so often again, or met trouble."""
    before = [phone.asked for phone in phones]
    front.until(lambda: all(p.trouble or p.asked >= was + EACH for p, was in zip(phones, before, strict=True)))


def asks_the_till(stand: Stand) -> socket.socket:
    """Ask on the socket of this machine, where nobody serves just now."""
    assert {path.name for path in stand.run.iterdir()} >= {"buyers.sock", "till.sock", "transfers.sock"}
    asked = socket.create_connection(stand.loopback.getsockname(), relay.PATIENCE_S)
    asked.sendall(b"GET /static/tokens.css HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")
    return asked


def sales(box: Path) -> int:
    """Sales in the books of the box."""
    from stall.app import open_box

    opened = open_box(box)
    try:
        (count,) = opened.db.read().execute("SELECT COUNT(*) FROM sales").fetchone()
    finally:
        opened.close()
    return int(count)


def test_a_socket_that_nobody_would_serve_is_refused(tmp_path: Path) -> None:
    pytest_socket.socket_allow_hosts(["127.0.0.1", "::1"], allow_unix_socket=True)  # each is looked for by its name
    with (
        relay.loopback() as till,
        relay.loopback() as strange,
        relay.unix(tmp_path / "r", socket.SOCK_DGRAM) as reports,
    ):
        port = strange.getsockname()[1]
        given = Given([reports.dup(), till.dup(), strange.dup()])
        own = given.stream(till.getsockname())
        assert own is not None
        own.close()
        assert given.stream(str(tmp_path / "r")) is None, "datagrams are no stream"
        told = given.datagrams(str(tmp_path / "r"))
        assert told is not None
        told.close()
        with pytest.raises(Refused, match=str(port)) as refused:
            given.none_left()
        assert refused.value.code == "socket-unknown"
        given.none_left()


def test_one_that_does_not_listen_is_not_taken_for_one_that_does(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(tmp_path / "s"))
        given = Given([sock.dup()])
        assert given.stream(str(tmp_path / "s")) is None
        with pytest.raises(Refused):
            given.none_left()
