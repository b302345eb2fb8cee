"""HEIC and AVIF: pictures whose EXIF and XMP are items, which a table leads to."""

from __future__ import annotations

from collections.abc import Iterator

from stall.creator.media import boxes, tiff, xmp
from stall.creator.media.boxes import Box
from stall.creator.media.stretch import Damaged, Seen, Stretch, Stuck, cleaned
from stall.creator.recipe import Patch

_XMP_TYPE = b"application/rdf+xml"


def clean_meta(block: Stretch, meta: Box, seen: Seen) -> Iterator[Patch]:
    """Give the patches of the items that a `meta` box at the top of the file names. Raises Damaged, Stuck."""
    held = {box.kind: box for box in boxes.inside(meta.inner, boxes.meta_skip(meta.inner))}
    if b"iinf" not in held or b"iloc" not in held:
        return
    wanted = dict(_items(held[b"iinf"].inner))
    if b"iprp" in held:
        _note_pixels(held[b"iprp"].inner, seen)
    for number, method, extents in _places(held[b"iloc"].inner):
        if number not in wanted:
            continue
        source = held[b"idat"].inner if method == 1 and b"idat" in held else block
        if len(extents) != 1 or method > 1:
            raise Stuck("its facts lie in pieces")
        yield from item_patches(source.within(*extents[0]), seen, is_xmp=wanted[number])


def item_patches(item: Stretch, seen: Seen, *, is_xmp: bool) -> Iterator[Patch]:
    """Give the patches of one item, EXIF or XMP. Raises Damaged, Stuck."""
    if is_xmp:
        yield from cleaned(item, xmp.clean, seen)
        return
    skip = 4 + item.number(0, 4)
    try:
        yield from tiff.clean(item.within(skip, item.size - skip), seen)
    except Damaged:
        return


def _items(table: Stretch) -> Iterator[tuple[int, bool]]:
    """The numbers of the items that are EXIF or, with True, XMP."""
    skip = 6 if table.number(0, 1) == 0 else 8
    for box in boxes.inside(table, skip):
        entry = box.inner
        if box.kind != b"infe" or entry.number(0, 1) < 2:  # noqa: PLR2004 - older entries have no kind
            continue
        wide = 2 if entry.number(0, 1) == 2 else 4  # noqa: PLR2004 - the entry's version
        number, kind = entry.number(4, wide), entry.read(6 + wide, 4)
        if kind == b"Exif":
            yield number, False
        elif kind == b"mime" and _XMP_TYPE in entry.read(10 + wide, entry.size - 10 - wide):
            yield number, True


def _places(table: Stretch) -> Iterator[tuple[int, int, list[tuple[int, int]]]]:
    """The items: number, how their place is counted, and where their pieces begin and how long they are."""
    version, at = table.number(0, 1), 6
    offset_size, length_size = divmod(table.number(4, 1), 16)
    base_size, index_size = divmod(table.number(5, 1), 16)
    wide = 2 if version < 2 else 4  # noqa: PLR2004 - the table's version

    def take(size: int) -> int:
        nonlocal at
        at += size
        return table.number(at - size, size) if size else 0

    for _ in range(take(wide)):
        number = take(wide)
        method = take(2) & 15 if version else 0
        take(2)
        base, extents = take(base_size), []
        for _ in range(take(2)):
            if version:
                take(index_size)
            offset, length = take(offset_size), take(length_size)
            extents.append((base + offset, length))
        yield number, method, extents


def _note_pixels(properties: Stretch, seen: Seen) -> None:
    shared = boxes.find(properties, b"ipco")
    sizes = [box.inner for box in boxes.inside(shared.inner) if box.kind == b"ispe"] if shared else []
    largest = max(((one.number(4, 4), one.number(8, 4)) for one in sizes), default=None)
    if largest:
        seen.note("pixels", f"{largest[0]} × {largest[1]}")
