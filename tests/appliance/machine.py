"""A machine that tests boot, look into, cut the power of, and boot again. Root only.

Its disk is layers: the cached root below, and above it what this machine writes, in a folder that another machine may start from.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import itertools
import json
import os
import shutil
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.appliance import cache, groups
from tests.house.sources import ROOT
from tests.phone.network import RADIO

_BOOT_S = 60.0
_STOP_S = 75.0
#: What a person has who sits at it.
_SURROUNDINGS = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "HOME": "/root", "TERM": "dumb",
}  # fmt: skip
_COUNT = itertools.count()
#: Folders in memory, and what four machines write (bytes), generously.
_MEMORY, _ROOM = Path("/dev/shm"), 3 << 30


@dataclass(frozen=True, slots=True)
class Disk:
    """Folders that together are a machine's disk, the newest first; nobody writes to any of them."""

    layers: tuple[Path, ...]


@dataclass
class Machine:
    """One machine. It is off until `boot`."""

    folder: Path
    disk: Disk
    network: str
    shown: Mapping[str, Path]
    leader: int = 0
    _keeper: subprocess.Popen[str] = field(init=False)
    _groups: list[Path] = field(init=False)

    def __post_init__(self) -> None:
        for name in ("upper", "work", "disk"):
            (self.folder / name).mkdir(parents=True)
        number = next(_COUNT)
        self._groups = groups.make(os.getpid(), number)
        apart = ["--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "--mount-proc"]
        self._keeper = subprocess.Popen(
            ["nsenter", f"--net=/run/netns/{self.network}", "unshare", *apart, sys.executable, "-m", "tests.appliance.keeper"],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1, env={**os.environ, "PATH": _path()},
        )  # fmt: skip
        made_of = {
            "name": f"stall-{os.getpid()}-{number}", "groups": [str(each) for each in self._groups], "layers": [str(each) for each in self.disk.layers],
            **{name: str(self.folder / name) for name in ("upper", "work", "disk", "console")},
            "radio": RADIO, "shown": {place: str(source) for place, source in self.shown.items()},
        }  # fmt: skip
        self._tell(json.dumps(made_of))

    def boot(self, *, wait: bool = True) -> str:
        """Switch it on; with `wait` until everything has started or failed. Gives what systemd says of itself."""
        self._ask("boot")
        self.leader = self._first()
        if not wait:
            return ""
        ends = time.monotonic() + _BOOT_S
        while True:
            told = self.run("systemctl", "is-system-running", "--wait", check=False)
            if (state := told.stdout.strip()) in {"running", "degraded"}:
                return state
            assert time.monotonic() < ends, told.stdout + told.stderr + self.console()
            time.sleep(0.02)

    def cut_power(self) -> None:
        """Every process of it is gone at once."""
        self._ask("cut")
        self.leader = 0

    def shut_down(self) -> Disk:
        """Switch it off in good order; gives its disk, for other machines to start from."""
        self._ask("off")
        self.leader = 0
        return Disk((self.folder / "upper", *self.disk.layers))

    def run(
        self, *command: str, check: bool = True, within_s: float = 60, told: str = "", **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a command as root, as if at its keyboard."""
        inside = [
            "nsenter",
            f"--target={self.leader}",
            "--mount",
            "--uts",
            "--ipc",
            "--net",
            "--pid",
            "--root",
            "--wd",
        ]
        done = subprocess.run(
            [*inside, "--", *command], env={**_SURROUNDINGS, **environment}, input=told, capture_output=True, text=True,
            timeout=within_s, check=False,
        )  # fmt: skip
        assert not check or done.returncode == 0, (
            f"{' '.join(command)}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        )
        return done

    def stall(self, *arguments: str, **more: Any) -> subprocess.CompletedProcess[str]:
        """Run the installed command."""
        return self.run("stall", *arguments, **more)

    def show(self, unit: str, *properties: str) -> dict[str, str]:
        """What systemd knows of a unit."""
        told = self.run("systemctl", "show", unit, *(f"--property={name}" for name in properties)).stdout
        return dict(line.split("=", 1) for line in told.splitlines())

    def units(self) -> dict[str, str]:
        """Our units that are loaded, and the state of each: active, failed and so on."""
        told = self.run("systemctl", "list-units", "--all", "--plain", "--no-legend", "stall*").stdout
        return {line.split()[0]: line.split()[2] for line in told.splitlines()}

    def journal(self, *arguments: str) -> str:
        """What was said in this boot."""
        return self.run("journalctl", "--boot", "--no-pager", "--output=short-monotonic", *arguments).stdout

    def console(self) -> str:
        """What it wrote on its screen."""
        file = self.folder / "console"
        return file.read_text("utf-8", "replace")[-5000:] if file.exists() else ""

    def path(self, place: str) -> Path:
        """A place of the running machine, as this one reaches it. A link in it leads where it would lead here."""
        return Path(f"/proc/{self.leader}/root") / place.lstrip("/")

    def until(self, so: Callable[[], object], within_s: float = 30.0) -> None:
        """Wait until something is so."""
        ends = time.monotonic() + within_s
        while not so():
            assert time.monotonic() < ends, self.journal("--lines=60")
            time.sleep(0.05)

    def listing(self, *places: str) -> dict[str, str]:
        """Every file below these places by its mode, owner, and content; a link by where it leads."""
        found = {}
        for place in places:
            top = self.path(place)
            for each in [top, *_below(top)] if top.is_dir() and not top.is_symlink() else [top]:
                found[str(each.relative_to(self.path("/")))] = _looks(each)
        return found

    def end(self) -> None:
        """Take it away with all it wrote."""
        assert self._keeper.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._keeper.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._keeper.wait(_STOP_S)
        self._keeper.kill()
        self._keeper.wait()
        if self._keeper.stdout is not None:
            self._keeper.stdout.close()
        groups.remove(self._groups)

    def _first(self) -> int:
        """Its process 1, by the number it has here: two namespaces further in than we are."""
        depth = len(_numbers(os.getpid())) + 2
        below = [self._keeper.pid]
        while below:
            pid = below.pop()
            numbers = _numbers(pid)
            if len(numbers) == depth and numbers[-1] == "1":
                return pid
            below += map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
        raise AssertionError(self.console())

    def _tell(self, line: str) -> None:
        assert self._keeper.stdin is not None
        self._keeper.stdin.write(line + "\n")

    def _ask(self, line: str) -> dict[str, Any]:
        self._tell(line)
        assert self._keeper.stdout is not None
        told: dict[str, Any] = json.loads(self._keeper.stdout.readline() or '{"fault": "its keeper is gone"}')
        assert "fault" not in told, told["fault"]
        return told


@contextmanager
def machine(disk: Disk, network: str, shown: Mapping[str, Path] = {}, *, place: Path) -> Iterator[Machine]:
    """A machine with that disk on that network namespace; `shown` are folders of this one it may read."""
    made = Machine(place / f"machine-{os.getpid()}-{next(_COUNT)}", disk, network, shown)
    try:
        yield made
    finally:
        made.end()


@contextmanager
def workshop(name: str) -> Iterator[Path]:
    """A folder for all test processes of one run; whoever leaves last takes it away.

    The disks of machines lie here, not in pytest's folders, which are kept for days: in memory where there is room, beside the cache
    else. Those of killed runs are cleared.
    """
    place = _MEMORY / "stall-tests" if _roomy(_MEMORY) else cache.folder() / "runs"
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    for other in place.glob("*.lock"):
        if other.stem != name:
            _clear_unused(other)
    with _in_use(place / f"{name}.lock"):
        (place / name).mkdir(exist_ok=True)
        yield place / name
    _clear_unused(place / f"{name}.lock")


def _roomy(place: Path) -> bool:
    return place.is_dir() and shutil.disk_usage(place).free >= _ROOM


@contextmanager
def _in_use(path: Path) -> Iterator[None]:
    lock = path.open("a")
    fcntl.flock(lock, fcntl.LOCK_SH)
    while not path.exists() or os.fstat(lock.fileno()).st_ino != path.stat().st_ino:  # taken away meanwhile
        lock.close()
        lock = path.open("a")
        fcntl.flock(lock, fcntl.LOCK_SH)
    with lock:
        yield


def _clear_unused(lock: Path) -> None:
    with contextlib.suppress(BlockingIOError, FileNotFoundError), lock.open("r") as held:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(lock.with_suffix(""), ignore_errors=True)
        lock.unlink()


def clone(place: Path) -> Path:
    """The project as a fresh clone has it, with what is not committed yet."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    for name in filter(None, listed.split("\0")):
        source, target = ROOT / name, place / name
        if not os.path.lexists(source) or name == ".venv":
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target, follow_symlinks=False)
    return place


def _numbers(pid: int) -> list[str]:
    """The number of a process in each process namespace, from ours to its own."""
    status = Path(f"/proc/{pid}/status").read_text()
    return next(line for line in status.splitlines() if line.startswith("NSpid")).split()[1:]


def _below(top: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(top):
        for name in sorted(folders + files):
            yield Path(folder) / name


def _looks(each: Path) -> str:
    status = each.lstat()
    kind = stat.S_IFMT(status.st_mode)
    whose = f"{status.st_mode:o} {status.st_uid}:{status.st_gid}"
    if kind == stat.S_IFLNK:
        return f"{whose} -> {each.readlink()}"
    if kind == stat.S_IFREG:
        return f"{whose} {hashlib.sha256(each.read_bytes()).hexdigest()}"
    return whose


def _path() -> str:
    return f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
