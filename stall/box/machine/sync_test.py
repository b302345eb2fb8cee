"""How fast a disk says that it has kept something, and whether that can be: a card that answers before it has loses sales in a power cut.

Flash takes some hundred microseconds to program a page, and an append that is forced to the disk costs several writes with a file
system; what says it is done in less time did not do it. A slow answer proves nothing: `power_cut` tries it for real.
"""

from __future__ import annotations

import errno
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from stall import disk
from stall.box.machine.card import Kind

#: A look writes no more than this to the card: 64 blocks of 4 KiB, and takes no longer than two seconds.
COUNT, BLOCK_BYTES, SECONDS = 64, 4096, 2.0
#: How a file system says that it has no files without a name; an old one opens the folder instead.
_NO_UNNAMED = {errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL}
#: Below this many there is nothing to say about a rate.
_ENOUGH = 8

#: Appends a second, each forced to the disk, that no disk of a kind can keep; kinds that stand nowhere here may have a battery.
IMPOSSIBLE_PER_S = {Kind.SD: 2_000, Kind.EMMC: 5_000, Kind.USB: 4_000, Kind.ROTATING: 400}
#: Below this a buyer waits for the card at every sale (appends a second).
SLOW_PER_S = 20


@dataclass(frozen=True, slots=True)
class Rate:
    """What was measured: how many appends, how many of them a second, and the times of one (ms)."""

    count: int
    per_s: float
    median_ms: float
    slowest_ms: float

    @property
    def slow(self) -> bool:
        """Whether each sale waits for the disk."""
        return self.per_s < SLOW_PER_S


def measure(folder: Path, counted: Callable[[], float] = time.perf_counter, *, unseen: bool = False) -> Rate:
    """Append to a file in `folder` and force each block to the disk, as a sale does. Leaves nothing behind.

    The file has no name where the file system can do that, and never one when it must be `unseen`. Raises what
    `disk.sentences` makes of errors of the disk.
    """
    took: list[float] = []
    with disk.sentences(folder):
        descriptor = _file(folder, unseen=unseen)
        try:
            end = counted() + SECONDS
            while len(took) < COUNT and (counted() < end or not took):
                before = counted()
                os.write(descriptor, bytes(BLOCK_BYTES))
                os.fdatasync(descriptor)
                took.append(counted() - before)
        finally:
            os.close(descriptor)
    every = sum(took) or 1e-9
    return Rate(len(took), len(took) / every, statistics.median(took) * 1000, max(took) * 1000)


def _file(folder: Path, *, unseen: bool) -> int:
    """Open a file that is gone with the process, whatever ends it."""
    try:
        return os.open(folder, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError as error:
        if unseen or error.errno not in _NO_UNNAMED:
            raise
    descriptor, name = tempfile.mkstemp(disk.LEFTOVER, ".sync-test.", folder)
    Path(name).unlink()
    return descriptor


def cannot_be(kind: Kind, rate: Rate) -> bool:
    """Whether a disk of this kind cannot have kept what it says it kept."""
    limit = IMPOSSIBLE_PER_S.get(kind)
    return limit is not None and rate.count >= _ENOUGH and rate.per_s > limit
