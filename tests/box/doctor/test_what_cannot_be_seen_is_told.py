"""What this user may not look at is told as not seen, with who may, and is never taken for well."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from stall.box.doctor import disk, installed, keys, units
from stall.box.doctor.finding import State
from stall.box.doctor.patient import Said
from stall.box.install import manifest
from stall.box.machine import sync_test
from stall.errors import Refused
from tests.box.doctor.conftest import Machine, cured


@pytest.fixture
def as_nobody() -> Iterator[None]:
    """Be another user for a while."""
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
    os.seteuid(65534)
    yield
    os.seteuid(0)


def test_keys_of_another_user(machine: Machine, data: Path, as_nobody: None) -> None:
    machine.data = data
    cured(machine.only(keys.check_files), State.UNKNOWN, "may not look into", "sudo stall doctor")
    assert [each.state for each in machine.examined(keys.check_box_key)] in ([], [State.UNKNOWN])


def test_a_key_only_root_may_read(machine: Machine, data: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
    machine.data = data
    shut = {
        each: each.stat().st_mode for each in [*data.parents, data, data / "keys"] if not each.stat().st_mode & 0o001
    }
    for folder in shut:
        folder.chmod(0o755)
    os.seteuid(65534)
    try:
        found = machine.only(keys.check_box_key)
    finally:
        os.seteuid(0)
        for folder, mode in shut.items():
            folder.chmod(mode)
    cured(found, State.UNKNOWN, "may not read the keys", "sudo stall doctor")


def test_a_key_that_root_left_behind(machine: Machine, data: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root gives files away")
    machine.data = data
    for each in [data, data / "keys", *(data / "keys").iterdir()]:
        os.chown(each, 1234, 1234)
    os.chown(data / "keys" / "link.key", 0, 0)
    cured(machine.only(keys.check_files), State.FAULT, "link.key belongs to another user", "chown --reference")


def test_a_folder_of_keys_that_is_gone_is_no_question_of_rights(machine: Machine) -> None:
    cured(machine.only(keys.check_files), State.FAULT, "is not there", "key backup")


def test_files_only_root_may_read(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    def look(_place: Path) -> None:
        raise PermissionError(13, "Permission denied")

    machine.appliance()
    entry = {
        "path": "/etc/stall/hostapd.conf",
        "kind": "file",
        "mode": 384,
        "sha256": "x",
        "before": {"kind": "nothing"},
    }
    machine.put("etc/stall/manifest.json", json.dumps({"entries": [entry]}))
    monkeypatch.setattr(manifest, "look", look)
    cured(machine.only(installed.check_files), State.UNKNOWN, "/etc/stall/hostapd.conf", "sudo stall doctor")


def test_a_disk_this_user_may_not_write(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    def measure(_folder: Path, *, unseen: bool) -> None:
        raise Refused("disk-not-writable", f"It may not be written. Choose another ({unseen}).")

    monkeypatch.setattr(sync_test, "measure", measure)
    cured(machine.only(disk.check_syncs), State.UNKNOWN, "could not be measured", "sudo stall doctor")


def test_room_for_few_files_is_told(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.statvfs(machine.data)
    few = os.statvfs_result([*real[:7], 12, *real[8:]])
    monkeypatch.setattr(os, "statvfs", lambda _: few)
    cured(machine.only(disk.check_room), State.WARNING, "Only 12 more files", "larger card")


def test_a_database_that_lets_one_thing_not_be_read(machine: Machine) -> None:
    def check_page(_patient: object) -> list[object]:
        raise sqlite3.OperationalError("disk I/O error")

    cured(machine.only(check_page), State.UNKNOWN, "disk I/O error", "What is said of the database")  # type: ignore[arg-type] # it gives nothing


def test_a_system_that_does_not_answer_and_one_without_our_units(machine: Machine) -> None:
    machine.appliance()
    cured(machine.only(units.check_units), State.UNKNOWN, "systemd does not answer", "systemctl status")
    machine.says["systemctl show"] = Said(0, "Id=stall.target\nLoadState=not-found\nActiveState=inactive\n")
    cured(machine.only(units.check_units), State.FAULT, "None of the stall's services", "appliance apply")
