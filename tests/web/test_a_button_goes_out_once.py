"""nginx and an app that closes its connections, as one does that is being started anew: what is asked again, and what never is."""

from __future__ import annotations

import http.client
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from stall.demo import nginx as shipped
from stall.demo.nginx import Places
from tests.web import front, relay

PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
Ask = Callable[[str], int]


def asked(port: int, method: str) -> int:
    """Ask once; give the status."""
    conn = http.client.HTTPConnection("127.0.0.1", port, timeout=relay.PATIENCE_S)
    conn.request(method, "/o/an-order", b"x=1" if method == "POST" else None)
    answer = conn.getresponse()
    answer.read()
    conn.close()
    return answer.status


class App:
    """Answers one request after the other on each connection, and notes them; closes instead where the next word is `close`."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.heard: list[tuple[int, str]] = []
        self.closes = 0
        self.connections = 0
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            try:
                conn, _ = self.sock.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(conn, self.connections), daemon=True).start()

    def _serve(self, conn: socket.socket, number: int) -> None:
        with conn:
            while data := conn.recv(65536):
                self.heard.append((number, data.split(b" ", 1)[0].decode()))
                if self.closes:
                    self.closes -= 1
                    return
                conn.sendall(PLAIN)


@pytest.fixture
def app(tmp_path_factory: pytest.TempPathFactory, nginx: str) -> Iterator[tuple[App, Ask]]:
    folder = tmp_path_factory.mktemp("n")
    (folder / "box" / "keys").mkdir(parents=True)
    (folder / "box" / "keys" / "nginx-links.conf").write_text('set $stall_links "x";\n')
    (folder / "run").mkdir()
    places = Places(folder / "box", folder / "run", "127.0.0.1", front.free_port())
    with relay.unix(places.socket) as sock, relay.unix(places.run / "transfers.sock", socket.SOCK_DGRAM):
        app = App(sock)
        running = subprocess.Popen([nginx, *shipped.lay_out(places)], stderr=subprocess.DEVNULL)
        try:
            front.until_it_listens(places.port)
            yield app, partial(asked, places.port)
        finally:
            running.terminate()
            running.wait(relay.PATIENCE_S)


@pytest.mark.nginx
def test_a_page_is_asked_for_again_where_a_kept_connection_was_closed(app: tuple[App, Ask]) -> None:
    running, ask = app
    assert ask("GET") == 200
    running.closes = 1
    assert ask("GET") == 200
    assert running.heard == [(1, "GET"), (1, "GET"), (2, "GET")]


@pytest.mark.nginx
def test_a_button_is_pressed_once_and_on_no_connection_that_was_kept(app: tuple[App, Ask]) -> None:
    running, ask = app
    assert [ask("GET"), ask("POST"), ask("POST")] == [200] * 3
    assert running.heard == [(1, "GET"), (2, "POST"), (3, "POST")]
    running.closes = 1
    assert ask("POST") == 503, (
        "whether it was pressed nobody knows: the page says that the stall rests, the key of the form finds out"
    )
    assert running.heard[3:] == [(4, "POST")]
    assert ask("GET") == 200
    assert running.heard[4:] == [(1, "GET")]
