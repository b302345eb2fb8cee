"""Who may run beside whom, with the real commands: no name twice, nothing beside a migration."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from stall import app, settings
from stall.errors import Refused
from stall.settings import Reader, Settings, Web
from stall.store import locks
from stall.store.box import Box
from tests.fakes.clock import FakeClock

PATIENCE_S = 60
LONG_LIVED = (("web",), ("sync",), ("reader",))


@pytest.fixture
def stopped(tmp_path: Path) -> Path:
    """A box that nobody has open, with a terminal nobody answers for."""
    folder = tmp_path / "box"
    app.create_box(folder, pin="123456", clock=FakeClock())
    web = Web(port=0, till_port=0)
    settings.save(folder, Settings(web=web, reader=Reader(link="tcp:127.0.0.1:9")))
    return folder


def command(folder: Path, *words: str) -> list[str]:
    return [sys.executable, "-m", "stall", *words, "--data", str(folder)]


@contextmanager
def running(folder: Path, *words: str) -> Iterator[None]:
    """A process of the stall, from when it holds its name until it is told to stop."""
    process = subprocess.Popen(command(folder, *words), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    name = folder / f"stall.{'reader-1' if words[0] == 'reader' else words[0]}.lock"
    try:
        deadline = time.monotonic() + PATIENCE_S
        while not (name.exists() and _taken(name)):
            assert process.poll() is None, process.communicate()[1]
            assert time.monotonic() < deadline, "it did not start"
            time.sleep(0.02)
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE_S)


def _taken(path: Path) -> bool:
    """Whether somebody holds it, by the kernel's own list: trying the lock could refuse the one who starts."""
    held = Path("/proc/locks").read_text().splitlines()
    return any("FLOCK" in line and f":{path.stat().st_ino} " in line for line in held)


def refusal_of(folder: Path, *words: str) -> tuple[int, str]:
    ended = subprocess.run(command(folder, *words), capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    return ended.returncode, ended.stderr


@pytest.mark.parametrize("words", LONG_LIVED, ids=" ".join)
def test_a_second_one_of_the_same_name_is_refused_and_so_is_a_migration(stopped: Path, words: tuple[str, ...]) -> None:
    with running(stopped, *words):
        code, said = refusal_of(stopped, *words)
        assert (code, "[already-running]" in said) == (1, True)
        code, said = refusal_of(stopped, "migrate")
        assert (code, "[box-running]" in said) == (1, True)
    assert refusal_of(stopped, "migrate")[0] == 0


@pytest.mark.parametrize("words", [*LONG_LIVED, ("journal", "verify"), ("migrate",)], ids=" ".join)
def test_nothing_starts_while_the_box_is_migrated(stopped: Path, words: tuple[str, ...]) -> None:
    held = locks.own_run(stopped)
    try:
        code, said = refusal_of(stopped, *words)
    finally:
        held.release()
    assert code == 1
    assert ("[box-running]" if words == ("migrate",) else "[box-in-migration]") in said


def test_reshaping_is_refused_while_the_stall_runs_and_the_other_way_round(box: Box, folder: Path) -> None:
    with pytest.raises(Refused) as refusal:
        locks.own_run(folder)
    assert refusal.value.code == "box-running"
    box.db.close()
    held = locks.own_run(folder)
    with pytest.raises(Refused) as other:
        app.open_box(folder)
    assert other.value.code == "box-in-migration"
    held.release()


def test_no_process_starts_twice_under_one_name(folder: Path) -> None:
    first = locks.own_name(folder, "web")
    with pytest.raises(Refused) as refusal:
        locks.own_name(folder, "web")
    assert refusal.value.code == "already-running"
    first.release()
    locks.own_name(folder, "web").release()


def test_looking_whether_a_name_is_held_takes_it_from_nobody(tmp_path: Path) -> None:
    assert not locks.name_held(tmp_path, "reader-1")
    assert list(tmp_path.iterdir()) == []
    held = locks.own_name(tmp_path, "reader-1")
    assert locks.name_held(tmp_path, "reader-1")
    held.release()
    assert not locks.name_held(tmp_path, "reader-1")
    stop = threading.Event()

    def look() -> None:
        while not stop.wait(0.002):
            locks.name_held(tmp_path, "reader-1")

    looking = threading.Thread(target=look)
    looking.start()
    try:
        for _ in range(200):
            locks.own_name(tmp_path, "reader-1").release()
    finally:
        stop.set()
        looking.join()
