"""How large a cover is, read from its JPEG header, so that a page keeps the room before the picture comes."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

#: What a page assumes of a cover it cannot read: square.
SQUARE = (640, 640)
_HEAD_BYTES = 64 * 1024
_FRAMES = frozenset({0xC0, 0xC1, 0xC2, 0xC3})  # start of frame: baseline, extended, progressive, lossless


@lru_cache(maxsize=256)
def size_of(folder: Path, sha256: str) -> tuple[int, int]:
    """Width and height in pixels of a cover of the data folder; `SQUARE` when its header tells nothing."""
    try:
        with (folder / "covers" / f"{sha256}.jpg").open("rb") as file:
            return _size(file.read(_HEAD_BYTES)) or SQUARE
    except OSError:
        return SQUARE


def _size(head: bytes) -> tuple[int, int] | None:
    """Walk the segments of a JPEG (ITU-T T.81, B.1) to the one that states its size."""
    at = 2
    while head[:2] == b"\xff\xd8" and at + 9 <= len(head) and head[at] == 0xFF:  # noqa: PLR2004 - every marker begins so
        if head[at + 1] in _FRAMES:
            width, height = int.from_bytes(head[at + 7 : at + 9]), int.from_bytes(head[at + 5 : at + 7])
            return (width, height) if width and height else None
        at += 2 + max(2, int.from_bytes(head[at + 2 : at + 4]))
    return None
