"""An idle terminal is asked each minute how it stands, and one that went away is found again, on a cable and a network."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from stall import app, settings
from stall.domain.payment import State
from stall.reader import worker
from stall.settings import Reader
from stall.store import attempts, readers
from stall.wire.readers import zvt
from tests.fakes import stock
from tests.fakes.stock import ZINE, Stocked
from tests.flows import selling
from tests.reader.scene import RealTimeClock, Scene

READY_NOW = zvt.commands.POSITIVE + zvt.commands.unit(0x060F, b"\x00")
ASKS, REGISTERS = b"\x05\x01", b"\x06\x00"


class Networked:
    """A terminal on the network that answers how it stands, and nothing while it is away."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.link = f"tcp:127.0.0.1:{self.listener.getsockname()[1]}"
        self.heard: list[bytes] = []
        self.away = threading.Event()
        self._serving = threading.Thread(target=self._serve, daemon=True)
        self._serving.start()

    def _serve(self) -> None:
        while True:
            try:
                there, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(there,), daemon=True).start()

    def _answer(self, there: socket.socket) -> None:
        stream = zvt.ApduStream()
        with there:
            while data := _received(there):
                for event in stream.feed(data):
                    if isinstance(event, zvt.Apdu) and not self.away.is_set() and event.data[0] != 0x80:
                        self.heard.append(event.data[:2])
                        known = event.data[:2] in {ASKS, REGISTERS}
                        there.sendall(READY_NOW if known else zvt.commands.NOT_POSSIBLE)

    def close(self) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self._serving.join(5)


def _received(there: socket.socket) -> bytes:
    try:
        return there.recv(4096)
    except OSError:
        return b""


class Stand:
    """A worker whose minutes are a fifth of a second, with its terminal on the network."""

    def __init__(self, folder: Path, template: Path) -> None:
        self.terminal = Networked()
        stock.copy(template, folder / "box").box.close()
        own = settings.load(folder / "box")
        reader = Reader(link=self.terminal.link, profile="simulated", time_scale=0.1)
        settings.save(folder / "box", msgspec.structs.replace(own, reader=reader))
        clock = RealTimeClock()
        self.box = app.open_box(folder / "box", clock=clock)
        self.stall = Stocked(self.box, clock, folder / "box")
        self._stop = threading.Event()
        self._worker = threading.Thread(target=worker.Worker(self.box, 1, reader, self._stop).run)
        self._worker.start()

    def says(self) -> tuple[str, str]:
        found = readers.find(self.box.db.read(), 1)
        return ("", "") if found is None else (found.link, found.display)

    def until(self, holds: Callable[[], object]) -> None:
        deadline = time.monotonic() + 15
        while not holds():
            assert time.monotonic() < deadline, "it did not come to that in time"
            time.sleep(0.01)

    def end(self) -> None:
        self._stop.set()
        self._worker.join(15)
        self.terminal.close()
        self.box.close()


@pytest.fixture
def stand(tmp_path: Path, template: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stand]:
    monkeypatch.setattr(worker, "KEEP_ALIVE_S", 0.2)
    monkeypatch.setattr(worker, "GLANCE_S", 0.05)
    made = Stand(tmp_path, template)
    yield made
    made.end()


def test_an_idle_terminal_is_asked_again_and_again_and_nothing_else(stand: Stand) -> None:
    stand.until(lambda: stand.says()[0] == "ready")
    begun = len(stand.terminal.heard)
    stand.until(lambda: len(stand.terminal.heard) >= begun + 4)
    assert set(stand.terminal.heard[begun:]) == {ASKS}
    assert stand.says() == ("ready", "Ready")


def test_a_terminal_that_went_away_without_a_word_is_noticed_and_found_again(stand: Stand) -> None:
    stand.until(lambda: stand.says()[0] == "ready")
    stand.terminal.away.set()
    stand.until(lambda: stand.says()[0] == "lost")
    assert "does not answer" in stand.says()[1]
    attempt = selling.ask(stand.stall, selling.basket(stand.stall))
    stand.until(lambda: not attempts.get(stand.box.db.read(), attempt).open)
    assert attempts.get(stand.box.db.read(), attempt).state is State.NOT_SENT
    stand.terminal.away.clear()
    stand.until(lambda: stand.says() == ("ready", "Ready"))
    assert b"\x06\x01" not in stand.terminal.heard


def test_a_terminal_that_drops_its_usb_at_night_is_found_again_under_another_index(scene: Scene) -> None:
    scene.start_worker()
    evening = scene.port.readlink()
    scene.pull_out()
    scene.until(lambda: scene.link() == "lost")
    spares: list[int] = []
    while not evening.exists():  # free since the reader let go of it: somebody else has the old index now
        spares += os.openpty()
    said = readers.find(scene.box.db.read(), 1)
    assert said is not None
    assert "Check its cable and power" in said.display
    meanwhile = scene.ended(selling.ask(scene.stall, selling.basket(scene.stall, ZINE)))
    assert (meanwhile.state, meanwhile.reason) == (State.NOT_SENT, "reader_lost")
    scene.plug_in()
    scene.until(lambda: scene.link() == "ready")
    assert scene.port.readlink() != evening
    assert scene.ended(selling.ask(scene.stall, selling.basket(scene.stall, ZINE))).state is State.PAID
    scene.books_agree()
    for end in spares:
        os.close(end)


def test_an_absent_terminal_is_looked_for_ever_less_often_to_a_limit(
    tmp_path: Path, template: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    box, stop = stock.copy(template, tmp_path / "box").box, threading.Event()
    pauses: list[float] = []

    def passes_at_once(_: worker.Worker, seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 6:
            stop.set()

    monkeypatch.setattr(worker.Worker, "_pause", passes_at_once)
    worker.Worker(box, 1, Reader(link=f"serial:{tmp_path / 'port'}"), stop).run()
    box.close()
    for waited, about in zip(pauses, [0.5, 1.0, 2.0, 4.0, 5.0, 5.0], strict=True):
        assert about * 0.8 <= waited <= about * 1.2
