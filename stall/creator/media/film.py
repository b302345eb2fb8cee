"""MP4 and MOV, films and music: places in their notes, and tracks that cameras write beside the picture.

A note becomes a box that says nothing; a track of places is emptied and taken for such a box, too. The picture and the sound are
not touched.
"""

from __future__ import annotations

from collections.abc import Iterator

from stall.creator.media import boxes, heif, xmp
from stall.creator.media.boxes import Box
from stall.creator.media.stretch import Damaged, Seen, Stretch, Stuck, cleaned
from stall.creator.recipe import Patch

_XMP_UUID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_INNER = {b"moov", b"trak", b"udta", b"mdia", b"minf", b"stbl"}
_NOTES = {b"\xa9xyz", b"loci", b"GPMF", b"NCDT", b"gps ", b"GPS ", b"gps0"}
_SENSORS = {b"gpmd", b"camm", b"rtmd", b"djmd", b"dbgi"}
_TEXTS = {b"tx3g", b"text", b"sbtl", b"mebx"}
_PLACE_KEYS = (b"location", b"gps", b"latitude")
_FACTS = {b"\xa9mak": "made by", b"\xa9mod": "camera", b"\xa9swr": "program", b"\xa9nam": "title", b"\xa9ART": "author"}
_SAMPLES_MAX = 2_000_000


def clean(block: Stretch, seen: Seen) -> Iterator[Patch]:
    """Give the patches of everything a file of boxes tells of a place. Raises Damaged, Stuck."""
    for box in boxes.inside(block):
        if box.kind == b"meta":
            yield from heif.clean_meta(block, box, seen)
        elif box.kind == b"brob":
            raise Stuck("its facts are compressed")
        elif box.kind == b"Exif":
            yield from heif.item_patches(box.inner, seen, is_xmp=False)
        elif box.kind == b"xml ":
            yield from cleaned(box.inner, xmp.clean, seen)
        else:
            yield from _box(block, box, seen, 0)


def _box(block: Stretch, box: Box, seen: Seen, depth: int) -> Iterator[Patch]:
    if depth > boxes.DEPTH_MAX:
        raise Damaged
    if box.kind in _NOTES:
        seen.place = True
        yield from box.freed()
    elif box.kind == b"uuid" and box.inner.size > 16 and box.inner.read(0, 16) == _XMP_UUID:  # noqa: PLR2004 - its name
        yield from cleaned(box.inner.within(16, box.inner.size - 16), xmp.clean, seen)
    elif box.kind == b"XMP_":
        yield from cleaned(box.inner, xmp.clean, seen)
    elif box.kind == b"meta":
        yield from _keyed(box, seen)
    elif box.kind == b"trak" and _tells_places(block, box):
        seen.place = True
        yield from _emptied(block, box, seen)
    elif box.kind in _INNER:
        for inner in boxes.inside(box.inner):
            yield from _box(block, inner, seen, depth + 1)
    elif box.kind in _FACTS and box.inner.size > 4:  # noqa: PLR2004 - length and language stand first
        seen.note(_FACTS[box.kind], box.inner.read(4, min(box.inner.size - 4, 200)).decode("utf-8", "replace"))


def _keyed(meta: Box, seen: Seen) -> Iterator[Patch]:
    """Apple's notes: a list of names, and values that go by the number of theirs. And those of iTunes, by four letters."""
    held = {box.kind: box for box in boxes.inside(meta.inner, boxes.meta_skip(meta.inner))}
    names = list(_names(held[b"keys"].inner)) if b"keys" in held else []
    if b"ilst" not in held:
        return
    for value in boxes.inside(held[b"ilst"].inner):
        number = int.from_bytes(value.kind, "big")
        name = names[number - 1] if 0 < number <= len(names) else None
        if value.kind == b"\xa9xyz" or (name and _is_place(name.read(0, name.size))):
            seen.place = True
            yield from value.freed()
            if name is not None:
                yield Patch(name.start, b"x" * name.size)


def _names(keys: Stretch) -> Iterator[Stretch]:
    at = 8
    for _ in range(min(keys.number(4, 4), 1000)):
        size = keys.number(at, 4)
        if size < 8:  # noqa: PLR2004 - its own head
            raise Damaged
        yield keys.within(at + 8, size - 8)
        at += size


def _is_place(name: bytes) -> bool:
    return any(word in name.lower() for word in _PLACE_KEYS)


def _tells_places(block: Stretch, track: Box) -> bool:
    """Whether a track is of a camera's sensors, or of words that name places."""
    described = boxes.find(track.inner, b"mdia", b"minf", b"stbl", b"stsd")
    if described is None or described.inner.size < 16:  # noqa: PLR2004 - a count and the head of the first
        return False
    kind = described.inner.read(12, 4)
    if kind in _SENSORS:
        return True
    if kind not in _TEXTS:
        return False
    if _is_place(described.inner.read(0, min(described.inner.size, 65_536))):
        return True
    samples = (one for _, one in zip(range(20), _samples(track), strict=False))
    return any(_is_place(block.within(at, size).read(0, min(size, 2048))) for at, size in samples)


def _emptied(block: Stretch, track: Box, seen: Seen) -> Iterator[Patch]:
    found = list(_runs(track, seen))
    if not found:
        raise Stuck("a camera's track of places is spread over it")
    for at, size in found:
        block.within(at, size)  # or it is damaged
        yield block.zeroed(at, size)
    yield Patch(track.at + 4, b"free")


def _runs(track: Box, seen: Seen) -> Iterator[tuple[int, int]]:
    """As `_samples`, those that lie one behind the other as one. Raises Damaged, Stuck."""
    begun, end = 0, 0
    for at, size in _samples(track):
        seen.emptied += 1
        if seen.emptied > _SAMPLES_MAX:
            raise Stuck("its tracks of places have too many pieces")
        if at != end:
            if end > begun:
                yield begun, end - begun
            begun = at
        end = at + size
    if end > begun:
        yield begun, end - begun


def _samples(track: Box) -> Iterator[tuple[int, int]]:
    """Where the pieces of a track stand, from where the film begins, and how long each is. Raises Damaged."""
    table = boxes.find(track.inner, b"mdia", b"minf", b"stbl")
    held = {box.kind: box.inner for box in boxes.inside(table.inner)} if table else {}
    chunks = held.get(b"stco") or held.get(b"co64")
    if chunks is None or b"stsz" not in held or b"stsc" not in held:
        return
    wide = 4 if b"stco" in held else 8
    sizes, runs = held[b"stsz"], held[b"stsc"]
    same, count = sizes.number(4, 4), sizes.number(8, 4)
    if count > _SAMPLES_MAX:
        raise Damaged
    table_bytes = b"" if same else sizes.read(12, 4 * count)
    steps = [(runs.number(8 + 12 * n, 4), runs.number(12 + 12 * n, 4)) for n in range(runs.number(4, 4))]
    sample = step = 0
    for chunk in range(1, chunks.number(4, 4) + 1):
        while step + 1 < len(steps) and steps[step + 1][0] <= chunk:
            step += 1
        at = chunks.number(8 + wide * (chunk - 1), wide)
        in_chunk = min(steps[step][1] if steps else 0, count - sample)
        if same:
            yield at, same * in_chunk
            sample += in_chunk
            continue
        for _ in range(in_chunk):
            size = int.from_bytes(table_bytes[4 * sample : 4 * sample + 4], "big")
            yield at, size
            at, sample = at + size, sample + 1
