"""`stall sync` as a process prints: at once when asked, once whatever kills it, and it stops as quickly as before."""

from __future__ import annotations

import contextlib
import os
import pty
import signal
import subprocess
import sys
import time
import tty
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from stall import cli, settings
from stall.app import create_box, open_box
from stall.flows import print_paper
from stall.settings import Printer
from stall.store import locks, print_jobs
from stall.store.box import Box

ENOUGH_S = 20.0


@contextlib.contextmanager
def syncing(box: Box) -> Iterator[subprocess.Popen[str]]:
    """`stall sync` for this box until the block ends; begins when its printing does."""
    code = "from stall.commands.sync import sync; sync()"
    process = subprocess.Popen(
        [sys.executable, "-c", code, "--data", str(box.folder)], stdout=subprocess.PIPE, text=True
    )
    try:
        until(lambda: locks.name_held(box.folder, "printer") and print_jobs.printer(box.db.read()) is not None)
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + ENOUGH_S
    while not true():
        assert time.monotonic() < end, "did not happen in time"
        time.sleep(0.02)


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    create_box(tmp_path / "box", pin="123456")
    box = open_box(tmp_path / "box")
    yield box
    box.close()


def prints_on(box: Box, link: str) -> None:
    settings.save(box.folder, msgspec.structs.replace(box.settings, printer=Printer(link, drawer=True)))


def ask(box: Box, key: bytes = bytes(16)) -> int:
    with box.db.transaction() as tx:
        return print_paper.ask_test(tx, key)


def state(box: Box, no: int) -> str:
    job = print_jobs.find(box.db.read(), no)
    assert job is not None
    return job.state


def held_up(box: Box) -> bool:
    """Whether the same job is being printed for half a second."""
    began = time.monotonic()
    first = begun(box)
    while begun(box) == first and time.monotonic() - began < 0.5:
        time.sleep(0.02)
    return bool(first) and begun(box) == first


def begun(box: Box) -> list[int]:
    return [job.no for job in print_jobs.newest(box.db.read(), 99) if job.state == "begun"]


def test_a_job_is_printed_as_soon_as_it_is_asked_for_and_the_command_says_so(
    box: Box, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    prints_on(box, f"file:{tmp_path / 'paper.bin'}")
    with syncing(box) as process:
        no = ask(box)
        until(lambda: state(box, no) == "done")
        with pytest.raises(SystemExit) as ended:
            cli.main(["print", "test", "--data", str(box.folder)])
        assert (ended.value.code, capsys.readouterr().out) == (0, "Printed.\n")
        process.send_signal(signal.SIGTERM)
        assert process.wait(ENOUGH_S) == 0
    assert (tmp_path / "paper.bin").read_bytes().count(b"\x1dV\x01") == 2


def test_killed_while_printing_it_prints_nothing_twice_and_says_so(box: Box) -> None:
    """The printer takes a little and then nothing more, so the process is certainly in the middle when it is killed."""
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    try:
        prints_on(box, f"serial:{os.ttyname(theirs)}")
        with syncing(box) as process:
            for n in range(5):  # more than the line holds
                last = ask(box, n.to_bytes(16))
            until(lambda: held_up(box))
            process.kill()
            process.wait()
        (broken,) = begun(box)
    finally:
        os.close(ours)
        os.close(theirs)
    paper = box.folder / "paper.bin"
    prints_on(box, f"file:{paper}")
    with syncing(box):
        until(lambda: state(box, last) == "done")
    assert state(box, broken) == "unclear"


def test_without_a_printer_in_the_settings_nothing_waits_for_one(box: Box) -> None:
    with box.db.transaction() as tx:
        print_paper.report(tx, "ready", "The printer is ready.", auto=True, drawer=True)
    no = ask(box)
    code = "from stall.commands.sync import sync; sync()"
    process = subprocess.Popen(
        [sys.executable, "-c", code, "--data", str(box.folder)], stdout=subprocess.PIPE, text=True
    )
    try:
        until(lambda: print_jobs.printer(box.db.read()) is None)
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()
    assert state(box, no) == "failed"
