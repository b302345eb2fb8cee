"""Records a stall's whole life on its disk: made from nothing, stocked, selling from every side at once, stopped.

Real commands in real processes, each behind the recording library; people and the card terminal are ours, outside it,
and write into the same log what they were told. Nothing here touches the data folder itself.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from random import Random

from stall.reader.simulated.controls import Controls
from stall.reader.simulated.ledger import Entry, Ledger
from stall.reader.simulated.payment import Habits
from stall.reader.simulated.simulator import SimulatedTerminal
from stall.reader.zvt.timers import Timers
from tests.faults.power import making
from tests.faults.power.making import PRINTS, ZINE
from tests.faults.power.selling import Person, Refusal, sell, take
from tests.faults.power.told import tell
from tests.preload import library

ROOT = Path(__file__).parents[3]
SCALE = 0.1
START_S = 45.0
_HABITS = Habits(card_after_s=0.02, silent_s=1.0, vanish_s=0.3, answer_s=1.0, step_s=0.01)
_SAVE = (
    "import msgspec, sys; from pathlib import Path; from stall import settings; folder = Path(sys.argv[1]);"
    "settings.save(folder, msgspec.structs.replace(settings.load(folder), place=sys.argv[2]))"
)


@dataclass(frozen=True, slots=True)
class Load:
    """How much is sold: takes by each of `buyers`, sales at the till, card payments, runs of `stall sell`."""

    buyers: int = 3
    takes: int = 55
    cash: int = 14
    cards: int = 3
    commands: int = 1


class ToldLedger(Ledger):
    """The terminal's books, which say so once a payment stands in them."""

    def __init__(self, path: Path, log: Path) -> None:
        super().__init__(path)
        self._log = log

    def settle(self, entry: Entry, state: str) -> None:
        """Write it into the books, then into the recording."""
        super().settle(entry, state)
        if state == "booked":
            tell(self._log, booked=[entry.receipt, entry.amount])


def record(root: Path, seed: int, load: Load | None = None) -> Path:
    """Record one stall's life below `root`, which must not exist; give the log. `seed` decides who does what when."""
    root.mkdir(mode=0o700, parents=True)
    (root / "box").mkdir(mode=0o700)
    making.build_packs(root)
    stall = _Stall(root)
    stall.run([sys.executable, "-m", "tests.faults.power.making", str(root), str(stall.log), *map(str, stall.ports)])
    with stall.terminal(), stall.serving("web", 2), stall.serving("reader"), stall.serving("sync"):
        stall.wait_for_reader()
        stall.crowd(load or Load(), Random(seed))
    return stall.log


