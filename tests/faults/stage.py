"""A whole stall in real processes on loopback, whose processes die when told to and come back by themselves.

web, reader, sync, cloud and a simulated card terminal are the commands a maker runs. The stage keeps them running as
systemd would, kills what it is told, and looks at the data folder through the product's own reading connection.
"""

from __future__ import annotations

import contextlib
import random
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from stall import app
from stall import settings as settings_file
from stall.cloud import folder as cloud_folder
from stall.domain.payment import OPEN
from stall.settings import Cloud, Reader
from stall.store import journal, readers, uploads
from stall.wire import b64
from tests.faults.part import Part
from tests.faults.stocked import Home

LOOPBACK = "127.0.0.1"
#: A cloud of one's own, started with the stage.
OWN = "own"
READY_WITHIN_S = 60.0
#: Every payment is final or waits for a person within this (s), whatever died.
SETTLED_WITHIN_S = 60.0
#: Times of the card protocol, shortened for the reader and more for the terminal, which waits longer; and until a card
#: is held to it (s).
SCALE, TERMINAL_SCALE, CARD_AFTER_S = 0.1, 0.04, 0.02
LOOK_EVERY_S = 0.02
#: A stage takes so many neighbouring ports; at WIRE is that of a terminal on the network.
PORTS, WIRE = 5, 4
#: The processes that write into the box's database.
WRITERS = ("web", "reader", "sync")


@dataclass(frozen=True)
class Terminal:
    """The simulated terminal of a stage: times of reader and terminal, how it is reached, what it does besides."""

    scale: float = SCALE
    own_scale: float = TERMINAL_SCALE
    card_after_s: float = CARD_AFTER_S
    profile: str = "simulated"
    tcp: bool = False
    script: Path | None = None


class NotInTime(AssertionError):
    """Something that must happen did not within its deadline."""


def eventually(so: Callable[[], bool], within_s: float, what: str, every_s: float = LOOK_EVERY_S) -> None:
    """Wait until it is so. Raises NotInTime."""
    until = time.monotonic() + within_s
    while not so():
        if time.monotonic() > until:
            raise NotInTime(f"{what}: not within {within_s:.0f} s")
        time.sleep(every_s)


class Stage:
    """One stall running. Use `running`."""

    def __init__(self, home: Home, *, cloud: str = OWN, terminal: Terminal = Terminal()) -> None:
        """Set its addresses; nothing is started yet. `cloud` is OWN, the address of another's, or "" to stay offline."""
        self.home = home
        base = _free_base()
        self.buyers, self.till, self.panel, own_cloud = (f"{LOOPBACK}:{base + n}" for n in range(4))
        self.cloud = own_cloud if cloud == OWN else cloud
        _settle(home, base, self.cloud, terminal)
        self.parts = {part.name: part for part in _parts(home, base, terminal)}
        if cloud != OWN:
            del self.parts["cloud"]
        if not cloud:
            del self.parts["sync"]
        self.observer = app.open_box(home.box)
        self._keeping = threading.Lock()
        self._stop = threading.Event()
        self._keeper = threading.Thread(target=self._keep, name="keeper", daemon=True)

    def start(self) -> None:
        """Start everything and wait until it answers."""
        for part in self.parts.values():
            part.start()
        self._keeper.start()
        self.wait_until_answering()

    def stop(self) -> None:
        """End everything, whatever state it is in."""
        self._stop.set()
        if self._keeper.ident is not None:
            self._keeper.join()
        for part in self.parts.values():
            part.kill() if part.name in {"cloud", "simulate"} else part.end()
        for part in self.parts.values():
            part.end()
        self.observer.close()

    def kill(self, names: Iterable[str]) -> int:
        """SIGKILL these processes at one instant; they are started again by themselves. Give how many died."""
        victims = tuple(names)
        with self._keeping:
            killed = sum(self.parts[name].kill() for name in victims)
            if "simulate" in victims:
                self._forget_port()
            return killed

    def restart(self, name: str, once: Mapping[str, str]) -> int | None:
        """Kill a part and start one that is told when to die; give the new one's process id."""
        with self._keeping:
            self.parts[name].kill()
            self.parts[name].start(once)
            return self.parts[name].pid

    def dies(self, name: str, pid: int | None, within_s: float) -> bool:
        """Whether the process with this id, told when to die, does. It is started again without being told."""
        with contextlib.suppress(NotInTime):
            eventually(lambda: self.parts[name].pid != pid, within_s, f"{name} to die")
            return True
        return False

    def wait_until_answering(self) -> None:
        """Wait until both web servers take connections and the reader has reported. Raises NotInTime."""
        for address in (self.buyers, self.till):
            eventually(lambda address=address: _listens(address), READY_WITHIN_S, f"{address} to answer")  # type: ignore[misc]  # a lambda's default
        if "cloud" in self.parts:
            eventually(lambda: _listens(self.cloud), READY_WITHIN_S, "the cloud to answer")

    def reader_ready(self) -> bool:
        """Whether the reader's process says that a card may come."""
        state = readers.find(self.observer.db.read(), 1)
        return state is not None and state.link == "ready"

    def open_attempts(self) -> list[tuple[int, str]]:
        """The payments that are not final, with their states."""
        rows = self.observer.db.read().execute("SELECT no, state FROM attempts ORDER BY no").fetchall()
        return [(row[0], row[1]) for row in rows if row[1] in OPEN]

    def wait_until_settled(self) -> None:
        """Wait until every payment that is under way now has ended. Raises NotInTime."""
        pending = {no for no, _ in self.open_attempts()}
        eventually(
            lambda: not pending & {no for no, _ in self.open_attempts()},
            SETTLED_WITHIN_S,
            f"payments {self.open_attempts()} to end",
        )

    def uploaded(self) -> bool:
        """Whether the cloud has countersigned everything."""
        conn = self.observer.db.read()
        head = journal.read_head(conn)
        return uploads.read_state(conn, head.epoch_no).cosigned_size == head.size

    def complaints(self) -> list[str]:
        """Processes that ended although nobody killed them."""
        return [
            f"{part.name} ended by itself ({', '.join(map(str, part.ends))}): {part.last_words()}"
            for part in self.parts.values()
            if part.ends
        ]

    def _forget_port(self) -> None:
        """Take away the name of a port whose terminal died: the system soon gives its number to somebody else's."""
        (self.home.terminal / "port").unlink(missing_ok=True)

    def _keep(self) -> None:
        while not self._stop.wait(LOOK_EVERY_S):
            with self._keeping:
                for part in self.parts.values():
                    part.look()


