"""The program that switches off obeys the till's process alone, asks the service manager by its signal, and needs nothing else."""

from __future__ import annotations

import signal
import socket
from dataclasses import dataclass
from pathlib import Path

import pytest

from stall.box.machine import switch
from tests.box.machine import switched
from tests.box.machine.switched import UNIT, Manager


@dataclass
class Answered:
    """What the till was answered, how the program ended, what it said, and what the service manager was asked for."""

    answer: str
    status: int
    said: str
    asked: str


def ask(words: bytes, proc: Path, *, user: str = "", unit: str = UNIT) -> Answered:
    """Connect as the till does and ask; the kernel tells the program that this process asks."""
    manager = Manager()
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            program = switched.run(theirs, manager, proc, user, unit)
        ours.settimeout(20)
        ours.sendall(words)
        ours.shutdown(socket.SHUT_WR)
        answer = ours.recv(200).decode()
        _, said = program.communicate(timeout=20)
    return Answered(answer, program.returncode, said, manager.asked())


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    return switched.of_the_unit(tmp_path)


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


@pytest.mark.parametrize("words", [b"off", b"halt\n"])
def test_nothing_else_is_done(proc: Path, words: bytes) -> None:
    done = ask(words, proc)
    assert (done.answer, done.asked) == ("no: nothing of that kind is done here\n", "nothing")


def test_its_signals_are_those_of_the_service_manager() -> None:
    assert switch.SIGNALS == {b"off\n": signal.SIGRTMIN + 4, b"restart\n": signal.SIGRTMIN + 5}  # systemd(1)
