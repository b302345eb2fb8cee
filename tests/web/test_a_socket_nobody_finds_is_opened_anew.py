"""Of the sockets the service manager holds, one whose name was taken from the disk would let every buyer wait for good."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
import pytest_socket

from stall.web.given import Given


@pytest.fixture(autouse=True)
def _by_name() -> None:
    pytest_socket.socket_allow_hosts(["127.0.0.1", "::1"], allow_unix_socket=True)


def held(path: Path, kind: socket.SocketKind) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX, kind)
    sock.bind(str(path))
    if kind == socket.SOCK_STREAM:
        sock.listen()
    return sock


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_one_whose_name_is_gone_or_another_s_is_not_taken(tmp_path: Path, kind: socket.SocketKind) -> None:
    there, gone, replaced = (tmp_path / name for name in ("there", "gone", "replaced"))
    sockets = [held(path, kind) for path in (there, gone, replaced)]
    gone.unlink()
    replaced.unlink()
    held(replaced, kind).close()
    given = Given(sockets)
    take = given.stream if kind == socket.SOCK_STREAM else given.datagrams
    assert given.some
    assert take(str(gone)) is None
    assert take(str(replaced)) is None
    taken = take(str(there))
    assert taken is sockets[0]
    taken.close()
    given.none_left()


def test_one_at_which_too_many_wait_is_there(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as waiting, socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(tmp_path / "full"))
        sock.listen(0)
        waiting.connect(str(tmp_path / "full"))
        assert Given([sock]).stream(str(tmp_path / "full")) is sock
