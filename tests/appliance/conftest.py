"""What the tests of the appliance share: a place for disks, the cached root, the air, and a system with everything installed."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shlex
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.appliance import cache, machine
from tests.appliance.machine import Disk, Machine
from tests.house.sources import ROOT
from tests.phone import network
from tests.phone.network import Air
from tests.phone.scene import Hands

#: Where a machine sees the clone of the project and the wheels; nothing may be written there.
CLONE, WHEELS = "/mnt/stall", "/mnt/wheels"
#: What the stall may change of a system, and what must be as before once it is taken away.
SYSTEM = ("/etc", "/usr", "/opt", "/boot", "/root", "/srv")
_LONG_S = 600
#: What runs on an installed machine; the access point is not there without a radio, which no machine of these tests has.
UNITS = (
    "stall.target", "stall-web.socket", "stall-web.service", "stall-sync.service", "stall-nginx.service", "stall-lan.service",
    "stall-dns.service",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Installed:
    """A disk with everything installed on it from nothing, and what was said and seen on the way."""

    disk: Disk
    check_before: int
    said_before: str
    said: str
    check_after: int
    said_after: str
    units: dict[str, str]
    #: Every file of the system before.
    system: dict[str, str]


@pytest.fixture(scope="session")
def place(worker_id: str) -> Iterator[Path]:
    """A folder that all processes of this run share, and that goes with the last of them."""
    run = os.getpid() if worker_id == "master" else os.getppid()
    with machine.workshop(f"run-{run}") as made:
        yield made


@pytest.fixture(scope="session")
def debian() -> Iterator[Disk]:
    """A disk with Debian and the packages we need, and nothing of ours."""
    with cache.root() as made:
        yield Disk((made,))


@pytest.fixture(scope="session")
def shown(place: Path) -> Iterator[dict[str, Path]]:
    """What machines see of this one: the project as a fresh clone, and the wheels."""
    with cache.wheels() as wheels:
        yield {CLONE: _once(place / "clone", machine.clone), WHEELS: wheels}


@pytest.fixture(scope="module")
def air() -> Iterator[Air]:
    """A network for the machine and one for a phone."""
    with network.air(bare=True) as made:
        yield made


@pytest.fixture(scope="session")
def installed(place: Path, debian: Disk, shown: dict[str, Path]) -> Installed:
    """Everything installed from nothing, once for all files of these tests."""
    told = _once(place / "installed", lambda folder: _install(folder, debian, shown))
    kept = json.loads((told / "told.json").read_text())
    return Installed(disk=Disk((*map(Path, kept.pop("layers")), *debian.layers)), **kept)


@pytest.fixture(scope="module")
def phone(air: Air) -> Iterator[Hands]:
    """A phone within reach of the machine's radio, with no address yet: it joins."""
    made = Hands(air.beside(air.phone, []), "tests.appliance.crowd")
    yield made
    made.close()


@pytest.fixture(scope="module")
def box(installed: Installed, air: Air, place: Path, shown: dict[str, Path]) -> Iterator[Machine]:
    """The installed system after its next boot, with everything of ours running."""
    with machine.machine(installed.disk, air.box, shown, place=place) as made:
        made.boot()
        made.until(lambda: everything_runs(made))
        yield made


def _install(folder: Path, debian: Disk, shown: dict[str, Path]) -> Path:
    folder.mkdir()
    with network.air(bare=True) as air, machine.machine(debian, air.box, shown, place=folder) as box:
        box.boot()
        system = box.listing(*SYSTEM)
        before = setup(box, "--check")
        done = setup(box, *as_the_readme_says(), "--wheelhouse", WHEELS)
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}\n{box.journal('--lines=80')}"
        after = setup(box, "--check")
        told = {
            "check_before": before.returncode, "said_before": before.stdout, "said": done.stdout + done.stderr,
            "check_after": after.returncode, "said_after": after.stdout, "units": box.units(), "system": system,
        }  # fmt: skip
        disk = box.shut_down()
    (folder / "told.json").write_text(json.dumps({"layers": [str(disk.layers[0])], **told}))
    return folder


def everything_runs(box: Machine) -> bool:
    """Whether every unit of ours is up that has to be."""
    units = box.units()
    return all(units.get(unit) == "active" for unit in UNITS)


def as_the_readme_says() -> list[str]:
    """The options of the README's command, which names the stall Night Fair."""
    found = re.search(r"^sudo \./setup\.sh install (.+)$", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE)
    assert found
    return shlex.split(found[1])


def setup(box: Machine, *arguments: str, clone: str = CLONE) -> subprocess.CompletedProcess[str]:
    """What a person types in a clone of the project: `./setup.sh install …`."""
    return box.run(f"{clone}/setup.sh", "install", *arguments, check=False, within_s=_LONG_S)


def _once(made: Path, make: Callable[[Path], object]) -> Path:
    """Made by the first process of this run that asks, for all of them."""
    with made.with_suffix(".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.with_suffix(".done").exists():
            make(made)
            made.with_suffix(".done").touch()
    return made
