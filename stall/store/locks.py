"""Lock files of one box: who may write (turn, door), who runs (run). POSIX flock only.

The files are made with the box, never removed and never restored. Each entry opens its own
descriptor, so threads exclude one another as processes do.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from stall import disk
from stall.errors import Broken, Refused, Retry

_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}

#: Who only looks whether a name is held has it for an instant: so often it is tried again, and so long after (s).
_TRIES, _PAUSE_S = 5, 0.02

TURN, DOOR, RUN = "stall.turn", "stall.door", "stall.run"


def make_lock_files(folder: Path) -> None:
    """Make the lock files of a new box, 0600."""
    for name in (TURN, DOOR, RUN):
        os.close(os.open(folder / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))


@dataclass(frozen=True, slots=True)
class Door:
    """The door while it is held."""

    turn: int

    def awaited(self) -> bool:
        """Whether somebody stands in the turnstile now: another process, for a process lets its threads in one by one."""
        try:
            fcntl.flock(self.turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        fcntl.flock(self.turn, fcntl.LOCK_UN)
        return False


@contextmanager
def door(folder: Path) -> Iterator[Door]:
    """Wait for the turnstile, then for the door, let the next into the turnstile, and hold the door.

    Without the turnstile a single writer starves behind a process that re-enters at once.
    """
    held = -1
    turn_file, door_file = _files(folder)
    turn = _open(turn_file)
    try:
        fcntl.flock(turn, fcntl.LOCK_EX)
        held = _open(door_file)
        fcntl.flock(held, fcntl.LOCK_EX)
        fcntl.flock(turn, fcntl.LOCK_UN)
        _still_there(held, door_file)
        yield Door(turn)
    finally:
        os.close(turn)
        if held >= 0:
            os.close(held)


@lru_cache(maxsize=8)
def _files(folder: Path) -> tuple[Path, Path]:
    return folder / TURN, folder / DOOR


@dataclass(slots=True)
class Held:
    """A lock held until released or until the process ends."""

    descriptor: int

    def release(self) -> None:
        """Let go; safe to call twice."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1


def share_run(folder: Path) -> Held:
    """Say "a process of this stall runs". Raises Refused `box-in-migration` while one reshapes it."""
    return _take_run(
        folder,
        fcntl.LOCK_SH,
        Refused(
            "box-in-migration", "This stall is being migrated or restored. Wait until that is done, then start again."
        ),
    )


def own_run(folder: Path) -> Held:
    """Say "nobody else may run": for migrate, restore and reset. Raises Refused `box-running`."""
    return _take_run(
        folder, fcntl.LOCK_EX, Refused("box-running", "The stall is running. Stop it first, then try again.")
    )


def own_name(folder: Path, name: str) -> Held:
    """Hold a name for the life of a process, so that none starts twice. Raises Refused `already-running`."""
    descriptor = _named(folder, name)
    for left in reversed(range(_TRIES)):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if left:
                time.sleep(_PAUSE_S)
                continue
            os.close(descriptor)
            raise Refused(
                "already-running", f"`stall {name}` already runs on this data folder. Stop that one first."
            ) from None
        break
    return Held(descriptor)


def name_held(folder: Path, name: str) -> bool:
    """Whether a process holds a name now; also said where nobody may look."""
    try:
        descriptor = os.open(folder / f"stall.{name}.lock", os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


@contextmanager
def alone(folder: Path, name: str) -> Iterator[None]:
    """Wait until no other process does the same on this folder, and keep the others waiting for the block.

    Taken before the door, never behind it.
    """
    descriptor = _named(folder, name)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _named(folder: Path, name: str) -> int:
    """Open the lock file of a name, and make it where it is not there yet."""
    descriptor = os.open(folder / f"stall.{name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        disk.give_to_owner_of(folder, descriptor)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in _FORBIDDEN:
            raise Broken(
                "folder-unwritable",
                f"You may not write {path} ({error.strerror}). Every command on a stall needs that right: work as the user"
                " it belongs to, or mend the rights of the folder.",
            ) from error
        if error.errno in {errno.EMFILE, errno.ENFILE}:
            raise Retry(
                "files-exhausted", "Too many files and connections are open at once. Try again in a moment.", 2.0
            ) from error
        raise Broken(
            "door-missing",
            f"{path} cannot be opened ({error.strerror}). Stop the stall and restore the folder from a backup.",
        ) from error


def _still_there(descriptor: int, path: Path) -> None:
    """A lock on a removed file excludes nobody: refuse to write behind it."""
    mine = os.fstat(descriptor)
    with contextlib.suppress(OSError):
        there = path.stat()
        if (mine.st_dev, mine.st_ino) == (there.st_dev, there.st_ino):
            return
    raise Broken(
        "door-replaced",
        f"{path} was removed or replaced while the stall ran. Stop every process of the stall, then start it again.",
    )


def _take_run(folder: Path, how: int, refusal: Refused) -> Held:
    descriptor = _open(folder / RUN)
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise refusal from None
    return Held(descriptor)
