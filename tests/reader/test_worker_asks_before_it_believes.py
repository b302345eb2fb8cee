"""The worker with a terminal played by the test: what it may believe, and when it keeps quiet."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stall.domain.payment import Reason, State
from stall.flows import card_attempt
from stall.reader.simulated.pty_device import PtyDevice
from stall.reader.worker import Worker
from stall.reader.zvt.link import Link
from stall.reader.zvt.timers import Timers
from stall.settings import Reader
from stall.store import readers
from tests.fakes import stock
from tests.fakes.clock import FakeClock
from tests.fakes.stock import Stocked
from tests.flows import selling

SCALE = 1 / 10
#: How long to wait for what must come; a busy machine is no failure (s).
PATIENCE_S = 20.0
YES, COMPLETION = bytes.fromhex("80 00 00"), bytes.fromhex("06 0F 00")
BUSY, CANNOT = bytes.fromhex("84 9C 00"), bytes.fromhex("84 83 00")


class Scene:
    """A stocked box, its worker, and the terminal's end of the cable."""

    def __init__(self, stall: Stocked, device: PtyDevice, port: Path) -> None:
        self.stall, self.peer, self.stop = stall, Link(device, Timers(SCALE)), threading.Event()
        reader = Reader(link=f"serial:{port}", profile="simulated", time_scale=SCALE)
        self._worker = Worker(stall.box, 1, reader, self.stop)
        self._thread = threading.Thread(target=self._worker.run)

    def start(self) -> None:
        self._thread.start()

    def end(self) -> None:
        self.stop.set()
        self._thread.join(15)
        assert not self._thread.is_alive()

    def asked(self) -> bytes:
        """The next command, by its first two bytes."""
        received = self.peer.receive(PATIENCE_S)
        assert received is not None, "the worker asked nothing"
        return received.data[:2]

    def say(self, *apdus: bytes) -> None:
        for apdu in apdus:
            assert self.peer.send(apdu).acked(PATIENCE_S)

    def agree(self, command: bytes) -> None:
        """Hear a command and end it well at once."""
        assert self.asked() == command
        self.say(YES, COMPLETION)
        assert self.asked() == YES[:2]

    def until(self, holds: Callable[[], object]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not holds():
            assert time.monotonic() < deadline, "it did not come to that in time"
            time.sleep(0.01)


STATUS, REGISTER, REPEAT = b"\x05\x01", b"\x06\x00", b"\x06\x20"


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stocked") / "box"
    stock.stock(folder, FakeClock())
    return folder


@pytest.fixture
def scene(shelf: Path, tmp_path: Path, device: PtyDevice) -> Iterator[Scene]:
    stall = stock.copy(shelf, tmp_path / "box")
    with stall.box.db.transaction() as tx:
        readers.report(tx, 1, "Reader", "ready", "Ready")
        readers.remember_receipt(tx, 1, "52000001", 41, None)
    made = Scene(stall, device, tmp_path / "port")
    yield made
    made.end()
    made.peer.close()
    stall.box.close()


def test_a_terminal_that_tells_no_receipt_leaves_no_old_baseline_to_compare_with(scene: Scene) -> None:
    scene.start()
    scene.agree(STATUS)
    scene.agree(REGISTER)
    assert scene.asked() == REPEAT
    scene.say(CANNOT)
    scene.until(lambda: (found := readers.find(scene.stall.box.db.read(), 1)) and found.display == "Ready")
    assert readers.baseline(scene.stall.box.db.read(), 1) is None


def test_stopping_while_the_terminal_is_busy_asks_nothing_of_an_unclear_payment(scene: Scene) -> None:
    attempt = selling.ask(scene.stall, selling.basket(scene.stall))
    selling.send(scene.stall, attempt)
    with scene.stall.box.db.transaction() as tx:
        card_attempt.doubt(tx, attempt, Reason.READER_LOST)
    scene.start()
    scene.agree(STATUS)  # ready when the worker came; then a job of the terminal's own begins
    assert scene.asked() == STATUS
    scene.say(BUSY)
    scene.stop.set()
    assert scene.peer.receive(0.5) is None
    scene.end()
    assert selling.now(scene.stall, attempt).state is State.UNKNOWN
