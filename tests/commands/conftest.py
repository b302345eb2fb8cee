"""The command line on a stocked box, with a clock that stands where the stock was made."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from stall import app, cli
from tests.fakes import stock
from tests.fakes.clock import FakeClock


@dataclass(frozen=True)
class Ran:
    """What one command said and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        found = json.loads(self.out)
        assert isinstance(found, dict)
        return found


Run = Callable[..., Ran]


@pytest.fixture(scope="session")
def stocked_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stocked") / "box"
    stock.stock(folder, FakeClock())
    return folder


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def data(stocked_once: Path, tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder of this test's own; every box opened in this process has the fake clock."""
    monkeypatch.setattr(app, "SystemClock", lambda: clock)
    stock.copy(stocked_once, tmp_path / "box").box.close()
    return tmp_path / "box"


@pytest.fixture
def stall(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run `stall …` and give its exit code and output."""

    def run(*arguments: object) -> Ran:
        with pytest.raises(SystemExit) as ended:
            cli.main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return Ran(int(ended.value.code or 0), said.out, said.err)

    return run


@pytest.fixture
def run(data: Path, stall: Run) -> Run:
    """The same with `--data DATA`."""
    return lambda *arguments: stall(*arguments, "--data", data)
