"""How many small writes a second a disk confirms, measured in a file without a name: nothing is ever to be seen of it."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

#: As long as this, or as many as this, whichever comes first: the stall may be selling meanwhile.
MOST_S, MOST = 0.5, 200
_PAGE = bytes(range(256)) * 16


@dataclass(frozen=True, slots=True)
class Rate:
    """Confirmed writes of 4 KiB, one after the other."""

    per_s: float
    slowest_ms: float
    count: int

    @property
    def facts(self) -> dict[str, object]:
        """For a finding."""
        return {"per_s": round(self.per_s, 1), "slowest_ms": round(self.slowest_ms, 1), "count": self.count}


def rate(folder: Path) -> Rate:
    """Write, wait for the disk, write again. Raises OSError where this user or this file system does not let us."""
    descriptor = os.open(folder, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        took: list[float] = []
        begun = time.monotonic()
        while len(took) < MOST and time.monotonic() - begun < MOST_S:
            at = time.monotonic()
            os.pwrite(descriptor, _PAGE, len(took) * len(_PAGE))
            os.fdatasync(descriptor)
            took.append(time.monotonic() - at)
    finally:
        os.close(descriptor)
    return Rate(len(took) / max(sum(took), 1e-6), max(took) * 1000, len(took))
