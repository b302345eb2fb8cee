"""A box's end and a terminal's end of one real pseudo-terminal, fifty times faster than at a stall."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stall.reader.profiles import PROFILES
from stall.reader.simulated.pty_device import PtyDevice
from stall.reader.transport import SerialTransport
from stall.reader.zvt.link import Link
from stall.reader.zvt.terminal import Terminal
from stall.reader.zvt.timers import Timers
from tests.fakes import stock
from tests.fakes.clock import FakeClock
from tests.reader.scene import Scene

FAST = Timers(1 / 50)


class Wire:
    """The terminal's end as raw bytes: the test plays the terminal."""

    def __init__(self, device: PtyDevice) -> None:
        self.device = device

    def hear(self, n: int, timeout_s: float = 2.0) -> bytes:
        """Exactly n bytes, or what came before the line fell quiet."""
        heard = b""
        while len(heard) < n and (more := self.device.read(n - len(heard), timeout_s)):
            heard += more
        return heard

    def say(self, data: bytes) -> None:
        self.device.write(data)


@pytest.fixture
def device(tmp_path: Path) -> Iterator[PtyDevice]:
    device = PtyDevice(tmp_path / "port")
    yield device
    device.close()


@pytest.fixture
def wire(device: PtyDevice) -> Wire:
    return Wire(device)


@pytest.fixture
def link(device: PtyDevice, tmp_path: Path) -> Iterator[Link]:
    link = Link(SerialTransport(str(tmp_path / "port")), FAST)
    yield link
    link.close()


@pytest.fixture
def make_terminal(device: PtyDevice, tmp_path: Path) -> Iterator[Callable[[Timers], Terminal]]:
    made: list[Terminal] = []

    def make(timers: Timers) -> Terminal:
        made.append(Terminal(Link(SerialTransport(str(tmp_path / "port")), timers), PROFILES["simulated"], "000000"))
        return made[-1]

    yield make
    for terminal in made:
        terminal.close()


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stocked") / "box"
    stock.stock(folder, FakeClock())
    return folder


@pytest.fixture
def scene(tmp_path: Path, template: Path) -> Iterator[Scene]:
    made = Scene(tmp_path, template)
    yield made
    made.end()
