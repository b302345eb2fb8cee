"""The program that switches off obeys the till's process alone, asks the service manager by its signal, and needs nothing else."""

from __future__ import annotations

import os
import pwd
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

UNIT = "stall-web.service"
#: Stands for the service manager: says by which signal it was asked.
MANAGER = """
import signal, sys
asked = {signal.SIGRTMIN + 4: "poweroff", signal.SIGRTMIN + 5: "reboot"}
signal.pthread_sigmask(signal.SIG_BLOCK, [*asked, signal.SIGTERM])
print("ready", flush=True)
print(asked.get(signal.sigwait([*asked, signal.SIGTERM]), "nothing"))
"""


@dataclass
class Answered:
    """What the till was answered, how the program ended, what it said, and what the service manager was asked for."""

    answer: str
    status: int
    said: str
    asked: str


def ask(words: bytes, proc: Path, *, user: str = "", unit: str = UNIT) -> Answered:
    """Connect as the till does and ask; the kernel tells the program that this process asks."""
    manager = subprocess.Popen([sys.executable, "-c", MANAGER], stdout=subprocess.PIPE, text=True)
    assert manager.stdout
    manager.stdout.readline()
    ours, theirs = socket.socketpair()
    with manager:
        with ours:
            arguments = [user or pwd.getpwuid(os.getuid()).pw_name, unit, str(manager.pid), str(proc)]
            command = [sys.executable, "-I", "-c", _RUN, *arguments]
            with theirs:
                program = subprocess.Popen(command, stdin=theirs.fileno(), stderr=subprocess.PIPE, text=True)
            ours.settimeout(20)
            ours.sendall(words)
            ours.shutdown(socket.SHUT_WR)
            answer = ours.recv(200).decode()
            _, said = program.communicate(timeout=20)
        manager.terminate()
        return Answered(answer, program.returncode, said, manager.stdout.read().strip())


#: As the unit starts it, with the tree under test in the place of the installed one.
_RUN = f"import sys; sys.path.insert(0, {str(Path(__file__).parents[3])!r}); from stall.box.machine import switch; sys.exit(switch.main(sys.argv[1:]))"


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    """A /proc in which this process is of the web's unit, as control groups of both versions say it."""
    groups = tmp_path / str(os.getpid()) / "cgroup"
    groups.parent.mkdir()
    groups.write_text(f"1:name=systemd:/system.slice/{UNIT}\n0::/system.slice/{UNIT}\n", encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(("words", "asked"), [(b"off\n", "poweroff"), (b"restart\n", "reboot")])
def test_the_till_is_obeyed(proc: Path, words: bytes, asked: str) -> None:
    done = ask(words, proc)
    assert (done.answer, done.status, done.asked) == ("ok\n", 0, asked)


@pytest.mark.parametrize(("user", "why"), [("daemon", "is not daemon"), ("nobody-of-that-name", "there is no user")])
def test_another_user_is_not(proc: Path, user: str, why: str) -> None:
    done = ask(b"off\n", proc, user=user)
    assert why in done.said
    assert (done.answer.startswith("no: "), done.status, done.asked) == (True, 1, "nothing")


def test_another_unit_of_the_same_user_is_not(proc: Path) -> None:
    done = ask(b"off\n", proc, unit="stall-reader@1.service")
    assert (done.answer.startswith("no: "), done.status, done.asked) == (True, 1, "nothing")


@pytest.mark.parametrize("words", [b"off", b"halt\n", b"off\n\n", b"x" * 16])
def test_nothing_else_is_done(proc: Path, words: bytes) -> None:
    done = ask(words, proc)
    assert (done.answer, done.asked) == ("no: nothing of that kind is done here\n", "nothing")


def test_its_signals_are_those_of_the_service_manager() -> None:
    from stall.box.machine import switch

    assert switch.SIGNALS == {b"off\n": signal.SIGRTMIN + 4, b"restart\n": signal.SIGRTMIN + 5}  # systemd(1)
