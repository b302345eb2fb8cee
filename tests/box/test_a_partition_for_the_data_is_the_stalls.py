"""A partition that was just made for the data folder belongs to root: the installer gives it to the stall, and leaves what is in it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from stall.box.config import places
from stall.box.install import applying
from stall.box.install.machine import Machine


@pytest.mark.parametrize(("owner", "given"), [(os.getuid() + 1, True), (os.getuid(), False)])
def test_only_a_folder_of_somebody_elses_changes_hands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, owner: int, given: bool
) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/passwd").write_text(f"stall:x:{owner}:{owner}:::\n")
    data = places.under(tmp_path, places.DATA)
    (data / "lost+found").mkdir(parents=True, mode=0o700)
    data.chmod(0o755)
    gave: list[Path] = []
    machine = Machine(tmp_path)
    monkeypatch.setattr(Machine, "give", lambda _self, path, owner, group: gave.append(path))
    applying._data_folder(machine)
    assert gave == ([data] if given else [])
    assert (data.stat().st_mode & 0o777) == (0o750 if given else 0o755)
    assert (data / "lost+found").stat().st_mode & 0o777 == 0o700
