"""A stocked box for each test that prints from one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from stall.store import readers
from tests.box.printing.printers import NetworkPrinter
from tests.fakes import stock
from tests.fakes.clock import FakeClock
from tests.fakes.stock import Stocked


@pytest.fixture(scope="session")
def stocked_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stocked") / "box"
    stock.stock(folder, FakeClock())
    return folder


@pytest.fixture
def stall(stocked_folder: Path, tmp_path: Path) -> Iterator[Stocked]:
    stocked = stock.copy(stocked_folder, tmp_path / "box")
    with stocked.box.db.transaction() as tx:
        readers.report(tx, 1, "Reader", "ready", "Ready")
    yield stocked
    stocked.box.close()


@pytest.fixture
def network() -> Iterator[NetworkPrinter]:
    """A printer on the network, that keeps what it prints."""
    printer = NetworkPrinter()
    yield printer
    printer.close()