class _Stall:
    """One stall under recording."""

    def __init__(self, root: Path) -> None:
        self.root, self.log, self.box = root, root / "log", root / "box"
        self.ports = _free_ports()
        self._environment = {**os.environ, **library.environment(under=self.box, log=self.log)}

    def run(self, command: list[str]) -> str:
        """Run one command to its end behind the library."""
        done = subprocess.run(
            command, cwd=ROOT, env=self._environment, capture_output=True, text=True, timeout=START_S, check=False
        )
        assert done.returncode == 0, f"{command}: {done.stderr}"
        return done.stdout

    @contextlib.contextmanager
    def serving(self, name: str, lines: int = 0) -> Iterator[None]:
        """Run one of the stall's processes until the block ends; it is ready after so many lines."""
        command = [sys.executable, "-m", "tests.faults.power.short_log", name, "--data", str(self.box)]
        with (self.root / f"{name}.log").open("wb") as words:
            process = subprocess.Popen(
                command, cwd=ROOT, env=self._environment, stdout=subprocess.PIPE, stderr=words, text=True
            )
        late = threading.Timer(START_S, process.kill)
        late.start()
        try:
            assert process.stdout is not None
            assert all(process.stdout.readline() for _ in range(lines)), f"{name} did not start: see {words.name}"
            late.cancel()
            yield
            assert process.poll() is None, f"{name} ended by itself with {process.returncode}: see {words.name}"
        finally:
            late.cancel()
            _end(process)

    @contextlib.contextmanager
    def terminal(self) -> Iterator[None]:
        """A card terminal on a pseudo-terminal of its own, with its own books."""
        stop, controls = threading.Event(), Controls()
        ledger = ToldLedger(self.root / "terminal" / "ledger.sqlite", self.log)
        device = SimulatedTerminal(ledger, controls, self.root / "port", "000000", Timers(SCALE), _HABITS)
        thread = threading.Thread(target=device.run, args=(stop,))
        thread.start()
        try:
            assert device.ready.wait(START_S), "the terminal did not start"
            yield
        finally:
            stop.set()
            thread.join(START_S)

    def wait_for_reader(self) -> None:
        with contextlib.closing(Person(self.ports[1], self.log)) as maker:
            end = time.monotonic() + START_S
            maker.sign_in()
            while b"Reader ready" not in maker.get("/"):
                assert time.monotonic() < end, "the reader did not become ready"
                time.sleep(0.05)

    def crowd(self, load: Load, rng: Random) -> None:
        """Everybody at once: buyers, the till, cards, the command line, and the settings saved in between."""
        seeds = [rng.randrange(1 << 32) for _ in range(load.buyers)]
        work: list[Callable[[], None]] = [lambda seed=seed: self._buys(load.takes, Random(seed)) for seed in seeds]  # type: ignore[misc]  # a lambda's default
        cash = [rng.choice((PRINTS, ZINE)) for _ in range(load.cash)]
        cards = [rng.choice((PRINTS, ZINE)) for _ in range(load.cards)]
        work += [lambda: self._sells(cash, card=False), lambda: self._sells(cards, card=True)]
        work += [lambda: self._commands(load.commands)]
        with ThreadPoolExecutor(len(work)) as people:
            for done in [people.submit(each) for each in work]:
                done.result()

    def _buys(self, times: int, rng: Random) -> None:
        with contextlib.closing(Person(self.ports[0], self.log)) as buyer:
            for _ in range(times):
                with self._no_is_told():
                    take(buyer, claim=rng.random() < 0.3)

    def _sells(self, drops: list[str], *, card: bool) -> None:
        with contextlib.closing(Person(self.ports[1], self.log)) as maker:
            for drop in drops:
                with self._no_is_told():
                    sell(maker, drop, card=card)

    @contextlib.contextmanager
    def _no_is_told(self) -> Iterator[None]:
        """Nobody has a reason to refuse anybody here: write down that somebody did."""
        try:
            yield
        except Refusal as no:
            tell(self.log, refused=str(no))

    def _commands(self, times: int) -> None:
        """`stall sell` beside the running stall, and the settings saved from yet another process."""
        import json

        for n in range(times):
            arguments = ["sell", ZINE, "--cash", "--json", "--data", str(self.box)]
            sold = json.loads(self.run([sys.executable, "-m", "stall", *arguments]))
            tell(self.log, cash=[sold["sale"], sold["minor"]])
            tell(self.log, saving=f"Hall {n}")
            self.run([sys.executable, "-c", _SAVE, str(self.box), f"Hall {n}"])
            tell(self.log, place=f"Hall {n}")
            out = str(self.root / f"journal-{n}.jsonl")  # signs a checkpoint, and notes it beside the database
            self.run([sys.executable, "-m", "stall", "journal", "export", "--out", out, "--data", str(self.box)])


def _free_ports() -> tuple[int, int]:
    """Two ports nobody listens on now."""
    with socket.socket() as one, socket.socket() as two:
        one.bind(("127.0.0.1", 0))
        two.bind(("127.0.0.1", 0))
        return one.getsockname()[1], two.getsockname()[1]


def _end(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(START_S)
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
