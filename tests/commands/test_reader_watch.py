"""`stall reader watch` prints a line for each change, asks nothing and writes nothing."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from stall import app
from stall.store import attempts, readers
from stall.store.box import Box
from tests.commands.conftest import Run
from tests.fakes.clock import FakeClock
from tests.fakes.stock import Stocked
from tests.flows import selling


class Watching:
    """The command as a process of its own; each line without its time."""

    def __init__(self, data: Path) -> None:
        command = [sys.executable, "-m", "stall", "reader", "watch", "--data", str(data)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def line(self) -> str:
        assert self.process.stdout is not None
        time, _, words = self.process.stdout.readline().partition("  ")
        assert len(time) == len("12:34:56")
        return words.removesuffix("\n")

    def stop(self, how: int = signal.SIGINT) -> tuple[int, str]:
        self.process.send_signal(how)
        _, said = self.process.communicate(timeout=10)
        return self.process.returncode, said


@pytest.fixture
def box(data: Path, clock: FakeClock) -> Iterator[Box]:
    opened = app.open_box(data)
    yield opened
    opened.close()


@pytest.fixture
def watching(data: Path) -> Iterator[Watching]:
    started = Watching(data)
    yield started
    started.process.kill()
    started.process.communicate()


def version(box: Box) -> int:
    """Another number after each change by anybody."""
    return int(box.db.read().execute("PRAGMA data_version").fetchone()[0])


def report(box: Box, link: str, display: str) -> None:
    with box.db.transaction() as tx:
        readers.report(tx, 1, "Card reader", link, display)


def test_each_change_is_one_line_until_it_is_stopped(box: Box, watching: Watching, data: Path) -> None:
    before = version(box)
    assert watching.line() == f"reader 1: nothing yet. Start it: stall reader --data {data}"
    assert version(box) == before, "watching wrote something"
    for link, display in (("lost", "Not connected"), ("ready", "Ready")):
        report(box, link, display)
        assert watching.line() == f"Card reader: {link}, {display}"
    assert watching.stop() == (0, "")


def test_a_running_payment_is_followed_with_the_terminals_words_to_its_end(
    box: Box, watching: Watching, data: Path, clock: FakeClock
) -> None:
    watching.line()
    report(box, "ready", "Ready")
    watching.line()
    stall = Stocked(box, clock, data)
    attempt = selling.ask(stall, selling.basket(stall))
    amount = "€4.50"
    assert watching.line() == f"Card reader: ready, Ready | payment {attempt} of {amount}: requested"
    selling.send(stall, attempt)
    assert f"{amount}: sent" in watching.line()
    with box.db.transaction() as tx:
        attempts.show(tx, attempt, "Wrong PIN")
    assert watching.line().endswith(f"{amount}: sent, Wrong PIN")
    selling.approve(stall, attempt)
    assert f"{amount}: approved" in watching.line()
    selling.pay(stall, attempt)
    assert watching.line() == f"Card reader: ready, Ready | payment {attempt} of {amount}: paid"
    assert watching.line() == "Card reader: ready, Ready"
    assert watching.stop(signal.SIGTERM) == (0, "")


def test_a_folder_without_a_stall_is_called_that(stall: Run, tmp_path: Path) -> None:
    ran = stall("reader", "watch", "--data", tmp_path / "nothing")
    assert (ran.code, "[box-missing]" in ran.err) == (1, True)
