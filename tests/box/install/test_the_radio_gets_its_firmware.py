"""On a board whose radio bears more phones with another firmware, that one is taken into use, and given back."""

from __future__ import annotations

from pathlib import Path

import pytest

from stall.box.config import boards
from stall.box.install import applying, firmware
from tests.box.install.appliance import SETTINGS, Appliance

RELEASE = "1-aaaaaaaaaaaa"
ALTERNATIVE = f"/etc/alternatives/{boards.ALTERNATIVE}"
#: Like the program of that name, as far as this goes.
PROGRAM = """#!/bin/sh
[ "$1" = --set ] && exec ln -sf "$3" "$ROOT/etc/alternatives/$2"
exec ln -sf /lib/firmware/cypress/cyfmac43455-sdio-standard.bin "$ROOT/etc/alternatives/$2"
"""


@pytest.fixture
def pi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Appliance:
    made = Appliance(tmp_path)
    made.write("/proc/device-tree/model", b"Raspberry Pi 4 Model B Rev 1.4\0")
    made.write(boards.MINIMAL, b"firmware")
    made.write("/etc/alternatives/README", b"")
    programs = tmp_path / "more"
    programs.mkdir()
    (programs / "update-alternatives").write_text(PROGRAM)
    (programs / "update-alternatives").chmod(0o755)
    monkeypatch.setenv("ROOT", str(made.root))
    monkeypatch.setattr("stall.box.install.machine._path", lambda: f"{programs}:/usr/bin:/bin")
    return made


def test_it_is_taken_into_use_once_and_given_back(pi: Appliance) -> None:
    link = pi.root / ALTERNATIVE.lstrip("/")
    assert firmware.TO_DO in applying.check(pi.machine, RELEASE, SETTINGS)
    assert firmware.choose(pi.machine, SETTINGS).endswith("from the next start on.")
    assert str(link.readlink()) == boards.MINIMAL
    assert firmware.choose(pi.machine, SETTINGS) == ""
    assert firmware.TO_DO not in applying.check(pi.machine, RELEASE, SETTINGS)
    firmware.give_back(pi.machine, SETTINGS)
    assert link.readlink().name == "cyfmac43455-sdio-standard.bin"


def test_a_machine_without_the_choice_is_left_alone(tmp_path: Path) -> None:
    other = Appliance(tmp_path)
    assert firmware.choose(other.machine, SETTINGS) == ""
    assert firmware.TO_DO not in applying.check(other.machine, RELEASE, SETTINGS)
    assert firmware.warnings(other.machine, SETTINGS) == []
