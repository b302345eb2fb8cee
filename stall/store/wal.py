"""How long SQLite's write-ahead log is, read from the log file alone.

Only ever the -wal file: closing any descriptor of the database or of its -shm file would drop the
POSIX locks SQLite holds on it for the whole process, and another process would then truncate the
shared memory under us (SIGBUS). SQLite takes no locks on the -wal file.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

#: "WAL File Format": a header of 32 bytes with the page size at 8 and two salts at 16, then frames
#: of a 24-byte header (salts at 8) and one page.
_HEADER = 32
_FRAME_HEADER = 24
_SALTS = slice(16, 24)


@dataclass(frozen=True, slots=True)
class LogLength:
    """The frames of one generation of the log; `salts` change when it starts again from its beginning."""

    salts: bytes
    frames: int

    def beyond(self, earlier: LogLength) -> int:
        """How many frames came since `earlier`."""
        return self.frames - earlier.frames if self.salts == earlier.salts else self.frames


EMPTY = LogLength(b"", 0)


def log_length(database: Path) -> LogLength:
    """Measure the log of a database: the frames that bear the header's salts.

    They stand at the front; what follows is left from an earlier generation. So a binary search
    over the frame headers finds their end in a dozen small reads.
    """
    try:
        descriptor = os.open(f"{database}-wal", os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return EMPTY
    try:
        header = os.pread(descriptor, _HEADER, 0)
        if len(header) < _HEADER:
            return EMPTY
        frame = _FRAME_HEADER + int.from_bytes(header[8:12], "big")
        low, high = 0, (os.fstat(descriptor).st_size - _HEADER) // frame
        while low < high:
            middle = (low + high + 1) // 2
            if os.pread(descriptor, 8, _HEADER + (middle - 1) * frame + 8) == header[_SALTS]:
                low = middle
            else:
                high = middle - 1
        return LogLength(header[_SALTS], low)
    finally:
        os.close(descriptor)
