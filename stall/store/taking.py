"""Takes the files of a pack into a box while they arrive, and builds the buyer's ZIP beside them, in bounded steps.

Every step: some megabytes are written to the file and into the ZIP, forced to the disk, and let go from the machine's memory, so that a
large pack neither pushes the shop out of it nor has the disk flooded all at once; and before each, the room that selling needs is still
there. A file that is in the box already is not stored again: the kernel copies it into the ZIP.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from stall import disk
from stall.errors import Refused
from stall.store import packfile, packzip, room
from stall.store.packfile import Arriving, OnBytes, Piece
from stall.store.packzip import Plan

STEP_BYTES = 16 * 1024 * 1024


def is_there(folder: Path, sha256: str, size: int) -> bool:
    """Whether a file lies in the box with all its bytes: it got its name only after they were verified and on the disk."""
    path = folder / "files" / sha256
    return path.is_file() and path.stat().st_size == size


class Taker:
    """Takes one pack's files into the data folder `folder`. Each file is whole and verified there, or not at all."""

    def __init__(self, folder: Path, plan: Plan | None, kept_back: int, on_bytes: OnBytes | None = None) -> None:
        """`plan` is that of the ZIP to build, None where it is there; `kept_back` the bytes that selling needs; `on_bytes` hears of bytes."""
        self._folder, self._plan, self._kept_back = folder, plan, kept_back
        self._on_bytes = on_bytes or (lambda _: None)
        self._zip: BinaryIO | None = None
        self._allowed = self._written = 0
        self._crcs: dict[str, int] = {}
        self.stored: set[str] = set()
        """What was stored here (SHA-256), and was not in the box before."""

    def take_all(self, files: Iterable[Arriving]) -> None:
        """Have all of them in the box; at the end the ZIP too, if there is one to build, else nothing of it.

        Raises what giving and taking them raises, and the errors of `disk.whole_file`; Refused `disk-too-small`.
        """
        if self._plan is None:
            for one in files:
                self._take(one)
            return
        with disk.whole_file(self._folder / "zips" / f"{self._plan.key}.zip") as self._zip:
            for one in files:
                self._take(one)
            self._plan.finish(self._zip.fileno(), self._crcs)

    def _take(self, one: Arriving) -> None:
        """Have one file in the box, and in the ZIP; what is there already is not read from the pack.

        What is there was put there verified. Its CRC-32, needed for the ZIP, is compared with the pack's: where they differ, the disk
        may have lost it since, and the file is taken anew.
        """
        target = self._folder / "files" / one.sha256
        if not self._there(target, one):
            self._store(one, target)
            self.stored.add(one.sha256)
        _let_go(target)

    def _there(self, target: Path, one: Arriving) -> bool:
        if not is_there(self._folder, one.sha256, one.size):
            return False
        if self._plan is not None:
            with packfile.opened(target) as file:
                if packzip.crc_of(file.fileno(), one.size, target) != one.entry.crc:
                    return False
                for at in range(0, one.size, STEP_BYTES):
                    self._into_zip(one, file.fileno(), at, min(STEP_BYTES, one.size - at))
            self._crcs[one.path] = one.entry.crc
        self._on_bytes(one.size)
        return True

    def _store(self, one: Arriving, target: Path) -> None:
        """Write each piece to its file and into the ZIP while the processor still has it at hand: that costs less than a copy later."""
        at = done = 0
        with disk.whole_file(target) as out:
            for piece in one.take():
                self._check_room(len(piece))
                out.write(piece)
                self._write_zip(one, piece, done)
                done += len(piece)
                self._on_bytes(len(piece))
                if done - at >= STEP_BYTES:
                    out.flush()
                    _sync(out.fileno())
                    _forget(out.fileno(), at, done - at)
                    at = done
        self._crcs[one.path] = one.entry.crc  # compared with its bytes, as these with what was signed

    def _write_zip(self, one: Arriving, piece: Piece, at: int) -> None:
        if self._zip is not None and self._plan is not None:
            self._check_room(len(piece))
            packzip.write(self._zip.fileno(), piece, self._plan.places[one.path] + at)
            self._grown(len(piece))

    def _into_zip(self, one: Arriving, source: int, at: int, count: int) -> None:
        if self._zip is None or self._plan is None or not count:
            return
        to, target = self._plan.places[one.path] + at, self._zip.fileno()
        self._check_room(count)
        packzip.copy(source, at, target, to, count)
        self._grown(count)

    def _grown(self, count: int) -> None:
        self._written += count
        if self._zip is not None and self._written >= STEP_BYTES:
            _sync(self._zip.fileno())
            _forget(self._zip.fileno(), 0, 0)
            self._written = 0

    def _check_room(self, more: int) -> None:
        """See that `more` bytes still leave what selling needs; the disk is asked once in a step. Raises Refused `disk-too-small`."""
        self._allowed -= more
        if self._allowed >= 0:
            return
        free = room.free_bytes(self._folder)
        if free is None:
            self._allowed = STEP_BYTES
            return
        if free - self._kept_back < more:
            raise Refused(
                "disk-too-small",
                f"Only {free // room.MB} MB are left on the box, which selling needs. What was taken whole is kept: free some space,"
                " then import again, and it goes on from there.",
            )
        self._allowed = min(STEP_BYTES, free - self._kept_back - more)


_sync = getattr(os, "fdatasync", os.fsync)


def _let_go(path: Path) -> None:
    """Let the machine's memory go of a file that lies on the disk."""
    with contextlib.suppress(OSError), path.open("rb") as file:
        _forget(file.fileno(), 0, 0)


def _forget(descriptor: int, at: int, count: int) -> None:
    advise = getattr(os, "posix_fadvise", None)
    if advise is not None:
        with contextlib.suppress(OSError):  # advice only
            advise(descriptor, at, count, os.POSIX_FADV_DONTNEED)
