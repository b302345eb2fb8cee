"""Connections: a phone that opens hundreds and says nothing takes none of the others' away."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask, send_file

from stall.web import serve

CROWD = "127.0.0.2"
#: More than every buffer on the way holds, and than the server lets wait by itself.
FILE_BYTES = 24_000_000


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[int]:
    """A page being served to phones that differ by their loopback address."""
    monkeypatch.setattr(serve, "CONNECTIONS_A_PHONE", 5)
    monkeypatch.setattr(serve, "is_shared", lambda address: address == CROWD)
    app = Flask("page")
    app.add_url_rule("/", view_func=lambda: "here")
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate(FILE_BYTES)
    app.add_url_rule("/large", "large", view_func=lambda: send_file(large))
    sock = serve.listen("127.0.0.1", 0)
    serving = serve.Serving(app, sock, "test", 2)
    yield sock.getsockname()[1]
    serving.stop()


def connect(port: int, address: str) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=5, source_address=(address, 0))


def answer(sock: socket.socket) -> bytes:
    sock.sendall(b"GET / HTTP/1.1\r\nHost: stall\r\n\r\n")
    return sock.recv(12)


def test_the_quietest_connection_of_a_phone_with_too_many_is_closed(port: int) -> None:
    opened = [connect(port, "127.0.0.3") for _ in range(8)]
    assert [sock.recv(1) for sock in opened[:3]] == [b"", b"", b""]
    assert [answer(sock) for sock in opened[3:]] == [b"HTTP/1.1 200"] * 5
    for sock in opened:
        sock.close()


def test_phones_behind_one_shared_address_are_left_alone(port: int) -> None:
    opened = [connect(port, CROWD) for _ in range(8)]
    assert [answer(sock) for sock in opened] == [b"HTTP/1.1 200"] * 8
    for sock in opened:
        sock.close()


def ask(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: stall\r\n\r\n".encode()


def test_phones_that_ask_for_more_and_read_nothing_hold_no_thread(port: int) -> None:
    deaf = [connect(port, "127.0.0.3") for _ in range(3)]  # one more than there are threads
    for sock in deaf:
        sock.sendall(ask("/large") + ask("/"))
    for _ in range(3):
        with connect(port, CROWD) as other:
            assert answer(other) == b"HTTP/1.1 200"
    for sock in deaf:
        sock.close()


def test_a_connection_that_puts_too_many_requests_in_line_is_closed(port: int) -> None:
    greedy = connect(port, "127.0.0.3")
    greedy.sendall(ask("/large") + ask("/") * 90)
    greedy.settimeout(20)
    read = 0
    try:
        while more := greedy.recv(1 << 20):
            read += len(more)
    except ConnectionResetError:
        pass
    greedy.close()
    assert read < FILE_BYTES
    with connect(port, CROWD) as other:
        assert answer(other) == b"HTTP/1.1 200"
