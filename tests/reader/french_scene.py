"""The same stall with a Concert E+ terminal on its cable, and an ear on what the till says to it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import msgspec

from stall import app, settings
from stall.reader.simulated.cable import PtyCable
from stall.reader.simulated.controls import Controls
from stall.reader.simulated.ledger import Ledger
from stall.reader.simulated.payment import Habits
from stall.reader.simulated.pty_device import PtyDevice
from stall.reader.simulated.telium.payment import OFFERED
from stall.reader.simulated.telium.simulator import SimulatedTerminal
from stall.reader.telium.timers import Timers
from stall.reader.transport import Transport
from stall.settings import Reader
from stall.wire.readers import telium
from tests.fakes import stock
from tests.fakes.stock import Stocked
from tests.reader.scene import RealTimeClock, Scene

HABITS = Habits(card_after_s=0.0, silent_s=0.5, vanish_s=0.2)


class TappedCable(PtyCable):
    """Keeps everything the till has said."""

    def __init__(self, name: Path) -> None:
        super().__init__(name)
        self.heard = bytearray()

    def plug_in(self, wanted: Callable[[], bool]) -> Transport | None:
        device = super().plug_in(wanted)
        return _Tap(device, self.heard) if isinstance(device, PtyDevice) else device

    @property
    def asks(self) -> int:
        """How often an ask left the till, repeats after a NAK included."""
        said = telium.Decoder(telium.ASKS).feed(bytes(self.heard))
        return len([each for each in said if isinstance(each, telium.Frame)])


class _Tap:
    framed = True

    def __init__(self, device: PtyDevice, heard: bytearray) -> None:
        self._device, self._heard = device, heard
        self.write, self.close, self.drained = device.write, device.close, device.drained

    def read(self, n: int, timeout_s: float) -> bytes:
        data = self._device.read(n, timeout_s)
        self._heard += data
        return data


class FrenchScene(Scene):
    """A Scene with another terminal; everything else is the same."""

    def __init__(self, folder: Path, template: Path, scale: float = 1 / 10, *, own_numbers: bool = False) -> None:
        self.port = folder / "port"
        stocked = stock.copy(template, folder / "box")
        stocked.box.close()
        own = settings.load(folder / "box")
        reader = Reader(link=f"serial:{self.port}", protocol="telium", profile="telium", time_scale=scale)
        settings.save(folder / "box", msgspec.structs.replace(own, reader=reader))
        clock = RealTimeClock()
        self.box = app.open_box(folder / "box", clock=clock)
        self.stall = Stocked(self.box, clock, folder / "box")
        self.ledger, self.controls = Ledger(folder / "ledger.sqlite"), Controls(OFFERED)
        self.cable = TappedCable(self.port)
        self._unplug, self._stop = threading.Event(), threading.Event()
        terminal = SimulatedTerminal(
            self.ledger, self.controls, self.cable, Timers(scale), HABITS, own_numbers=own_numbers
        )
        self._terminal = threading.Thread(target=terminal.run, args=(self._unplug,))
        self._terminal.start()
        assert terminal.ready.wait(5)
        self._worker = None

    @property
    def display(self) -> str:
        """What the till shows of the last attempt."""
        return str(self.box.db.read().execute("SELECT display FROM attempts ORDER BY no DESC LIMIT 1").fetchone()[0])
