"""The counters every process behind the library adds to."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

#: enum counter of disk.c, in its order.
_NAMES = ("writes", "bytes", "syncs", "truncates", "renames", "unlinks")
_FORMAT = struct.Struct(f"={len(_NAMES)}Q")


@dataclass(frozen=True, slots=True)
class Tally:
    """What was done to files below the folder so far; `bytes` is what the writes wrote. SQLite's -shm is left out."""

    writes: int
    bytes: int
    syncs: int
    truncates: int
    renames: int
    unlinks: int

    def since(self, earlier: Tally) -> Tally:
        """What came after `earlier`."""
        return Tally(*(getattr(self, name) - getattr(earlier, name) for name in _NAMES))


class Counts:
    """A file of counters, to be named in `library.environment`."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def make(cls, path: Path) -> Counts:
        """Make the file, everything zero."""
        path.write_bytes(bytes(_FORMAT.size))
        return cls(path)

    def read(self) -> Tally:
        """The counters now; processes may be adding to them."""
        return Tally(*_FORMAT.unpack(self.path.read_bytes()))
