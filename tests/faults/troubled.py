"""A stall whose disk fails on command: the real `stall web`, people at it, and what they were told.

Made from a template that stood still, as if it were still the same disk: `stall.place` is told so.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import msgspec

from stall import settings as settings_file
from stall.settings import Web
from stall.store import place
from tests.faults.power import making
from tests.faults.power.selling import Person
from tests.faults.power.told import Told, tell, until
from tests.preload import library
from tests.preload.faults import Faults
from tests.preload.records import read

ROOT = Path(__file__).parents[2]
START_S = 45.0
#: An exit follows the answer, or the end of the connection, within this (s).
ABOUT_TO_END_S = 0.2
#: The exit code of a process that cannot know whether its last write was kept.
UNKNOWN = 75


def make_template(root: Path) -> Path:
    """A stocked box that is stopped; give its folder, for copies."""
    root.mkdir(parents=True)
    (root / "box").mkdir(mode=0o700)
    making.build_packs(root)
    making.make(root, root / "log", 1, 2)
    return root / "box"


def copy(template: Path, folder: Path) -> None:
    """Lay out the template's box as if it had never been elsewhere."""
    shutil.copytree(template, folder)
    stay(folder)


def stay(folder: Path) -> None:
    """Let `stall.place` say that the database always lay where it lies now."""
    kept = place.read(folder)
    assert kept is not None
    place.keep(folder, replace(kept, place=place.here(folder)))


def fill_log(folder: Path) -> None:
    """Sell until SQLite's log is almost long enough to be copied back, and end as a power cut would."""
    code = (
        "import os, sys; from pathlib import Path; from stall import app; from stall.store import wal;"
        "from tests.faults import verdict; folder = Path(sys.argv[1]); box = app.open_box(folder)\n"
        "while wal.grown(box.db.path, wal.EMPTY, 959) is None:\n"
        "    assert not verdict._sells_for_cash(box, None)\n"
        "os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", code, str(folder)], cwd=ROOT, check=True, timeout=START_S)


class Troubled:
    """One box in `root`, with its faults; close it at the end. `told` is what people were told."""

    def __init__(self, root: Path, template: Path) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self.box, self.log = root / "box", root / "told"
        copy(template, self.box)
        self.log.write_bytes(b"")
        for told in making.PRICES:
            tell(self.log, opened=told)
        self.faults = Faults.make(root / "faults")
        self.environment = {
            **os.environ,
            **library.environment(under=self.box, faults=root / "faults"),
        }
        self.ports = _free_ports()
        web = Web(port=self.ports[0], till_port=self.ports[1], address=f"http://127.0.0.1:{self.ports[0]}", threads=8)
        settings_file.save(self.box, msgspec.structs.replace(settings_file.load(self.box), web=web))
        self.web: subprocess.Popen[str] | None = None
        self.words = root / "web.log"

    @property
    def told(self) -> Told:
        """What people were told so far; places are none of our business here."""
        told = until(record.text for record in read(self.log))
        told.places = [settings_file.load(self.box).place]
        return told

    def start(self) -> None:
        """Start `stall web` and wait until it answers."""
        command = [sys.executable, "-m", "stall", "web", "--data", str(self.box)]
        with self.words.open("ab") as words:
            self.web = subprocess.Popen(
                command, cwd=ROOT, env=self.environment, stdout=subprocess.PIPE, stderr=words, text=True
            )
        late = threading.Timer(START_S, self.web.kill)
        late.start()
        try:
            assert self.web.stdout is not None
            ready = all(self.web.stdout.readline() for _ in range(2))
        finally:
            late.cancel()
        assert ready, self.words.read_text(encoding="utf-8")

    @property
    def alive(self) -> bool:
        """Whether `stall web` runs; one that is about to end by itself is given a moment."""
        assert self.web is not None
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.web.wait(ABOUT_TO_END_S)
        return self.web.poll() is None

    @property
    def last_words(self) -> str:
        """The end of what `stall web` wrote."""
        return self.words.read_text(encoding="utf-8", errors="replace")[-300:]

    def end(self) -> int:
        """Stop `stall web`, if it has not ended by itself; give its exit code."""
        assert self.web is not None
        with contextlib.suppress(ProcessLookupError):
            self.web.send_signal(signal.SIGTERM)
        return self._ended()

    def died(self) -> int:
        """Wait until `stall web` ends by itself; give its exit code."""
        return self._ended()

    def kill(self) -> None:
        """End `stall web` as a power cut would."""
        assert self.web is not None
        self.web.kill()
        self._ended()

    def close(self) -> None:
        if self.web is not None:
            self.kill()
        self.faults.close()

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run another `stall` command on the box, on the same disk."""
        command = [sys.executable, "-m", "stall", *arguments, "--data", str(self.box)]
        return subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=START_S, check=False
        )

    @contextlib.contextmanager
    def buyer(self) -> Iterator[Person]:
        with contextlib.closing(Person(self.ports[0], self.log)) as person:
            yield person

    @contextlib.contextmanager
    def maker(self) -> Iterator[Person]:
        with contextlib.closing(Person(self.ports[1], self.log)) as person:
            yield person

    def _ended(self) -> int:
        web, self.web = self.web, None
        assert web is not None
        assert web.stdout is not None
        try:
            return web.wait(START_S)
        finally:
            web.kill()
            web.wait()
            web.stdout.close()


def answered(act: Callable[[], object]) -> bool:
    """Do something at the stall; False when it went away before it answered. Raises Refusal for a no."""
    try:
        act()
    except (OSError, http.client.HTTPException):
        return False
    return True


def _free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as two:
        one.bind(("127.0.0.1", 0))
        two.bind(("127.0.0.1", 0))
        return one.getsockname()[1], two.getsockname()[1]
