"""MP4 and MOV that begin to play while they still load: the list of where everything stands, put in front of it.

Only the list moves, so everything behind it stands further on by its length, and each place in it is that much larger. Nothing
is encoded or thrown away, and every machine makes the same bytes. Reads; gives a recipe.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from stall.creator.media import boxes
from stall.creator.media.boxes import Box
from stall.creator.media.stretch import BLOCK_MAX, Damaged, Stretch
from stall.creator.recipe import Patch, Piece, pieces

_WAY = {b"trak", b"mdia", b"minf", b"stbl"}
_MOST_PLACE = 2**32 - 1


def is_film(block: Stretch) -> bool:
    """Whether a file is built of boxes, as MP4 and MOV are."""
    return block.size >= 8 and block.read(4, 4) in {b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"}  # noqa: PLR2004 - the head of a box


def is_fast(block: Stretch) -> bool:
    """Whether the list stands in front of what it lists. Raises Damaged where there is none."""
    kinds = [box.kind for box in boxes.inside(block) if box.kind in {b"moov", b"mdat"}]
    if b"moov" not in kinds:
        raise Damaged
    return kinds[0] == b"moov"


def moved(block: Stretch, patches: Sequence[Patch]) -> list[Piece] | None:
    """Give the recipe of a film whose list stands in front, with joined `patches` in place.

    None where it cannot be moved so: it is larger than 64 MiB, compressed, in parts, or its places would outgrow their numbers.
    Raises Damaged.
    """
    top = list(boxes.inside(block))
    lists = [box for box in top if box.kind == b"moov"]
    if len(lists) != 1 or any(box.kind in {b"moof", b"mfra", b"sidx"} for box in top):
        return None
    moov = lists[0]
    front = next((box.at + box.size for box in top if box.kind == b"ftyp"), 0)
    if moov.size > BLOCK_MAX or moov.at < front or block.number(moov.at, 4) == 0:
        return None
    made = _shifted(block, moov, patches, front)
    if made is None:
        return None
    behind = moov.at + moov.size
    return [
        *pieces(patches, 0, front),
        made,
        *pieces(patches, front, moov.at),
        *pieces(patches, behind, block.size),
    ]


def _shifted(block: Stretch, moov: Box, patches: Sequence[Patch], front: int) -> bytes | None:
    """The list with its places moved on; None where one does not fit into its number."""
    made = bytearray(block.read(moov.at, moov.size))
    for patch in patches:
        if moov.at <= patch.at and patch.end <= moov.at + moov.size:
            made[patch.at - moov.at : patch.end - moov.at] = bytes(patch.data)
    for kind, table in _tables(moov.inner, 0):
        if kind == b"cmov":
            return None
        wide = 4 if kind == b"stco" else 8
        count = table.number(4, 4)
        at = table.start - moov.at + 8
        table.within(8, count * wide)  # or it is damaged
        for place in range(at, at + count * wide, wide):
            number = int.from_bytes(made[place : place + wide], "big")
            if front <= number < moov.at:
                number += moov.size
            if wide == 4 and number > _MOST_PLACE:  # noqa: PLR2004 - the short kind of table
                return None
            made[place : place + wide] = number.to_bytes(wide, "big")
    return bytes(made)


def _tables(inner: Stretch, depth: int) -> Iterator[tuple[bytes, Stretch]]:
    if depth > boxes.DEPTH_MAX:
        raise Damaged
    for box in boxes.inside(inner):
        if box.kind in {b"stco", b"co64", b"cmov"}:
            yield box.kind, box.inner
        elif box.kind in _WAY:
            yield from _tables(box.inner, depth + 1)
