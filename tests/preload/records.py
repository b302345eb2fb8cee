"""Reads what the library recorded, and adds what the outside was told: one log, in the order it happened.

A change stands after the moment it succeeded, a sync after the moment it returned, an acknowledgement after the
moment somebody outside had it. Records are appended whole, from any number of processes.
"""

from __future__ import annotations

import enum
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

#: struct record of disk.c: total, op, path_length, pid, flags, inode, offset, length.
_HEAD = struct.Struct("=IHHIIQQQ")


class Op(enum.IntEnum):
    """What happened (enum op of disk.c); ACK is ours."""

    OPEN = 1
    WRITE = 2
    SYNC = 3
    TRUNCATE = 4
    ALLOCATE = 5
    RENAME = 6
    LINK = 7
    UNLINK = 8
    MKDIR = 9
    RMDIR = 10
    LOCK = 11
    UNLOCK = 12
    ACK = 100


@dataclass(frozen=True, slots=True)
class Record:
    """One change, sync or acknowledgement.

    `path` is relative to the recorded folder ("" is the folder itself, also for a name outside it), as of the opening;
    `inode` says which file a write, sync or truncate meant, whatever its name is by then. `offset` and `length` are
    bytes; `length` is the new size of a truncate. `data` holds the bytes of a write, the new name of a rename or link,
    the text of an acknowledgement. `flags` are those of open, fallocate, rename, flock.
    """

    op: Op
    pid: int
    path: str
    inode: int
    offset: int
    length: int
    flags: int
    data: bytes

    @property
    def target(self) -> str:
        """The new name of a rename or link."""
        return os.fsdecode(self.data)

    @property
    def text(self) -> str:
        """The text of an acknowledgement."""
        return self.data.decode()


def read(log: Path) -> list[Record]:
    """All records of a log nobody appends to any more."""
    return list(_records(log.read_bytes()))


def _records(data: bytes) -> Iterator[Record]:
    at = 0
    while at < len(data):
        total, op, path_length, pid, flags, inode, offset, length = _HEAD.unpack_from(data, at)
        named = at + _HEAD.size + path_length
        path = os.fsdecode(data[at + _HEAD.size : named])
        yield Record(Op(op), pid, path, inode, offset, length, flags, data[named : at + total])
        at += total


def append_ack(log: Path, text: str) -> None:
    """Append that somebody outside now has been told `text`; call it after the answer is there, not before."""
    data = text.encode()
    head = _HEAD.pack(_HEAD.size + len(data), Op.ACK, 0, os.getpid(), 0, 0, 0, len(data))
    descriptor = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        os.write(descriptor, head + data)
    finally:
        os.close(descriptor)
