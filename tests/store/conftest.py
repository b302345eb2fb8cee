"""A real box on a real disk for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from stall import app
from stall.store.box import Box
from tests.fakes import home
from tests.fakes.clock import FakeClock


@pytest.fixture(scope="session")
def empty_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A box just made; tests copy it and leave it alone."""
    folder = tmp_path_factory.mktemp("empty") / "box"
    app.create_box(folder, "Test", pin="123456", clock=FakeClock())
    return folder


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def folder(empty_folder: Path, tmp_path: Path) -> Path:
    return home.copied(empty_folder, tmp_path / "box")


@pytest.fixture
def box(folder: Path, clock: FakeClock) -> Iterator[Box]:
    opened = app.open_box(folder, clock=clock)
    yield opened
    opened.close()
