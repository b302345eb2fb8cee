"""TIFF, DNG and the raw files built like them, and EXIF, which is a small TIFF within another file.

The entry that leads to the GPS list goes out of its list, the others move up, and the list and its values become zeros.
What leads outside the file leads nobody anywhere and is passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from stall.creator.media import iptc, xmp
from stall.creator.media.stretch import Damaged, Seen, Stretch, Stuck, cleaned
from stall.creator.recipe import Patch

MARKS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+", b"IIRO", b"IIRS", b"MMOR", b"IIU\0")
"""TIFF, BigTIFF, and two raw formats that only call themselves otherwise."""

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_GPS, _XMP, _IPTC, _BLOCKS, _MAKER = 0x8825, 0x02BC, 0x83BB, 0x8649, 0x927C
_LISTS = {0x8769, 0x014A, 0xA005}
_MOST_ENTRIES, _MOST_LISTS, _MOST_VALUE = 65_535, 5_000, 1024 * 1024
_WORDS_MAX = 2000
_FACTS = {
    0x010F: "made by", 0x0110: "camera", 0x0131: "program", 0x9003: "taken", 0x013B: "author", 0x8298: "copyright",
    0xA434: "lens",
}  # fmt: skip
_OF_PEOPLE = {
    0xA430: "owner's name", 0xA431: "camera's serial number", 0xC62F: "camera's serial number",
    0xA435: "lens's serial number", 0x013C: "computer's name",
}  # fmt: skip
# Where two makers write places into notes of their own.
_PANASONIC = {0x0067, 0x0069, 0x006B, 0x006D, 0x006F, 0x0080}
_NIKON = {0x0039}


@dataclass(frozen=True)
class _Entry:
    tag: int
    kind: int
    size: int  # of the value, in bytes
    at: int  # where the value stands
    raw: bytes

    @property
    def inline(self) -> bool:
        """Whether the value stands in the entry itself."""
        return self.size <= (8 if len(self.raw) > 12 else 4)  # noqa: PLR2004 - of BigTIFF and of TIFF


@dataclass
class _Walk:
    """One TIFF being read."""

    block: Stretch
    order: Literal["little", "big"]
    big: bool
    seen: Seen
    done: set[int] = field(default_factory=set)

    def number(self, data: bytes) -> int:
        return int.from_bytes(data, self.order)

    def entries(self, at: int) -> tuple[list[_Entry], int, int]:
        """The entries of the list at `at`, where they begin, and where the list ends, the way to the next not counted."""
        counted, long = (8, 20) if self.big else (2, 12)
        count = self.number(self.block.read(at, counted))
        first = at + counted
        raw = self.block.read(first, count * long)
        if count > _MOST_ENTRIES:
            raise Stuck("its lists are too long to be looked through")
        return (
            [self._entry(raw[n * long : (n + 1) * long], first + n * long) for n in range(count)],
            first,
            first + count * long,
        )

    def _entry(self, raw: bytes, at: int) -> _Entry:
        wide = 8 if self.big else 4
        kind, count = self.number(raw[2:4]), self.number(raw[4 : 4 + wide])
        size = count * _SIZES.get(kind, 1)
        value_at = at + 4 + wide if size <= wide else self.number(raw[4 + wide :])
        return _Entry(self.number(raw[:2]), kind, size, value_at, raw)

    def value(self, entry: _Entry) -> Stretch:
        return self.block.within(entry.at, entry.size)

    def numbers(self, entry: _Entry) -> list[int]:
        wide = _SIZES.get(entry.kind, 4)
        data = self.value(entry).read(0, min(entry.size, _MOST_LISTS * wide))
        return [self.number(data[n : n + wide]) for n in range(0, len(data), wide)]


def clean(block: Stretch, seen: Seen) -> Iterator[Patch]:
    """Give the patches that take places out of a TIFF. Raises Damaged when it is none, Stuck."""
    head = block.read(0, 8)
    if head[:4] not in MARKS:
        raise Damaged
    big = head[2:4] in {b"+\0", b"\0+"}
    walk = _Walk(block, "little" if head[:2] == b"II" else "big", big, seen)
    first = block.read(8, 8) if big else head[4:8]
    yield from _lists(walk, walk.number(first))


def _lists(walk: _Walk, at: int) -> Iterator[Patch]:
    while at and at not in walk.done:
        if len(walk.done) == _MOST_LISTS:
            raise Stuck("it has too many lists to be looked through")
        walk.done.add(at)
        try:
            entries, first, end = walk.entries(at)
        except Damaged:
            return
        for entry in entries:
            try:
                yield from _of_entry(walk, entry)
            except Damaged:
                continue
        yield from _without_gps(walk, entries, first, end)
        try:
            at = walk.number(walk.block.read(end, 8 if walk.big else 4))
        except Damaged:
            return


def _of_entry(walk: _Walk, entry: _Entry) -> Iterator[Patch]:
    seen = walk.seen
    if entry.tag in _LISTS:
        for at in walk.numbers(entry):
            yield from _lists(walk, at)
    elif entry.tag in _CLEANERS:
        yield from cleaned(walk.value(entry), _CLEANERS[entry.tag], seen)
    elif entry.tag == _MAKER:
        yield from _makers_notes(walk, entry)
    elif entry.tag in _FACTS or entry.tag in _OF_PEOPLE:
        words = walk.value(entry).read(0, min(entry.size, _WORDS_MAX)).decode("utf-8", "replace")
        if entry.tag in _FACTS:
            seen.note(_FACTS[entry.tag], words)
        else:
            seen.note_personal(_OF_PEOPLE[entry.tag], words)
    elif entry.tag == 0x0112:  # noqa: PLR2004 - orientation
        seen.orientation = next(iter(walk.numbers(entry)), 1)


_CLEANERS: dict[int, Callable[[bytes, Seen], bytes]] = {
    _XMP: xmp.clean,
    _IPTC: iptc.clean,
    _BLOCKS: iptc.clean_blocks,
}


def _without_gps(walk: _Walk, entries: list[_Entry], first: int, end: int) -> Iterator[Patch]:
    """Take the GPS list out: its values, itself, and the entry that leads to it."""
    leading = [entry for entry in entries if entry.tag == _GPS]
    if not leading:
        return
    walk.seen.place = True
    for entry in leading:
        for at in walk.numbers(entry):
            if at not in walk.done:
                walk.done.add(at)
                yield from _gps_list(walk, at)
    counted = first - (8 if walk.big else 2)
    try:
        following = walk.block.read(end, min(8 if walk.big else 4, walk.block.size - end))
    except Damaged:
        following = b""
    kept = [entry.raw for entry in entries if entry.tag != _GPS]
    made = len(kept).to_bytes(first - counted, walk.order) + b"".join(kept) + following
    whole_size = end - counted + len(following)
    yield Patch(walk.block.start + counted, made + bytes(whole_size - len(made)))


def _gps_list(walk: _Walk, at: int) -> Iterator[Patch]:
    try:
        entries, _, end = walk.entries(at)
    except Damaged:
        return
    for entry in entries:
        if not entry.inline and entry.size <= _MOST_VALUE and entry.at + entry.size <= walk.block.size:
            yield walk.block.zeroed(entry.at, entry.size)
    yield walk.block.zeroed(at, end - at)


def _makers_notes(walk: _Walk, entry: _Entry) -> Iterator[Patch]:
    note = walk.value(entry)
    begins = note.read(0, min(note.size, 12))
    if begins.startswith(b"Panasonic\0"):
        yield from _words_gone(walk, entry.at + 12, _PANASONIC)
    elif begins.startswith(b"Nikon\0\x02"):
        inner = note.within(10, note.size - 10)
        order = inner.read(0, 2)
        own = _Walk(inner, "little" if order == b"II" else "big", big=False, seen=walk.seen)
        yield from _words_gone(own, own.number(inner.read(4, 4)), _NIKON)


def _words_gone(walk: _Walk, at: int, tags: set[int]) -> Iterator[Patch]:
    """Overwrite the values of some entries; notes of makers are left as they are otherwise."""
    entries, _, _ = walk.entries(at)
    for entry in entries:
        if entry.tag in tags:
            value = walk.value(entry)
            if value.read(0, min(entry.size, _MOST_VALUE)).strip(b"\0 -"):
                walk.seen.place = True
                yield value.zeroed(0, value.size)
