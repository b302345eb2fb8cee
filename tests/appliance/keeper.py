"""Keeps one machine: `unshare … python -m tests.appliance.keeper` mounts its disk, boots it, cuts its power, as each line asks.

The first line says what the machine is made of, as JSON. Then `boot` and `cut`, each answered with a line of JSON. It has a mount
namespace of its own, so no mount outlives it, and is the first process of a process namespace, so no process does. Once nobody holds
the other end of its standard input, however they went, it ends.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.appliance import groups

_START_S = 20.0


class Keeper:
    """The disk and the power of one machine."""

    def __init__(self, made_of: dict[str, Any]) -> None:
        self._made_of = made_of
        self._running: subprocess.Popen[bytes] | None = None
        self._leader = 0
        self._mount()

    def _mount(self) -> None:
        lower = ":".join(self._made_of["layers"])
        over = f"lowerdir={lower},upperdir={self._made_of['upper']},workdir={self._made_of['work']}"
        subprocess.run(["mount", "-t", "overlay", "-o", over, "overlay", self._made_of["disk"]], check=True)
        # The interfaces of this network namespace in sight, and not to be written to: systemd-nspawn takes it then that no udev has
        # to have seen an interface before it is given away.
        groups_aside = str(Path(self._made_of["work"]).parent / "groups")
        Path(groups_aside).mkdir()
        for command in (
            ["mount", "--rbind", "/sys/fs/cgroup", groups_aside],
            ["mount", "-t", "sysfs", "-o", "ro", "sysfs", "/sys"],
            ["mount", "--rbind", groups_aside, "/sys/fs/cgroup"],
        ):
            subprocess.run(command, check=True)

    def boot(self) -> dict[str, Any]:
        """Switch it on."""
        command = [
            "systemd-nspawn", "--quiet", "--boot", f"--directory={self._made_of['disk']}", f"--machine={self._made_of['name']}",
            "--register=no", "--keep-unit", "--settings=no", "--link-journal=no", "--resolv-conf=off", "--timezone=off",
            f"--network-interface={self._made_of['radio']}", "--kill-signal=SIGRTMIN+4",
            *(f"--bind-ro={source}:{place}" for place, source in self._made_of["shown"].items()),
        ]  # fmt: skip
        with Path(self._made_of["console"]).open("ab") as console:
            self._running = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=console, stderr=console)
        ends = time.monotonic() + _START_S
        while not (first := self._first()):
            if self._running.poll() is not None or time.monotonic() > ends:
                return {"fault": Path(self._made_of["console"]).read_text("utf-8", "replace")[-3000:]}
            time.sleep(0.01)
        self._leader = first
        return {"on": True}

    def _first(self) -> int:
        """The child that is process 1 of a namespace of its own."""
        assert self._running is not None
        pid = self._running.pid
        with contextlib.suppress(OSError):
            for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
                status = Path(f"/proc/{child}/status").read_text()
                spaces = next(line for line in status.splitlines() if line.startswith("NSpid")).split()
                # Until it is systemd it is still a part of systemd-nspawn.
                if spaces[-1] == "1" and Path(f"/proc/{child}/comm").read_text().strip() == "systemd":
                    return int(child)
        return 0

    def cut(self) -> dict[str, Any]:
        """Take its power: every process of it is gone at once, without a word to any."""
        return self._end(signal.SIGKILL)

    def off(self) -> dict[str, Any]:
        """Shut it down in good order."""
        return self._end(signal.SIGRTMIN + 4)

    def _end(self, how: int) -> dict[str, Any]:
        if self._running is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._leader or self._running.pid, how)
            try:
                self._running.wait(60)
            except subprocess.TimeoutExpired:
                self._running.kill()
                self._running.wait()
                return {"fault": "did not end within a minute"}
            finally:
                self._running, self._leader = None, 0
        return {"ended": True}


def main() -> None:
    """Do what each line asks, until nobody asks any more."""
    made_of = json.loads(sys.stdin.readline())
    own = [Path(each) for each in made_of["groups"]]
    for group in own:
        (group / "cgroup.procs").write_text("0")
    keeper = Keeper(made_of)
    for line in sys.stdin:
        answer = {"boot": keeper.boot, "cut": keeper.cut, "off": keeper.off}[line.strip()]()
        print(json.dumps(answer), flush=True)  # noqa: T201 - it is how it is talked to
    keeper.cut()
    for group in own:
        (group.parent / "cgroup.procs").write_text("0")
    groups.remove(own)


if __name__ == "__main__":
    main()
