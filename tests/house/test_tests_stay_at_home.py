"""What the test configuration promises: no connection beyond this machine, no warning overlooked, no test that hangs."""

from __future__ import annotations

import socket
import warnings

import pytest
from pytest_socket import SocketConnectBlockedError


def test_a_connection_beyond_this_machine_is_refused() -> None:
    with pytest.raises((SocketConnectBlockedError, UserWarning), match=r"192\.0\.2\.1"):
        socket.create_connection(("192.0.2.1", 9), timeout=0.1)  # TEST-NET-1: nobody lives there


def test_loopback_is_allowed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        pass


def test_a_warning_is_an_error() -> None:
    with pytest.raises(UserWarning, match="overlooked"):
        warnings.warn("overlooked", stacklevel=1)


def test_every_test_has_an_end(pytestconfig: pytest.Config) -> None:
    assert 0 < float(pytestconfig.getini("timeout")) <= 60
