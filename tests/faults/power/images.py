"""Chooses what a power cut left of the changes that were not safe yet, and lays the result out as a folder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from random import Random

from tests.faults.power.disk import Change, Disk, File, Folder, parent, put, resize, set_names

SECTOR = 512
#: A write, its surviving bytes in pieces: (offset, bytes).
Pieces = list[tuple[int, bytes]]


class Left(StrEnum):
    """What is left of the changes that were not safe."""

    NOTHING = "nothing"
    EVERYTHING = "everything"
    BEGINNING = "beginning"  # the first so many in order, the last of them torn
    SOME = "some"  # each on its own
    TORN = "torn"  # each on its own, and of each write some sectors
    ALL_BUT_ONE = "all-but-one"
    ONLY_ONE = "only-one"
    DATA_ONLY = "data-only"  # bytes but no names
    NAMES_ONLY = "names-only"  # names but no bytes; files as long as they were to be, of zeros


@dataclass(frozen=True, slots=True)
class Image:
    """Names and bytes on a disk, None for a folder; and which file of the recorded disk stands at a name."""

    contents: dict[str, bytes | None]
    inodes: dict[str, int]


def keep(left: Left, pending: list[Change], rng: Random) -> list[tuple[Change, Pieces | None]]:
    """Choose the changes that are on the disk after all; None stands for the whole of one."""
    chance = rng.choice((0.2, 0.5, 0.8))
    one = rng.randrange(len(pending)) if pending else 0
    rules: dict[Left, Callable[[int, Change], Pieces | bool | None]] = {
        Left.NOTHING: lambda _n, _change: False,
        Left.EVERYTHING: lambda _n, _change: None,
        Left.BEGINNING: lambda n, change: torn(change, rng) if n == one else (None if n < one else False),
        Left.SOME: lambda _n, _change: None if rng.random() < chance else False,
        Left.TORN: lambda _n, change: torn(change, rng) if rng.random() < chance else False,
        Left.ALL_BUT_ONE: lambda n, _change: False if n == one else None,
        Left.ONLY_ONE: lambda n, _change: None if n == one else False,
        Left.DATA_ONLY: lambda _n, change: None if change.file else False,
        Left.NAMES_ONLY: lambda _n, change: [] if change.file else None,
    }
    chosen = ((change, rules[left](n, change)) for n, change in enumerate(pending))
    return [(change, pieces) for change, pieces in chosen if not isinstance(pieces, bool)]


def torn(change: Change, rng: Random) -> Pieces | None:
    """Some sectors of a write: the first ones, the last ones, all but one, or any. Other changes are whole."""
    if change.size is not None or change.file is None:
        return None
    edges = range(change.offset - change.offset % SECTOR, change.offset + len(change.data), SECTOR)
    at = rng.randrange(len(edges))
    how = rng.randrange(4)
    pieces = []
    for n, edge in enumerate(edges):
        if (n < at, n > at, n != at, rng.random() < 0.5)[how]:
            low, high = max(edge, change.offset), min(edge + SECTOR, change.offset + len(change.data))
            pieces.append((low, change.data[low - change.offset : high - change.offset]))
    return pieces


def build(disk: Disk, left: Left, rng: Random) -> Image:
    """What is on the disk after the cut. What stands in no folder is lost."""
    names: dict[str, File | Folder] = dict(disk.safe_names)
    contents: dict[File, bytearray] = {}
    for change, pieces in keep(left, disk.pending, rng):
        if change.file is None:
            set_names(names, change.names)
            continue
        content = contents.setdefault(change.file, bytearray(change.file.safe))
        if pieces is None:
            change.happen(content)
        elif change.size is None and left is Left.NAMES_ONLY:
            resize(content, max(len(content), change.offset + len(change.data)))
        else:
            for offset, data in pieces:
                put(content, offset, data)
    there = {name: node for name, node in sorted(names.items()) if reachable(name, names)}
    return Image(
        {
            name: bytes(contents.get(node, node.safe)) if isinstance(node, File) else None
            for name, node in there.items()
        },
        {name: node.inode for name, node in there.items() if isinstance(node, File)},
    )


def reachable(name: str, names: dict[str, File | Folder]) -> bool:
    """Whether every folder above a name is there."""
    above = parent(name)
    return not above or (isinstance(names.get(above), Folder) and reachable(above, names))


def lay_out(image: Image, folder: Path) -> None:
    """Write an image into a new folder, readable by its owner alone."""
    folder.mkdir(mode=0o700)
    for name, data in image.contents.items():
        path = folder / name
        if data is None:
            path.mkdir(mode=0o700)
        else:
            path.touch(mode=0o600)
            path.write_bytes(data)
