"""The bytes of a file as they go into a pack: stretches of the original, and what stands in the place of others.

So a file is cleaned without a copy of it, and without ever writing to it. Reads nothing itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

CHUNK_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes of the original from `at` on."""

    at: int
    size: int


@dataclass(frozen=True, slots=True)
class Zeros:
    """So many zero bytes."""

    size: int


Piece = Span | Zeros | bytes


@dataclass(frozen=True, slots=True)
class Patch:
    """Other bytes for those of the original from `at` on, as many: `data`, or zeros where it is a number."""

    at: int
    data: bytes | int

    @property
    def size(self) -> int:
        """How many bytes it replaces."""
        return self.data if isinstance(self.data, int) else len(self.data)

    @property
    def end(self) -> int:
        """The first byte behind it."""
        return self.at + self.size


def differing(at: int, old: bytes, new: bytes) -> Iterator[Patch]:
    """Give the patches that make `new` of `old`, which stands at `at`; both have one length."""
    if len(old) != len(new):
        raise ValueError("a patch keeps the length")
    begun = last = -1
    for place, (before, after) in enumerate(zip(old, new, strict=True)):
        if before != after:
            if begun >= 0 and place - last > 16:  # noqa: PLR2004 - nearer ones cost less as one
                yield Patch(at + begun, new[begun : last + 1])
                begun = -1
            begun, last = (place if begun < 0 else begun), place
    if begun >= 0:
        yield Patch(at + begun, new[begun : last + 1])


def joined(patches: Iterable[Patch]) -> tuple[Patch, ...]:
    """Put patches in order; where two meet, the one that was given later counts."""
    done: list[Patch] = []
    for one in sorted(patches, key=lambda patch: patch.at):  # a stable sort: given later stays behind
        if done and one.at < done[-1].end:
            done[-1] = _laid_over(done[-1], one)
        elif one.size:
            done.append(one)
    return tuple(done)


def _laid_over(under: Patch, over: Patch) -> Patch:
    if isinstance(under.data, int) and isinstance(over.data, int):
        return Patch(under.at, max(under.end, over.end) - under.at)
    whole = bytearray(max(under.end, over.end) - under.at)
    whole[: under.size] = _bytes(under)
    whole[over.at - under.at : over.end - under.at] = _bytes(over)
    return Patch(under.at, bytes(whole))


def _bytes(patch: Patch) -> bytes:
    return bytes(patch.data)  # of a number: as many zeros


def pieces(patches: Sequence[Patch], start: int, end: int) -> Iterator[Piece]:
    """Give the original from `start` to `end` with joined patches in place; none of them reaches over either."""
    at = start
    for patch in patches:
        if start <= patch.at and patch.end <= end:
            if patch.at > at:
                yield Span(at, patch.at - at)
            yield Zeros(patch.data) if isinstance(patch.data, int) else patch.data
            at = patch.end
    if at < end:
        yield Span(at, end - at)


def size_of(recipe: Iterable[Piece]) -> int:
    """How many bytes it gives."""
    return sum(len(piece) if isinstance(piece, bytes) else piece.size for piece in recipe)


def read(file: BinaryIO, recipe: Iterable[Piece]) -> Iterator[bytes]:
    """Give the bytes in pieces of a megabyte at most; fewer than `size_of` where the file became shorter. Raises OSError."""
    for piece in recipe:
        if isinstance(piece, bytes):
            yield piece
            continue
        if isinstance(piece, Span):
            file.seek(piece.at)
        left = piece.size
        while left > 0:
            most = min(CHUNK_BYTES, left)
            chunk = file.read(most) if isinstance(piece, Span) else bytes(most)
            if not chunk:
                return
            left -= len(chunk)
            yield chunk
