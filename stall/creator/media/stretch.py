"""A stretch of a file, read at any place and never beyond its end; and what was seen while a file was read so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from stall.creator.recipe import Patch, differing

BLOCK_MAX = 64 * 1024 * 1024
"""The largest block of what is no picture, sound or film itself that is held in memory."""


class Damaged(Exception):
    """A file is not built as its kind is, so that what stands in it cannot be found."""


class Stuck(Exception):
    """A place was found and cannot be taken out in place; its words end a sentence."""


@dataclass(frozen=True)
class Stretch:
    """`size` bytes of `file` from `start` on; places are counted from there."""

    file: BinaryIO
    start: int
    size: int

    def read(self, at: int, size: int) -> bytes:
        """Give exactly `size` bytes. Raises Damaged where they are not all within."""
        if at < 0 or size < 0 or at + size > self.size or size > BLOCK_MAX:
            raise Damaged
        self.file.seek(self.start + at)
        data = self.file.read(size)
        if len(data) != size:
            raise Damaged
        return data

    def number(self, at: int, size: int, order: str = "big") -> int:
        """Read an unsigned number."""
        return int.from_bytes(self.read(at, size), "little" if order == "little" else "big")

    def within(self, at: int, size: int) -> Stretch:
        """Give a stretch of this one. Raises Damaged where it is not all within."""
        if at < 0 or size < 0 or at + size > self.size:
            raise Damaged
        return Stretch(self.file, self.start + at, size)

    def zeroed(self, at: int, size: int) -> Patch:
        """Say that zeros stand there."""
        return Patch(self.start + at, size)


@dataclass
class Seen:
    """What stands in one file: facts by their name, whether it says where it was made, and what names a person or machine."""

    place: bool = False
    facts: dict[str, str] = field(default_factory=dict)
    personal: dict[str, str] = field(default_factory=dict)
    orientation: int = 1
    emptied: int = 0
    """Pieces of a camera's tracks that were emptied so far."""

    def note(self, name: str, words: str) -> None:
        """Keep a fact, the first that is told of it."""
        if words := _clean(words):
            self.facts.setdefault(name, words)

    def note_personal(self, name: str, words: str) -> None:
        """Keep what tells who made it or with which machine."""
        if words := _clean(words):
            self.personal.setdefault(name, words)


def _clean(words: str) -> str:
    return " ".join(words.replace("\0", " ").split())[:120]


@dataclass(frozen=True)
class Parts:
    """A block that lies in several parts of a file, as one: where each part stands, and all their bytes."""

    places: tuple[tuple[int, int], ...]  # from where in the file, how many
    data: bytes

    def patches(self, new: bytes) -> Iterator[Patch]:
        """Give the patches that make `new` of it; it has the same length."""
        at = 0
        for start, size in self.places:
            yield from differing(start, self.data[at : at + size], new[at : at + size])
            at += size


def whole(stretch: Stretch) -> Parts:
    """Read a stretch as a block of one part. Raises Damaged where it is too large."""
    return Parts(((stretch.start, stretch.size),), stretch.read(0, stretch.size))


def cleaned(block: Stretch, cleaner: Callable[[bytes, Seen], bytes], seen: Seen) -> Iterator[Patch]:
    """Give the patches that make of a block what `cleaner` makes of its bytes, as many. Raises Damaged where it is too large."""
    parts = whole(block)
    yield from parts.patches(cleaner(parts.data, seen))
