"""JPEG: the segments in front of the picture, the further pictures a phone puts behind it, and a film behind those."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterator

from stall.creator.media import iptc, tiff, xmp
from stall.creator.media.stretch import Damaged, Parts, Seen, Stretch, Stuck
from stall.creator.recipe import Patch

MARK = b"\xff\xd8\xff"
_EXIF = b"Exif\0"
_SOI, _EOI, _SOS = 0xD8, 0xD9, 0xDA
_ALONE = {0x01, *range(0xD0, 0xD9)}
_NEXT = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_CHUNK = 1024 * 1024
_SIZES = {0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB}
_FAMILY = re.compile(rb"HasExtendedXMP\s*(?:=\s*[\"']|>)\s*([0-9A-F]{32})")


def clean(block: Stretch, seen: Seen, at: int = 0) -> Iterator[Patch | int]:
    """Give the patches of the picture that begins at `at`, and at last, as a number, where it ends.

    Raises Damaged when it is no JPEG, Stuck.
    """
    if block.read(at, 2) != MARK[:2]:
        raise Damaged
    at += 2
    blocks: list[tuple[int, int]] = []
    family: defaultdict[bytes, list[tuple[int, int, int]]] = defaultdict(list)
    main: list[Parts] = []
    while True:
        at, marker = _marker(block, at)
        if marker == _EOI:
            break
        if marker in _ALONE:
            continue
        size = block.number(at, 2)
        if size < 2:  # noqa: PLR2004 - its own length
            raise Damaged
        inner = block.within(at + 2, size - 2)
        if marker == 0xE1:  # noqa: PLR2004 - APP1
            yield from _app1(inner, seen, main, family)
        elif marker == 0xED and _starts(inner, iptc.HEAD):  # noqa: PLR2004 - APP13
            skip = len(iptc.HEAD)
            blocks.append((inner.start + skip, inner.size - skip))
        elif marker in _SIZES:
            seen.note("pixels", f"{inner.number(3, 2)} × {inner.number(1, 2)}")
        at += size
        if marker == _SOS:
            at = _entropy_end(block, at)
            if at == block.size:
                break
    yield from _photoshop(block, blocks, seen)
    yield from _packets(block, main, family, seen)
    yield at


def _marker(block: Stretch, at: int) -> tuple[int, int]:
    """The next marker and the place behind it; FF may be repeated in front of one. What is none is passed over, as others do."""
    if block.read(at, 1) != b"\xff":
        at = _entropy_end(block, at)
    while True:
        marker = block.number(at, 1)
        at += 1
        if marker != 0xFF:  # noqa: PLR2004 - a fill byte
            return at, marker


def _starts(inner: Stretch, head: bytes) -> bool:
    return inner.size >= len(head) and inner.read(0, len(head)) == head


def _app1(
    inner: Stretch,
    seen: Seen,
    main: list[Parts],
    family: defaultdict[bytes, list[tuple[int, int, int]]],
) -> Iterator[Patch]:
    if _starts(inner, _EXIF) and inner.size > 6:  # noqa: PLR2004 - the head and a byte that may be anything
        try:
            yield from tiff.clean(inner.within(6, inner.size - 6), seen)
        except Damaged:
            return
    elif _starts(inner, xmp.HEAD):
        skip = len(xmp.HEAD)
        main.append(Parts(((inner.start + skip, inner.size - skip),), inner.read(skip, inner.size - skip)))
    elif _starts(inner, xmp.MORE_HEAD):
        skip = len(xmp.MORE_HEAD)
        name, offset = inner.read(skip, 32), inner.number(skip + 36, 4)
        family[name].append((offset, inner.start + skip + 40, inner.size - skip - 40))


def _entropy_end(block: Stretch, at: int) -> int:
    """Where the next marker stands behind the picture's own data; the end of the block where there is none."""
    while at < block.size:
        data = block.read(at, min(_CHUNK, block.size - at))
        if found := _NEXT.search(data):
            return at + found.start()
        if at + len(data) == block.size:
            break
        at += len(data) - 1
    return block.size


def _photoshop(block: Stretch, places: list[tuple[int, int]], seen: Seen) -> Iterator[Patch]:
    """A block of Photoshop may reach over several segments."""
    if places:
        parts = _gathered(block, places)
        yield from parts.patches(iptc.clean_blocks(parts.data, seen))


def _packets(
    block: Stretch, main: list[Parts], family: defaultdict[bytes, list[tuple[int, int, int]]], seen: Seen
) -> Iterator[Patch]:
    """The packets, and what was too long for the first: that is named in it by its own digest."""
    renamed: dict[bytes, bytes] = {}
    for name, found in family.items():
        found.sort()
        parts = _gathered(block, [(start, size) for _, start, size in found])
        if [offset for offset, _, _ in found] != _offsets(found):
            raise Stuck("its long XMP has gaps")
        cleaned = xmp.clean(parts.data, seen)
        if cleaned != parts.data:
            yield from parts.patches(cleaned)
            renamed[name] = hashlib.md5(cleaned, usedforsecurity=False).hexdigest().upper().encode("ascii")
            for _, start, _ in found:
                yield Patch(start - 40, renamed[name])
    for packet in main:
        cleaned = xmp.clean(packet.data, seen)
        if (called := _FAMILY.search(cleaned)) and called[1] in renamed:
            cleaned = cleaned[: called.start(1)] + renamed[called[1]] + cleaned[called.end(1) :]
        yield from packet.patches(cleaned)


def _offsets(found: list[tuple[int, int, int]]) -> list[int]:
    expected, at = [], 0
    for _, _, size in found:
        expected.append(at)
        at += size
    return expected


def _gathered(block: Stretch, places: list[tuple[int, int]]) -> Parts:
    pieces = [block.read(start - block.start, size) for start, size in places]
    return Parts(tuple(places), b"".join(pieces))
