"""A control group for each machine: two in one would take each other's processes for their own."""

from __future__ import annotations

import contextlib
from pathlib import Path

_TREES = Path("/sys/fs/cgroup")
_NAME = "stall-test"


def make(owner: int, number: int) -> list[Path]:
    """Make the groups of a machine, one in each tree that systemd uses; none where this process may not."""
    _clear()
    made = []
    for here in _here():
        with contextlib.suppress(OSError):
            (here / f"{_NAME}-{number}-{owner}").mkdir()
            made.append(here / f"{_NAME}-{number}-{owner}")
    return made


def remove(made: list[Path]) -> None:
    """Take them away with all below them, once nothing runs there."""
    for group in made:
        for below in sorted(group.rglob("*"), reverse=True):
            if below.is_dir():
                with contextlib.suppress(OSError):
                    below.rmdir()
        with contextlib.suppress(OSError):
            group.rmdir()


def _clear() -> None:
    """Take away those of test runs that were killed: the name ends with the process that owned it."""
    for here in _here():
        remove([each for each in here.glob(f"{_NAME}-*") if not Path(f"/proc/{each.name.rpartition('-')[2]}").exists()])


def _here() -> list[Path]:
    """Where this process stands in the trees that systemd uses."""
    found = []
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, kind, path = line.split(":", 2)
        trees = {"name=systemd": [_TREES / "systemd"], "": [_TREES / "unified", _TREES]}.get(kind, [])
        places = [tree / path.lstrip("/") for tree in trees]
        found += [place for place in places if (place / "cgroup.procs").exists()][:1]
    return found
