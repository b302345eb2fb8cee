"""What the tests of the appliance keep between runs, outside the project: a Debian root, and wheels for its Python.

Both are made beside their place and renamed into it, so an interrupted run leaves nothing half. Who uses one holds its lock, shared;
whoever would take an old one away asks for that lock alone, and leaves it when it does not get it at once.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import platform
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.house.sources import ROOT

#: Read once: later the environment is cleaned of whatever its owner set.
SUITE = os.environ.get("STALL_SUITE", "trixie")
_FOLDER = os.environ.get("STALL_CACHE") or str(Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")) / "stall")
#: The Python that each suite brings.
PYTHON = {"bookworm": "3.11", "trixie": "3.13"}
#: What a machine has that was set up by its image and not by us, beside what our installer asks for.
_IMAGE = ["ca-certificates", "dbus", "kmod", "procps", "systemd", "systemd-sysv", "systemd-timesyncd", "udev"]
_MAKING_S = 900
_OLD_S = 14 * 24 * 3600


def folder() -> Path:
    """Where all of it lies; `STALL_CACHE` or the usual place of caches."""
    return Path(_FOLDER).expanduser()


def packages() -> list[str]:
    """The Debian packages of the root: what our installer needs, and what every image has."""
    listed = (ROOT / "provisioning" / "packages.txt").read_text("utf-8")
    ours = re.findall(r"^([a-z0-9][a-z0-9.+-]*)", listed, re.MULTILINE)
    return sorted({*ours, *_IMAGE})


@contextmanager
def root() -> Iterator[Path]:
    """A Debian root nobody may write to, with all packages and nothing of ours; in use as long as the block."""
    wanted = packages()
    name = f"{SUITE}-{_digest(platform.machine(), *wanted)}"
    with _kept(folder() / "roots", name, lambda place: _debootstrap(place, wanted)) as made:
        yield made


@contextmanager
def wheels() -> Iterator[Path]:
    """Every package of the lock as a wheel for the Python of that root; in use as long as the block."""
    lock = (ROOT / "provisioning" / "requirements.txt").read_text("utf-8")
    name = f"{PYTHON[SUITE]}-{_digest(platform.machine(), lock)}"
    with _kept(folder() / "wheels", name, _download) as made:
        yield made


def _digest(*words: str) -> str:
    return hashlib.sha256("\n".join(words).encode()).hexdigest()[:12]


@contextmanager
def _kept(place: Path, name: str, make: Callable[[Path], None]) -> Iterator[Path]:
    place.mkdir(parents=True, exist_ok=True)
    made = place / name
    with (place / f"{name}.lock").open("a") as lock:
        if not made.exists():
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not made.exists():
                _make(made, make)
        fcntl.flock(lock, fcntl.LOCK_SH)
        os.utime(lock.fileno())
        yield made


def _make(made: Path, make: Callable[[Path], None]) -> None:
    _clear_old(made)
    beside = made.with_name(f"{made.name}.making")
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir()
    make(beside)
    beside.rename(made)


def _clear_old(made: Path) -> None:
    """Take away what was made for another list, of the same kind, that nobody uses and nobody used for weeks."""
    kind = made.name.partition("-")[0]
    for lock in made.parent.glob(f"{kind}-*.lock"):
        old = lock.with_suffix("")
        if old == made or lock.stat().st_mtime > time.time() - _OLD_S:
            continue
        with lock.open("a") as held, contextlib.suppress(BlockingIOError):
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(old, ignore_errors=True)


def _debootstrap(place: Path, wanted: list[str]) -> None:
    # In a mount namespace of its own: what it mounts while it works, and forgets when it is stopped, goes with it.
    command = ["unshare", "--mount", "--propagation", "private", "debootstrap", "--variant=minbase", f"--include={','.join(wanted)}", SUITE, str(place)]  # fmt: skip
    _run(command)
    for waste in ("var/cache/apt/archives", "var/lib/apt/lists"):
        for each in (place / waste).iterdir():
            if each.is_file():
                each.unlink()


def _download(place: Path) -> None:
    _run(["./setup.sh", "wheelhouse", str(place), "--python", PYTHON[SUITE], "--arch", platform.machine()])


def _run(command: list[str]) -> None:
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "PATH": path}, capture_output=True, text=True, timeout=_MAKING_S, check=False
    )  # fmt: skip
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