@contextlib.contextmanager
def running(
    home: Home, *, cloud: str = OWN, always: Mapping[str, str] | None = None, terminal: Terminal = Terminal()
) -> Iterator[Stage]:
    """A stall running until the block ends, however it ends; `always` are variables for each of its processes."""
    stage = Stage(home, cloud=cloud, terminal=terminal)
    try:
        for part in stage.parts.values():
            part.always(always or {})
        stage.start()
        yield stage
    finally:
        stage.stop()


def _settle(home: Home, base: int, cloud_at: str, terminal: Terminal) -> None:
    """Write into the box's settings where everything is in this run."""
    kept = settings_file.load(home.box)
    cloud = cloud_folder.load(home.cloud)
    web = msgspec.structs.replace(
        kept.web, port=base, till_port=base + 1, address=f"http://{LOOPBACK}:{base}", threads=16
    )
    link = f"tcp:{LOOPBACK}:{base + WIRE}" if terminal.tcp else f"serial:{home.terminal / 'port'}"
    reader = Reader(link=link, name="Simulated terminal", profile=terminal.profile, time_scale=terminal.scale)
    there = Cloud(url=f"http://{cloud_at}", name=cloud.name, public=b64.encode(cloud.key.public))
    settings_file.save(
        home.box, msgspec.structs.replace(kept, web=web, reader=reader, cloud=there if cloud_at else None)
    )


def _parts(home: Home, base: int, terminal: Terminal) -> list[Part]:
    box = str(home.box)
    simulate = ["simulate", "zvt", "--data", str(home.terminal), "--panel", str(base + 2)]
    simulate += ["--tcp", str(base + WIRE)] if terminal.tcp else ["--pty", str(home.terminal / "port")]
    simulate += ["--card-after", str(terminal.card_after_s), "--scale", str(terminal.own_scale)]
    simulate += [] if terminal.script is None else ["--script", str(terminal.script)]
    commands = {
        "simulate": simulate,
        "cloud": ["cloud", "--data", str(home.cloud), "--port", str(base + 3)],
        "web": ["web", "--data", box],
        "reader": ["reader", "--data", box],
        "sync": ["sync", "--data", box],
    }
    return [Part(name, command, home.logs / f"{name}.log") for name, command in commands.items()]


def _free_base() -> int:
    """The first of a stage's neighbouring ports nobody uses just now, below those the system gives to clients."""
    for _ in range(200):
        base = random.randrange(20_000, 32_000, PORTS)  # not from a run's seed: two runs of one seed may be at work
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            for port in range(base, base + PORTS):
                stack.enter_context(socket.create_server((LOOPBACK, port)))
            return base
    raise NotInTime(f"{PORTS} free ports: none found")


def _listens(address: str) -> bool:
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=2).close()
    except OSError:
        return False
    return True
