"""What is examined: one machine and the box on it. Only read, never written; every path begins at `root`, so that tests make machines up."""

from __future__ import annotations

import json
import shlex
import sqlite3
import subprocess
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from stall.box.config import places
from stall.box.install import manifest
from stall.box.install.machine import Machine
from stall.box.install.manifest import Manifest
from stall.clock import Clock, SystemClock
from stall.errors import StallError
from stall.settings import Settings
from stall.store import checkup
from stall.store.schema import VERSION

#: No program that is asked may take longer (s).
LONGEST_S = 5.0
#: More of a file or of an answer is never read (bytes).
MOST_BYTES = 1_000_000
#: Where Debian keeps what only root has on its path.
_SYSTEM_TOOLS = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"


@dataclass(frozen=True, slots=True)
class Said:
    """What a program answered; `code` -1 where it took too long."""

    code: int
    out: str
    err: str = ""

    @property
    def all(self) -> str:
        """Both streams: some print their version on the wrong one."""
        return self.out + self.err


#: Runs a program; None where there is none of that name.
Run = Callable[[Sequence[str]], Said | None]


class SerialPort(Protocol):
    """What is known of a port a terminal may be on, as the reader's own search tells it."""

    @property
    def link(self) -> str:
        """As the settings write it."""

    @property
    def device(self) -> Path:
        """What it is now."""

    @property
    def allowed(self) -> bool:
        """This user may open it."""

    @property
    def holders(self) -> tuple[str, ...]:
        """Who has it open."""

    @property
    def left_alone(self) -> bool | None:
        """ModemManager keeps away."""


@dataclass(frozen=True, slots=True)
class Patient:
    """One machine and its box, as far as this user may look.

    `conn` cannot write; without it `trouble` says why. `settings` are the defaults where `settings_trouble` says that they cannot be read.
    """

    root: Path
    data: Path
    run: Run
    uid: int
    clock: Clock = field(default_factory=SystemClock)
    conn: sqlite3.Connection | None = None
    trouble: StallError | None = None
    settings: Settings = field(default_factory=Settings)
    settings_trouble: StallError | None = None
    serial_ports: Callable[[], Iterable[SerialPort]] = tuple
    modem_manager: Callable[[], bool] = bool

    def at(self, path: str) -> Path:
        """A path of the machine, written without its first slash."""
        return self.root / path

    def text(self, path: str) -> str:
        """What a file of the machine says, without the white space around it; empty where it cannot be read."""
        try:
            with self.at(path).open("rb") as file:
                return file.read(MOST_BYTES).decode("utf-8", "replace").strip("\0 \t\r\n")
        except OSError:
            return ""

    def number(self, path: str) -> int | None:
        """The whole number a file of the machine holds, or None."""
        try:
            return int(self.text(path), 0)
        except ValueError:
            return None

    def asked(self, *words: str) -> str:
        """What a program printed, where it is here and was content; empty otherwise."""
        said = self.run(words)
        return said.out if said is not None and said.code == 0 else ""

    def told(self, name: str) -> dict[str, object]:
        """What one process of the appliance told the others under this name (`stall.runtime`); empty where nothing was told."""
        try:
            found = json.loads(self.text(f"{places.RUN.lstrip('/')}/{name}.json"))
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    @property
    def box(self) -> sqlite3.Connection | None:
        """The database where its tables are those this version knows; None otherwise. Raises sqlite3.Error."""
        return self.conn if self.conn is not None and checkup.version(self.conn) == VERSION else None

    @property
    def appliance(self) -> bool:
        """Whether the installer made this machine one."""
        return self.at(places.MANIFEST.lstrip("/")).is_file()

    @property
    def installed(self) -> Manifest:
        """What the installer wrote down; an empty one where nothing was installed. Raises Broken `manifest-unreadable`."""
        return manifest.read(Machine(self.root, live=False))

    @property
    def systemd(self) -> bool:
        """Whether systemd runs here."""
        return self.at("run/systemd/system").is_dir()

    @property
    def shown_data(self) -> str:
        """The data folder as a command takes it."""
        return shlex.quote(str(self.data))


def run(words: Sequence[str]) -> Said | None:
    """Run a program of the system that only tells, in plain English, for `LONGEST_S` at most."""
    told = {"PATH": _SYSTEM_TOOLS, "LC_ALL": "C.UTF-8", "SYSTEMD_PAGER": "", "SYSTEMD_COLORS": "0"}
    try:
        done = subprocess.run(
            list(words), stdin=subprocess.DEVNULL, capture_output=True, timeout=LONGEST_S, check=False, env=told
        )
    except subprocess.TimeoutExpired:
        return Said(-1, "", "took too long")
    except OSError:
        return None
    return Said(done.returncode, *(part[:MOST_BYTES].decode("utf-8", "replace") for part in (done.stdout, done.stderr)))
