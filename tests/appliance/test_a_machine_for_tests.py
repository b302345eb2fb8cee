"""The machines these tests boot: real, with a disk that outlives a power cut, and gone with whoever booted them."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.appliance.machine import Disk, machine
from tests.house.sources import ROOT
from tests.phone.network import Air

pytestmark = [pytest.mark.root, pytest.mark.nspawn, pytest.mark.netns, pytest.mark.timeout(900)]


def test_what_was_written_is_there_after_a_power_cut_and_only_on_its_own_disk(
    debian: Disk, air: Air, place: Path
) -> None:
    with machine(debian, air.box, place=place) as box:
        assert box.boot() == "running", box.journal()
        first = box.leader
        box.run("sh", "-c", "echo kept >/var/lib/kept; sync; echo lost >/run/lost")
        boot, itself = box.run("cat", "/proc/sys/kernel/random/boot_id", "/etc/machine-id").stdout.split()
        box.cut_power()
        assert not Path(f"/proc/{first}").exists()
        assert box.boot() == "running"
        assert box.path("/var/lib/kept").read_text() == "kept\n"
        assert not box.path("/run/lost").exists()
        again = box.run("cat", "/proc/sys/kernel/random/boot_id", "/etc/machine-id").stdout.split()
        assert (again[0] != boot, again[1]) == (True, itself)  # as on a real one: another boot of the same machine
    assert not (debian.layers[-1] / "var/lib/kept").exists()


def test_two_start_from_the_disk_of_another_and_leave_each_other_alone(debian: Disk, air: Air, place: Path) -> None:
    with machine(debian, air.box, place=place) as first:
        first.boot()
        first.run("sh", "-c", "echo one >/var/lib/one")
        disk = first.shut_down()
    with machine(disk, air.box, place=place) as one, machine(disk, air.phone, place=place) as other:
        assert (one.boot(), other.boot()) == ("running", "running")
        assert other.path("/var/lib/one").read_text() == "one\n"
        other.run("sh", "-c", "echo other >/var/lib/one; systemctl stop nginx")
        assert one.path("/var/lib/one").read_text() == "one\n"
        assert one.show("nginx.service", "ActiveState") == {"ActiveState": "active"}  # it has processes of its own


def test_a_machine_goes_with_a_test_that_is_killed(debian: Disk, air: Air, place: Path) -> None:
    test = (
        "import json, sys, time; from pathlib import Path; from tests.appliance.machine import Disk, Machine\n"
        "place, network, *layers = json.loads(sys.argv[1])\n"
        "box = Machine(Path(place), Disk(tuple(map(Path, layers))), network, {})\n"
        "box.boot(wait=False); print(box.leader, flush=True); time.sleep(60)"
    )
    told = json.dumps([str(place / "orphan"), air.box, *map(str, debian.layers)])
    with subprocess.Popen([sys.executable, "-c", test, told], cwd=ROOT, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        leader = int(running.stdout.readline())
        ended = os.pidfd_open(leader)
        running.kill()
    assert _ends(ended)


def test_a_machine_goes_with_its_keeper(debian: Disk, air: Air, place: Path) -> None:
    with machine(debian, air.box, place=place) as box:
        box.boot(wait=False)
        ended = os.pidfd_open(box.leader)
        os.kill(box._keeper.pid, signal.SIGKILL)
        assert _ends(ended)


def _ends(process: int) -> bool:
    ready = select.select([process], [], [], 20)[0]
    os.close(process)
    return bool(ready)
