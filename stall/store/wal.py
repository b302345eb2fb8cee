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


EMPTY = LogLength(b"", 0)


def grown(database: Path, since: LogLength, pages: int) -> LogLength | None:
    """Measure the log if it has grown by more than `pages` frames since; otherwise None, after two small reads.

    What counts are the frames that bear the header's salts. They stand at the front; what follows is left from
    an earlier generation. So a binary search over the frame headers finds their end in a dozen small reads.
    """
    try:
        descriptor = os.open(f"{database}-wal", os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        header = os.pread(descriptor, _HEADER, 0)
        if len(header) < _HEADER:
            return None
        size, salts = _FRAME_HEADER + int.from_bytes(header[8:12], "big"), header[_SALTS]
        wanted = (since.frames if since.salts == salts else 0) + pages + 1
        if not _is_frame(descriptor, size, wanted, salts):
            return None
        return LogLength(salts, _last_frame(descriptor, size, salts))
    finally:
        os.close(descriptor)


def _last_frame(descriptor: int, size: int, salts: bytes) -> int:
    low, high = 0, (os.fstat(descriptor).st_size - _HEADER) // size
    while low < high:
        middle = (low + high + 1) // 2
        if _is_frame(descriptor, size, middle, salts):
            low = middle
        else:
            high = middle - 1
    return low


def _is_frame(descriptor: int, size: int, number: int, salts: bytes) -> bool:
    """Whether the frame of that number, from 1, belongs to the generation with those salts."""
    return os.pread(descriptor, len(salts), _HEADER + (number - 1) * size + 8) == salts
