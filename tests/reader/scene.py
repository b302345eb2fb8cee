"""A stall with a simulated terminal on its cable and a worker between them, for tests: three threads, two sets of books."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from stall import app, settings
from stall.reader.simulated.controls import Controls
from stall.reader.simulated.faults import FAULTS
from stall.reader.simulated.ledger import Ledger
from stall.reader.simulated.payment import Habits
from stall.reader.simulated.simulator import SimulatedTerminal
from stall.reader.worker import Worker
from stall.reader.zvt.timers import Timers
from stall.settings import Reader
from stall.store import attempts, readers
from stall.store.attempts import Attempt
from stall.store.audit import audit
from stall.store.box import Box
from tests.fakes import stock
from tests.fakes.clock import FakeClock
from tests.fakes.stock import Stocked

SCALE = 1 / 10
HABITS = Habits(card_after_s=0.05, silent_s=1.0, vanish_s=0.3, answer_s=1.0, step_s=0.01)


class RealTimeClock(FakeClock):
    """The stock's date, but time since boot as it really passes: the worker lives in real time."""

    def boottime_ms(self) -> int:
        return time.monotonic_ns() // 1_000_000


class Scene:
    """A stall with a terminal on its cable and, when started, a worker between them."""

    def __init__(self, folder: Path, template: Path, scale: float = SCALE, habits: Habits = HABITS) -> None:
        self.port = folder / "port"
        stocked = stock.copy(template, folder / "box")
        stocked.box.close()
        own = settings.load(folder / "box")
        reader = Reader(link=f"serial:{self.port}", profile="simulated", time_scale=scale)
        settings.save(folder / "box", msgspec.structs.replace(own, reader=reader))
        clock = RealTimeClock()
        self.box: Box = app.open_box(folder / "box", clock=clock)
        self.stall = Stocked(self.box, clock, folder / "box")
        self.ledger, self.controls = Ledger(folder / "ledger.sqlite"), Controls(FAULTS)
        self._scale, self._habits, self._stop = scale, habits, threading.Event()
        self._worker: threading.Thread | None = None
        self.plug_in()

    def plug_in(self) -> None:
        """Connect the terminal, switched on, with the books it has."""
        self._unplug = threading.Event()
        terminal = SimulatedTerminal(self.ledger, self.controls, self.port, "000000", Timers(self._scale), self._habits)
        self._terminal = threading.Thread(target=terminal.run, args=(self._unplug,))
        self._terminal.start()
        assert terminal.ready.wait(5)

    def pull_out(self) -> None:
        """Pull the cable: the port goes, and its name with it."""
        self._unplug.set()
        self._terminal.join(5)
        assert not self.port.is_symlink()

    def start_worker(self, stands: str = "ready") -> None:
        assert self.box.settings.reader is not None
        self._stop = threading.Event()
        worker = Worker(self.box, 1, self.box.settings.reader, self._stop)
        self._worker = threading.Thread(target=worker.run)
        self._worker.start()
        self.until(lambda: self.link() == stands)

    def stop_worker(self) -> None:
        if self._worker is not None:
            self._stop.set()
            self._worker.join(15)
            assert not self._worker.is_alive()
            self._worker = None

    def end(self) -> None:
        self._unplug.set()
        self.stop_worker()
        self._terminal.join(5)
        self.box.close()

    def link(self) -> str | None:
        found = readers.find(self.box.db.read(), 1)
        return None if found is None else found.link

    def attempt(self, no: int) -> Attempt:
        return attempts.get(self.box.db.read(), no)

    def until(self, holds: Callable[[], object], seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < deadline, "it did not come to that in time"
            time.sleep(0.01)

    def ended(self, no: int) -> Attempt:
        self.until(lambda: not self.attempt(no).open)
        return self.attempt(no)

    def books_agree(self) -> None:
        """What the terminal booked is what our receipts say was paid by card, and the journal holds."""
        ours = audit(self.box.db.read(), self.box.secrets.signing.public)
        assert ours.findings == []
        _, total = booked(self.ledger)
        assert total == ours.tenders.get("card", 0)


def booked(ledger: Ledger) -> tuple[int, int]:
    """How many payments stand in the terminal's own books, and their sum."""
    commissioning = 1  # the entry every terminal is delivered with
    standing = [
        e.amount for e in ledger.entries() if (e.kind, e.state) == ("payment", "booked") and e.id > commissioning
    ]
    return len(standing), sum(standing)
