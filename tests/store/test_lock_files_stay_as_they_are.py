"""The lock files of the door: made with the box and never again, one descriptor an entry, none for a child."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from stall import app
from stall.errors import Broken
from stall.store import locks
from stall.store.box import Box

LIST_OPEN = "import os; print([os.readlink(f'/proc/self/fd/{n}') for n in os.listdir('/proc/self/fd') if n not in '012' and os.path.exists(f'/proc/self/fd/{n}')])"


def open_here(name: str) -> int:
    descriptors = list(Path("/proc/self/fd").iterdir())
    return sum(str(each.readlink()).endswith(name) for each in descriptors if each.is_symlink())


def test_opening_and_writing_make_no_lock_file(box: Box, folder: Path) -> None:
    box.close()
    for name in (locks.TURN, locks.DOOR):
        (folder / name).unlink()
    again = app.open_box(folder)
    with pytest.raises(Broken) as refusal, again.db.transaction():
        pass
    assert refusal.value.code == "door-missing"
    assert not (folder / locks.TURN).exists()
    assert not (folder / locks.DOOR).exists()
    again.close()


def test_without_the_run_lock_file_nothing_opens_and_none_is_made(box: Box, folder: Path) -> None:
    box.close()
    (folder / locks.RUN).unlink()
    with pytest.raises(Broken) as refusal:
        app.open_box(folder)
    assert refusal.value.code == "door-missing"
    assert not (folder / locks.RUN).exists()


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc (Linux)")
def test_an_entry_has_one_descriptor_and_leaves_none(box: Box) -> None:
    with box.db.transaction():
        assert (open_here(locks.TURN), open_here(locks.DOOR)) == (1, 1)
    assert (open_here(locks.TURN), open_here(locks.DOOR)) == (0, 0)


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc (Linux)")
def test_a_child_started_inside_holds_nothing(box: Box) -> None:
    with box.db.transaction():
        told = subprocess.run(
            [sys.executable, "-c", LIST_OPEN], close_fds=False, capture_output=True, text=True, check=True
        ).stdout
    assert locks.DOOR not in told
    assert locks.RUN not in told


def test_whoever_finds_the_door_replaced_holds_nothing_afterwards(
    box: Box, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = locks._still_there

    def replaced(descriptor: int, path: Path) -> None:
        path.unlink()
        path.touch(mode=0o600)
        held(descriptor, path)

    with monkeypatch.context() as patch:
        patch.setattr(locks, "_still_there", replaced)
        with pytest.raises(Broken) as refusal, box.db.transaction():
            pass
    assert refusal.value.code == "door-replaced"
    with box.db.transaction() as tx:  # a new entry opens what stands there now
        tx.append("test", {})
