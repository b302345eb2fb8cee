"""IPTC fields and the blocks of Photoshop they lie in. Fields of places are left out, the rest moves up, zeros follow."""

from __future__ import annotations

import hashlib

from stall.creator.media import xmp
from stall.creator.media.stretch import Damaged, Seen

HEAD = b"Photoshop 3.0\0"
_MARK = 0x1C
_PLACES = {26, 27, 90, 92, 95, 100, 101}  # of record 2: content location, city, sublocation, state, country
_FACTS = {80: "author", 116: "copyright", 5: "title"}
_IPTC, _XMP, _DIGEST = 0x0404, 0x0424, 0x0425
_EXTENDED = 0x8000


def clean(data: bytes, seen: Seen) -> bytes:
    """Give IPTC fields without places, as long as before. What is not built as fields are stays as it is."""
    kept, at = bytearray(), 0
    while at + 5 <= len(data) and data[at] == _MARK:
        record, field, size = data[at + 1], data[at + 2], int.from_bytes(data[at + 3 : at + 5], "big")
        end = at + 5 + size
        if size & _EXTENDED or end > len(data):
            break
        words = data[at + 5 : end].decode("utf-8", "replace")
        if record == 2 and field in _PLACES:  # noqa: PLR2004 - the application record
            seen.place = seen.place or bool(words.strip())
        else:
            kept += data[at:end]
            if record == 2 and field in _FACTS:  # noqa: PLR2004 - the same
                seen.note(_FACTS[field], words)
        at = end
    rest = data[at:]
    return bytes(kept) + rest + bytes(len(data) - len(kept) - len(rest))


def clean_blocks(data: bytes, seen: Seen) -> bytes:
    """Give Photoshop's blocks without places, as long as before. Raises Stuck."""
    made, at = bytearray(data), 0
    digest, fields = None, None
    try:
        while data[at : at + 4] == b"8BIM":
            kind, start, size = _block(data, at)
            content = data[start : start + size]
            if kind == _IPTC:
                fields = clean(content, seen)
                made[start : start + size] = fields
            elif kind == _XMP:
                made[start : start + size] = xmp.clean(content, seen)
            elif kind == _DIGEST and size == 16:  # noqa: PLR2004 - MD5
                digest = (start, content)
            at = start + size + size % 2
    except Damaged:
        return bytes(made)
    if digest and fields is not None and digest[1] != bytes(16):
        made[digest[0] : digest[0] + 16] = hashlib.md5(fields, usedforsecurity=False).digest()
    return bytes(made)


def _block(data: bytes, at: int) -> tuple[int, int, int]:
    """The number of a block, where its content begins, and how long that is."""
    if at + 7 > len(data):
        raise Damaged
    kind, name = int.from_bytes(data[at + 4 : at + 6], "big"), data[at + 6]
    size_at = at + 6 + name + 1 + (name + 1) % 2
    size = int.from_bytes(data[size_at : size_at + 4], "big")
    start = size_at + 4
    if start + size > len(data):
        raise Damaged
    return kind, start, size
