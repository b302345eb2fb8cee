"""What ports are there and how they stand is found out without opening one."""

from __future__ import annotations

import fcntl
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from stall.reader import ports
from stall.reader.simulated.pty_device import PtyDevice
from tests.house.sources import ROOT

NAME = "usb-INGENICO_Move_5000-if00"
HOLD = "import os, sys, time; os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY); print('open', flush=True); time.sleep(60)"

LOOK = """
import sys
from pathlib import Path
from stall.reader import ports
opened = []
sys.addaudithook(lambda event, facts: opened.append(str(facts[0])) if event == "open" else None)
print(len(ports.present(Path(sys.argv[1]))), *opened, sep="\\n")
"""


class Machine:
    """A folder like /dev: a port with a name, and one with an index only."""

    def __init__(self, folder: Path) -> None:
        self.dev = folder / "dev"
        self.named, self.indexed = PtyDevice(self.dev / "ttyACM3"), PtyDevice(self.dev / "ttyUSB0")
        self.name = self.dev / "serial/by-id" / NAME
        self.name.parent.mkdir(parents=True)
        self.name.symlink_to("../../ttyACM3")
        (self.name.parent / "usb-Gone-if00").symlink_to("../../ttyACM9")
        (self.dev / "ttyS0").touch()

    def close(self) -> None:
        self.named.close()
        self.indexed.close()


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    made = Machine(tmp_path)
    monkeypatch.setattr(ports, "DEV", made.dev)
    yield made
    made.close()


def udevadm(folder: Path, monkeypatch: pytest.MonkeyPatch, says: str, code: int = 0) -> Path:
    """A udevadm that says this of every device and keeps what it was asked."""
    asked, tool = folder / "asked", folder / "bin/udevadm"
    tool.parent.mkdir()
    tool.write_text(f"#!/bin/sh\necho \"$@\" >> {shlex.quote(str(asked))}\nprintf '%s\\n' {says}\nexit {code}\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tool.parent}:{os.environ['PATH']}")
    return asked


def test_a_port_is_listed_once_and_by_the_name_that_stays(machine: Machine) -> None:
    first, second = ports.present()
    assert (first.name, str(first.device), first.lasting) == (machine.name, machine.named.path, True)
    assert (second.name, str(second.device), second.lasting) == (machine.dev / "ttyUSB0", machine.indexed.path, False)
    assert first.link == f"serial:{machine.name}"
    assert all(port.allowed and not port.holders for port in (first, second))


def test_a_port_called_by_its_index_is_told_the_name_that_stays(machine: Machine) -> None:
    assert ports.lasting_name(machine.dev / "ttyACM3") == machine.name
    assert ports.lasting_name(machine.dev / "ttyUSB0") == machine.dev / "ttyUSB0"


def test_a_machine_without_ports_has_none(tmp_path: Path) -> None:
    assert ports.present(tmp_path) == []


def test_no_port_is_opened_to_look_at_it(machine: Machine) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", LOOK, str(machine.dev)], cwd=ROOT, capture_output=True, text=True, check=True, timeout=30
    )
    count, *opened = ran.stdout.splitlines()
    assert count == "2"
    assert opened, "the looking itself was not seen"
    assert not [path for path in opened if path.startswith(("/dev/", str(machine.dev)))]


def test_who_has_a_port_open_is_named(machine: Machine) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLD, machine.named.path], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        (who,) = ports.present()[0].holders
        assert who.endswith(f" ({holder.pid})")
        assert ports.present()[1].holders == ()
    finally:
        holder.kill()
        holder.communicate()


def test_a_lock_shows_a_holder_whose_files_are_hidden(machine: Machine, tmp_path: Path) -> None:
    proc = tmp_path / "proc"  # of a process of another user not even the descriptors can be listed
    proc.mkdir()
    held = os.open(machine.named.path, os.O_RDWR | os.O_NOCTTY)
    fcntl.flock(held, fcntl.LOCK_EX)
    try:
        (proc / "locks").write_text(Path("/proc/locks").read_text())
        assert ports._holders(Path(machine.named.path), proc) == (ports.UNNAMED,)
        assert ports._holders(Path(machine.indexed.path), proc) == ()
    finally:
        os.close(held)


def test_a_port_without_the_right_to_it_is_shown_as_that(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert [port.allowed for port in ports.present()] == [False, False]


def test_modem_manager_is_known_by_its_name(tmp_path: Path) -> None:
    for number, name in (("1", "systemd"), ("77", "ModemManager")):
        assert not ports.modem_manager_runs(tmp_path)
        (tmp_path / number).mkdir()
        (tmp_path / number / "comm").write_text(f"{name}\n")
    assert ports.modem_manager_runs(tmp_path)


@pytest.mark.parametrize(
    ("says", "left_alone"),
    [
        ("DEVNAME=x ID_MM_DEVICE_IGNORE=1", True),
        ("ID_MM_PORT_IGNORE=1", True),
        ("ID_MM_DEVICE_IGNORE=0", False),
        ("ID_MM_CANDIDATE=1", False),
    ],
)
def test_udev_is_asked_whether_modem_manager_keeps_away(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, says: str, left_alone: bool
) -> None:
    asked = udevadm(tmp_path, monkeypatch, says)
    assert [port.left_alone for port in ports.present()] == [left_alone, left_alone]
    assert f"--name={machine.named.path}" in asked.read_text()


def test_where_udev_does_not_know_it_nothing_is_claimed(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    udevadm(tmp_path, monkeypatch, "ID_MM_DEVICE_IGNORE=1", code=1)
    assert ports.present()[0].left_alone is None
    monkeypatch.setattr(ports, "_SYSTEM_TOOLS", "")
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    assert ports.present()[0].left_alone is None
