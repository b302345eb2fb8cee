"""A disk that may lose its power: what is surely on it, and what may or may not be. Pure; fed with recorded changes.

The model is harsher than any file system we know. A change of a file is safe only once that file was synced, a change
of names only once their folder was; until then each may be there or not, on its own, in any order, and a write may be
there in some of its 512-byte sectors only. A rename is one change. Nothing else is torn: a synced byte stays.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from tests.preload.records import Op, Record


class Gap(Exception):
    """The recording misses something, so nothing can be concluded from it."""


class File:
    """The bytes of one file that are surely on the disk. Its identity outlives its name."""

    __slots__ = ("inode", "safe")

    def __init__(self, inode: int) -> None:
        self.inode = inode
        self.safe = bytearray()


class Folder:
    """A folder; what is in it is known by the names."""


@dataclass(slots=True)
class Change:
    """A change that is not safe yet: of one file (`data` at `offset`, or a new `size`), or of names.

    `names` gives each name what it stands for from then on, None for nothing; `folders` are those it happened in.
    """

    file: File | None = None
    offset: int = 0
    data: bytes = b""
    size: int | None = None
    names: dict[str, File | Folder | None] = field(default_factory=dict)
    folders: frozenset[str] = frozenset()

    def happen(self, content: bytearray) -> None:
        """Do to a file's bytes what this change does."""
        if self.size is not None:
            resize(content, self.size)
        else:
            put(content, self.offset, self.data)


class Disk:
    """A folder's disk, from an empty folder on, one record after the other."""

    def __init__(self) -> None:
        self.safe_names: dict[str, File | Folder] = {}
        self.pending: list[Change] = []
        self._names: dict[str, File | Folder] = {}
        self._inodes: dict[int, File] = {}
        self._at: dict[str, int] = {}

    def apply(self, record: Record) -> None:
        """Let one recorded change happen. Raises Gap when it cannot be."""
        match record.op:
            case Op.OPEN:
                self._open(record)
            case Op.WRITE:
                self.pending.append(Change(self._file(record), record.offset, record.data))
            case Op.TRUNCATE:
                self.pending.append(Change(self._file(record), size=record.length))
            case Op.SYNC:
                self._sync(record)
            case Op.RENAME | Op.LINK:
                self._rename(record)
            case Op.UNLINK | Op.RMDIR:
                self._name({record.path: None})
            case Op.MKDIR:
                self._name({record.path: Folder()})
            case Op.ACK | Op.LOCK | Op.UNLOCK:
                pass
            case Op.ALLOCATE:
                raise Gap(f"{record.path}: space is allocated ahead, which the model does not know")

    def _open(self, record: Record) -> None:
        known = self._names.get(record.path)
        if not isinstance(known, File) or self._at[record.path] != record.inode:
            if known is not None:
                raise Gap(f"{record.path} became another file without a recorded change")
            known = File(record.inode)
            self._inodes[record.inode], self._at[record.path] = known, record.inode
            self._name({record.path: known})
        elif record.flags & os.O_TRUNC:
            self.pending.append(Change(known, size=0))

    def _file(self, record: Record) -> File:
        file = self._inodes.get(record.inode)
        if file is None:
            raise Gap(f"{record.path} was made before the recording")
        return file

    def _name(self, names: dict[str, File | Folder | None]) -> None:
        self.pending.append(Change(names=names, folders=frozenset(parent(name) for name in names)))
        set_names(self._names, names)

    def _rename(self, record: Record) -> None:
        moved = self._names.get(record.path)
        if not isinstance(moved, File) or not record.target or record.flags:
            raise Gap(f"{record.path} is renamed or linked to {record.target!r} in a way the model does not know")
        self._at[record.target] = self._at[record.path]
        old: dict[str, File | Folder | None] = {} if record.op is Op.LINK else {record.path: None}
        self._name({**old, record.target: moved})

    def _sync(self, record: Record) -> None:
        """Make safe what is pending for one file, or for the names in one folder."""
        rest: list[Change] = []
        if record.path == "" or isinstance(self._names.get(record.path), Folder):
            for change in self.pending:
                if record.path in change.folders:
                    set_names(self.safe_names, change.names)
                else:
                    rest.append(change)
        else:
            file = self._file(record)
            for change in self.pending:
                if change.file is file:
                    change.happen(file.safe)
                else:
                    rest.append(change)
        self.pending = rest


def parent(name: str) -> str:
    """The folder a name is in."""
    return name.rpartition("/")[0]


def set_names(names: dict[str, File | Folder], changed: dict[str, File | Folder | None]) -> None:
    """Let a change of names happen."""
    for name, node in changed.items():
        if node is None:
            names.pop(name, None)
        else:
            names[name] = node


def resize(content: bytearray, size: int) -> None:
    """Cut a file's bytes, or extend them with zeros."""
    del content[size:]
    content.extend(bytes(size - len(content)))


def put(content: bytearray, offset: int, data: bytes) -> None:
    """Write bytes, with zeros where the file ended before."""
    if offset > len(content):
        resize(content, offset)
    content[offset : offset + len(data)] = data
