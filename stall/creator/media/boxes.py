"""The boxes that MP4, MOV, HEIC and AVIF are made of, one in another: each has its size, its kind and its content."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from stall.creator.media.stretch import Damaged, Stretch
from stall.creator.recipe import Patch

DEPTH_MAX, COUNT_MAX = 12, 20_000


@dataclass(frozen=True)
class Box:
    """One box: its kind, where it begins in the file, its whole size, and its content."""

    kind: bytes
    at: int
    size: int
    inner: Stretch

    def freed(self) -> Iterator[Patch]:
        """Make it a box that says nothing: everybody passes over `free`."""
        yield Patch(self.inner.start - (self.size - self.inner.size) + 4, b"free")
        yield self.inner.zeroed(0, self.inner.size)


def inside(block: Stretch, skip: int = 0) -> Iterator[Box]:
    """Give the boxes in a stretch behind its first `skip` bytes. Raises Damaged where they do not fit into each other."""
    at, count = skip, 0
    while at + 8 <= block.size:
        count += 1
        if count > COUNT_MAX:
            raise Damaged
        size, kind, head = block.number(at, 4), block.read(at + 4, 4), 8
        if size == 1:
            size, head = block.number(at + 8, 8), 16
        elif size == 0:
            size = block.size - at
            if kind == b"\0\0\0\0":  # four zeros end the user data of QuickTime
                return
        if size < head:
            raise Damaged
        yield Box(kind, block.start + at, size, block.within(at + head, size - head))
        at += size


def find(block: Stretch, *kinds: bytes) -> Box | None:
    """Find a box by its way through others. Raises Damaged."""
    found: Box | None = None
    for kind in kinds:
        found = next((box for box in inside(block) if box.kind == kind), None)
        if found is None:
            return None
        block = found.inner
    return found


def meta_skip(inner: Stretch) -> int:
    """How many bytes stand before the boxes in a `meta` box: QuickTime has none there, all others a version of four."""
    return 0 if inner.size >= 8 and inner.read(4, 4) == b"hdlr" else 4  # noqa: PLR2004 - the head of a box
