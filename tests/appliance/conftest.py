"""What the tests of the appliance share: a place for disks, the cached root, the air, and a system with everything installed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.appliance import cache, machine
from tests.appliance.machine import Disk
from tests.phone import network
from tests.phone.network import Air


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


@pytest.fixture(scope="module")
def air() -> Iterator[Air]:
    """A network for the machine and one for a phone."""
    with network.air(bare=True) as made:
        yield made
