"""A machine in a folder as a fixture."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.box.install.appliance import Appliance, on_path


@pytest.fixture
def appliance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Appliance:
    made = Appliance(tmp_path)
    on_path(monkeypatch, made, tmp_path / "programs")
    return made
