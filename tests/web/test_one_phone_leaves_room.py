"""Connections: a phone that opens hundreds and says nothing takes none of the others' away."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from flask import Flask

from stall.web import serve

CROWD = "127.0.0.2"


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A page being served to phones that differ by their loopback address."""
    monkeypatch.setattr(serve, "CONNECTIONS_A_PHONE", 5)
    monkeypatch.setattr(serve, "is_shared", lambda address: address == CROWD)
    app = Flask("page")
    app.add_url_rule("/", view_func=lambda: "here")
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
