"""What is said to the service manager, byte for byte, and what is taken from it; without one nothing happens."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from stall.box import sd_listen, sd_notify
from tests.box.service.manager import Ear


@pytest.fixture(params=["file", "abstract"])
def ear(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ear]:
    ear = Ear(str(tmp_path / "n") if request.param == "file" else f"@stall-test-{secrets.token_hex(8)}")
    yield ear
    ear.close()


def test_each_thing_is_said_as_the_manager_reads_it(ear: Ear, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", ear.path)
    monkeypatch.setenv("WATCHDOG_USEC", "60000000")
    monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()))
    manager = sd_notify.taken()
    assert manager.watchdog_s == 60.0
    said = [
        manager.ready("Serves\nREADY=0 \u2026"),
        manager.status("x" * 999),
        manager.alive(),
        manager.extend(1.5),
        manager.stopping(),
    ]
    assert said == [True] * 5
    assert [ear.next() for _ in said] == [
        "READY=1\nSTATUS=Serves READY=0 …",
        f"STATUS={'x' * 200}",
        "WATCHDOG=1",
        "EXTEND_TIMEOUT_USEC=1500000",
        "STOPPING=1",
    ]
    assert not {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"} & set(os.environ), "no child speaks in our name"


@pytest.mark.parametrize(
    "address", ["", "relative/n", "/there/is/none", "@nobody-listens-here", "/" + "n" * 200, "/n\0n"]
)
def test_telling_nobody_fails_nobody(address: str) -> None:
    manager = sd_notify.Notifier(address, 1.0)
    assert not any([manager.ready("x"), manager.status("x"), manager.alive(), manager.extend(1), manager.stopping()])


@pytest.mark.parametrize(
    ("usec", "pid", "period"),
    [
        ("2500000", "", 2.5),
        ("2500000", "1", None),
        ("0", "", None),
        ("-5", "", None),
        ("soon", "", None),
        ("", "", None),
    ],
)
def test_the_watchdog_is_fed_where_one_waits_for_this_process(
    usec: str, pid: str, period: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", "/run/n")
    monkeypatch.setenv("WATCHDOG_USEC", usec)
    monkeypatch.setenv("WATCHDOG_PID", pid)
    assert sd_notify.taken().watchdog_s == period
    monkeypatch.setenv("WATCHDOG_USEC", usec)
    assert sd_notify.taken().watchdog_s is None, "without a socket nobody waits"


def test_sockets_are_taken_once_and_only_where_they_are_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as own:
        own.bind(("127.0.0.1", 0))
        address = own.getsockname()
        read, write = os.pipe()
        here = os.dup(own.fileno())
        first = min(read, here)
        monkeypatch.setattr(sd_listen, "_FIRST", first)
        count = str(max(read, here) - first + 1)
        for pid, wanted in (("1", 0), ("", 0), (str(os.getpid()), 1)):
            os.environ.update(LISTEN_PID=pid, LISTEN_FDS=count, LISTEN_FDNAMES="a:b")
            os.set_inheritable(here, True)
            found = sd_listen.taken()
            assert not {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"} & set(os.environ)
            mine = [sock for sock in found if sock.fileno() == here]
            assert len(mine) == wanted
            for sock in found:
                assert sock in mine or sock.detach()
            for sock in mine:
                assert sock.getsockname() == address
                assert not os.get_inheritable(here), "no child gets it"
                sock.close()
        for descriptor in (read, write):
            os.close(descriptor)
    os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="many")
    assert sd_listen.taken() == []
