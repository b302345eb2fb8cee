"""The stand-in machine as a fixture."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.house.machine import Machine


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """An ordinary user's machine with a clone of the project and no Python."""
    machine = Machine(tmp_path)
    machine.user(1000)
    return machine
