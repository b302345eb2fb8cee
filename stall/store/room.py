"""How much room the data folder's disk has left, and whether that is enough to sell.

A disk that gave up after an error is mounted read-only: then nothing can be written down at all.

Asked before the write door, never inside it. What stops is what begins: orders, takes, baskets, payments. What is
begun already (an approved card, a reversal, a claim of something paid) goes on and finds its room kept back.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from stall.errors import Refused
from stall.settings import Disk

MB = 1_000_000
#: How long one look at the disk counts (s): a crowd asks many times a second.
LOOK_S = 1.0


def free_bytes(folder: Path) -> int | None:
    """Bytes this user may still write there; None when the file system does not say."""
    try:
        told = os.statvfs(folder)
    except OSError:  # then writing tells what is wrong, in its own words
        return None
    return told.f_bavail * told.f_frsize


def takes_nothing(folder: Path) -> bool:
    """Whether its file system can only be read, as one that found an error; False when it does not say."""
    try:
        return bool(os.statvfs(folder).f_flag & os.ST_RDONLY)
    except OSError:
        return False


class Room:
    """The room left on one box's disk, looked at once a second at most."""

    def __init__(
        self,
        folder: Path,
        limits: Disk,
        measure: Callable[[Path], int | None] = free_bytes,
        monotonic: Callable[[], float] = time.monotonic,
        shut: Callable[[Path], bool] = takes_nothing,
    ) -> None:
        """Nothing is looked at yet."""
        self._folder, self._limits, self._measure, self._monotonic = folder, limits, measure, monotonic
        self._shut = shut
        self._seen: tuple[float, int | None, bool] | None = None

    @property
    def kept_back(self) -> int:
        """Bytes kept for what is begun already."""
        return self._limits.stop_mb * MB

    def free(self) -> int | None:
        """Bytes free a second ago or later; None when unknown."""
        return self._look()[1]

    def read_only(self) -> bool:
        """Whether nothing can be written, a second ago or later."""
        return self._look()[2]

    def _look(self) -> tuple[float, int | None, bool]:
        seen, now = self._seen, self._monotonic()
        if seen is None or not 0 <= now - seen[0] < LOOK_S:
            seen = self._seen = (now, self._measure(self._folder), self._shut(self._folder))
        return seen

    def low(self) -> bool:
        """Whether the maker should make room soon."""
        free = self.free()
        return free is not None and free < self._limits.warn_mb * MB

    def full(self) -> bool:
        """Whether nothing new may begin."""
        free = self.free()
        return free is not None and free < self.kept_back

    def check(self) -> None:
        """Refuse to begin anything, in the maker's words. Raises Refused `disk-nearly-full`, `disk-read-only`."""
        if self.read_only():
            raise Refused(
                "disk-read-only",
                "The stall's disk found an error and can only be read, so nothing new begins. Start the box again; if that"
                " does not help, go on with a new card.",
            )
        if self.full():
            raise Refused(
                "disk-nearly-full",
                f"Only {(self.free() or 0) // MB} MB are left on the stall's disk, so no new sale begins; those begun can be"
                " finished. Delete what does not belong to the stall, or move it to a larger card.",
            )

    def check_for_buyer(self) -> None:
        """Refuse to begin anything, in the buyer's words, which are the same for both. Raises Refused `disk-nearly-full`."""
        if self.full() or self.read_only():
            raise Refused(
                "disk-nearly-full", "The stall cannot take new orders just now. Ask at the stall, they know what to do."
            )
