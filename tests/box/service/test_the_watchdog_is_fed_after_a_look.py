"""The watchdog is fed by a process that does what it is there for, and starves when a part of it hangs. Real processes, a real ear."""

from __future__ import annotations

import fcntl
import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from stall import app, settings
from stall.alive import Alive, Listening
from stall.box.selfcheck import first_trouble
from stall.settings import Reader, Till, Web
from tests.box.service.manager import Watched
from tests.web import relay

SOON_S = 0.15


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("w") / "box"
    app.create_box(folder, pin="123456")
    ports = []
    for _ in range(2):
        with relay.loopback() as probe:
            ports.append(probe.getsockname()[1])
    web = Web(port=ports[0], till_port=ports[1], address=f"http://127.0.0.1:{ports[0]}", threads=4)
    told = Till(socket=str(folder.parent / "till.sock"))
    reader = Reader(link=f"serial:{folder.parent / 'nothing'}", profile="simulated")
    settings.save(folder, msgspec.structs.replace(settings.load(folder), web=web, till=told, reader=reader))
    return folder


@pytest.fixture
def started(box: Path) -> Iterator[dict[str, Watched]]:
    """All three, as the appliance has them."""
    commands = {"web": ("web",), "sync": ("sync",), "reader": ("reader",)}
    every = {name: Watched(box.parent, name, *command, "--data", str(box)) for name, command in commands.items()}
    yield every
    for each in every.values():
        each.close()


def test_all_are_ready_and_fed_and_a_hung_writer_starves_the_web_alone(started: dict[str, Watched], box: Path) -> None:
    for each in started.values():
        assert "STATUS=" in each.ear.until("READY=1")
        for _ in range(3):
            each.ear.until("WATCHDOG=1")
    held = os.open(box / "stall.turn", os.O_RDWR)
    fcntl.flock(held, fcntl.LOCK_EX)  # another process stands in the turnstile and does not go on
    assert started["web"].ear.fed(2.5) <= 1, "the look that was under way"
    for name in ("sync", "reader"):
        started[name].ear.forget()
        started[name].ear.until("WATCHDOG=1")  # nothing waits for the door there: what does, is late long after
    os.close(held)
    for name, each in started.items():
        each.ear.forget()
        each.ear.until("WATCHDOG=1")
        assert each.stop() == 0, name
        each.ear.until("STOPPING=1")


class Hangs:
    """A thread's count that does not grow after `until`."""

    def __init__(self, until: int) -> None:
        self.count, self._until = 0, until

    def __call__(self) -> int:
        self.count = min(self._until, self.count + 1)
        return self.count


def test_the_part_that_does_not_go_on_is_named() -> None:
    assert first_trouble(Alive(), SOON_S) == ""
    assert first_trouble(Alive(turns={"a": Hangs(10_000), "b": Hangs(1)}), SOON_S) == "b"
    assert first_trouble(Alive(well={"a": lambda: True, "b": lambda: False}), SOON_S) == "b"


def test_a_refusal_is_a_sign_of_life_and_no_answer_is_none() -> None:
    def refused() -> None:
        raise ValueError("the disk is full")

    assert first_trouble(Alive(done={"writer": refused}), SOON_S) == ""
    hanging = threading.Event()
    looking = threading.Thread(target=first_trouble, args=(Alive(done={"writer": hanging.wait}), SOON_S), daemon=True)
    looking.start()
    looking.join(SOON_S * 4)
    assert looking.is_alive(), "a look that waits feeds nothing"
    hanging.set()
    looking.join(5)


@pytest.mark.parametrize(
    ("answer", "well"),
    [(b"HTTP/1.1 200 OK\r\n\r\nok", True), (b"HTTP/1.1 503 Busy\r\n\r\n", False), (b"", False), (None, False)],
)
def test_who_listens_must_answer_and_well(answer: bytes | None, *, well: bool) -> None:
    with relay.loopback() as sock:
        address: tuple[str, int] = sock.getsockname()
        over = threading.Event()

        def serve() -> None:
            conn, _ = sock.accept()
            with conn:
                asked = conn.recv(4096)
                assert asked.startswith(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n")
                if answer is None:
                    over.wait(10)
                else:
                    conn.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        found = first_trouble(Alive(listening={"buyers": Listening(address, "/healthz")}), 2.0 if well else SOON_S)
        over.set()
        thread.join(5)
    assert found == ("" if well else "buyers")


def test_nobody_there_is_no_answer() -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        nobody: tuple[str, int] = sock.getsockname()
    began = time.monotonic()
    assert first_trouble(Alive(listening={"till": Listening(nobody, "/")}), 5.0) == "till"
    assert time.monotonic() - began < 5, "a refused connection needs no patience"
