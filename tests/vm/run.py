"""What the chapters of a run share: the machine, the terminal, the report, and short ways to ask the machine something."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.house.sources import ROOT
from tests.vm.machine import Done, Machine
from tests.vm.promises import Promises
from tests.vm.report import Report
from tests.vm.terminal import Terminal

#: Where the tests lie inside, without the project's own `stall` beside them: that of the appliance is tried.
INSIDE = "/run/vm"
PYTHON = "/opt/stall/current/.venv/bin/python"
DATA = "/var/lib/stall"
PHONE = "/mnt/project/tests/vm/guest/phone.py"
TILL = "127.0.0.1:8001"
BUYERS = "192.0.2.1"
WIFI_NAME, WIFI_PASSWORD = "Salt and Paper", "harbour-lamp-1893"
LOOK_EVERY_S = 1.0


@dataclass
class Run:
    """One run. `chance` decides what may be decided."""

    machine: Machine
    terminal: Terminal
    promises: Promises
    report: Report
    chance: random.Random
    seed: int

    def sh(self, script: str, within_s: float = 180.0) -> Done:
        """Run a line of shell inside as root."""
        return self.machine.run("sh", "-c", script, within_s=within_s)

    def said(self, script: str) -> str:
        """What a line of shell printed."""
        return self.sh(script).out.strip()

    def ours(self, module: str, *words: str, fed: str = "", within_s: float = 420.0) -> dict[str, Any]:
        """Run a module of `tests.vm.guest` with the appliance's program, as the user of the stall; its answer, or `error`."""
        self.sh(f"mkdir -p {INSIDE} && ln -sfn /mnt/project/tests {INSIDE}/tests")
        command = ["runuser", "-u", "stall", "--", "env", f"PYTHONPATH={INSIDE}", "STALL_RUNTIME=/run/stall", PYTHON, "-B", "-m", f"tests.vm.guest.{module}", *words]  # fmt: skip
        return _answer(self.machine.run(*command, fed=fed, within_s=within_s))

    def phone(self, number: int, *words: str, within_s: float = 200.0) -> dict[str, Any]:
        """Let a phone do something."""
        return _answer(self.machine.run("python3", "-B", PHONE, str(number), *words, within_s=within_s))

    def crowd(self, who: str, address: str, line: str, *more: str, phone: int | None = None) -> str:
        """Let people in, as a unit of their own; its name."""
        self.sh(f"mkdir -p {INSIDE} && ln -sfn /mnt/project/tests {INSIDE}/tests")
        unit = f"vm-{who}-{self.chance.randrange(10**6)}"
        network = "" if phone is None else f"-p NetworkNamespacePath=/run/netns/phone{phone}"
        words = f"{who} {address} {self.chance.randrange(10**6)} /dev/virtio-ports/stall.{line} {' '.join(more)}"
        done = self.sh(
            f"systemd-run -q --unit={unit} {network} -E PYTHONPATH={INSIDE} {PYTHON} -B -m tests.vm.guest.crowd {words}"
        )
        if done.code:
            self.report.fault(f"nobody came to the stall: {done.words}")
        return unit

    def eventually(self, so: Callable[[], bool], within_s: float) -> bool:
        """Wait until it is so; whether it was in time."""
        until = time.monotonic() + within_s
        while not so():
            if time.monotonic() > until:
                return False
            time.sleep(LOOK_EVERY_S)
        return True

    def active(self, *units: str) -> bool:
        """Whether all of these run."""
        return set(self.said(f"systemctl is-active {' '.join(units)}").split()) == {"active"}


def _answer(done: Done) -> dict[str, Any]:
    """The object a program of ours printed last; its own words as `error` where there is none."""
    for line in reversed(done.out.strip().splitlines()):
        try:
            told = json.loads(line)
        except ValueError:
            continue
        if isinstance(told, dict):
            return told
    return {"error": done.words or f"ended with {done.code}", "found": [f"no answer: {done.words}"]}


def source(place: Path) -> None:
    """Copy what the project is made of: every file that git knows or would take."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout
    for name in listed.decode().split("\0"):
        origin, target = ROOT / name, place / name
        if not name or not (origin.is_symlink() or origin.is_file()):
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(origin, target, follow_symlinks=False)
