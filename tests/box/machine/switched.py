"""The program that switches off, run as its unit runs it, and a process that stands for the service manager."""

from __future__ import annotations

import os
import pwd
import subprocess
import sys
from pathlib import Path
from socket import socket

UNIT = "stall-web.service"

#: Says by which signal it was asked, and by none when it is ended.
_MANAGER = """
import signal
asked = {signal.SIGRTMIN + 4: "poweroff", signal.SIGRTMIN + 5: "reboot"}
signal.pthread_sigmask(signal.SIG_BLOCK, [*asked, signal.SIGTERM])
print("ready", flush=True)
got = signal.sigwait([*asked, signal.SIGTERM])
if got == signal.SIGTERM:  # the kernel gives the lower of two that wait first
    got = getattr(signal.sigtimedwait([*asked], 0), "si_signo", got)
print(asked.get(got, "nothing"))
"""
#: As the unit starts it, with the tree under test in the place of the installed one.
_RUN = (
    f"import sys; sys.path.insert(0, {str(Path(__file__).parents[3])!r});"
    " from stall.box.machine import switch; sys.exit(switch.main(sys.argv[1:]))"
)


def own_user() -> str:
    return pwd.getpwuid(os.getuid()).pw_name


def of_the_unit(proc: Path, unit: str = UNIT) -> Path:
    """A /proc in which this process is of a unit, as control groups of both versions say it."""
    groups = proc / str(os.getpid()) / "cgroup"
    groups.parent.mkdir(parents=True)
    groups.write_text(f"1:name=systemd:/system.slice/{unit}\n0::/system.slice/{unit}\n", encoding="utf-8")
    return proc


class Manager:
    """A process that waits for the signals of the service manager."""

    def __init__(self) -> None:
        self._process = subprocess.Popen([sys.executable, "-c", _MANAGER], stdout=subprocess.PIPE, text=True)
        assert self._process.stdout
        self._process.stdout.readline()

    @property
    def pid(self) -> int:
        return self._process.pid

    def asked(self) -> str:
        """What it was asked for; it ends by that."""
        self._process.terminate()
        return self._process.communicate(timeout=20)[0].strip()


def run(connection: socket, manager: Manager, proc: Path, user: str = "", unit: str = UNIT) -> subprocess.Popen[str]:
    """Start the program with the connection as its standard input."""
    arguments = [user or own_user(), unit, str(manager.pid), str(proc)]
    command = [sys.executable, "-I", "-c", _RUN, *arguments]
    return subprocess.Popen(command, stdin=connection.fileno(), stderr=subprocess.PIPE, text=True)
