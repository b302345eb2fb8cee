"""PNG and WebP: named chunks one after the other, of which some hold EXIF or XMP."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator

from stall.creator.media import tiff, xmp
from stall.creator.media.stretch import BLOCK_MAX, Damaged, Seen, Stretch, Stuck, cleaned, whole
from stall.creator.recipe import Patch

PNG = b"\x89PNG\r\n\x1a\n"
_PACKED_PLACE = re.compile(rb"gps|latitude|longitude|photoshop:(?:city|state|country)|iptc4xmp", re.IGNORECASE)
_PLACE_KEY = re.compile(rb"^location$|gps|latitude|longitude", re.IGNORECASE)
_PACKED_MAX = 16 * 1024 * 1024
_XMP_KEY = b"XML:com.adobe.xmp\0"
_OLD_KEY = b"Raw profile type "


def clean_png(block: Stretch, seen: Seen) -> Iterator[Patch]:
    """Give the patches of a PNG; a chunk's checksum follows its bytes. Raises Damaged, Stuck."""
    at, ended = len(PNG), False
    while at + 12 <= block.size:
        size, kind = block.number(at, 4), block.read(at + 4, 4)
        if ended and at + 8 + size > block.size:  # something else lies there
            return
        ended = ended or kind == b"IEND"
        inner = block.within(at + 8, size)
        if kind == b"IHDR":
            seen.note("pixels", f"{inner.number(0, 4)} × {inner.number(4, 4)}")
        if kind in _PNG:  # also behind the end of the picture, where some look for them
            patches = list(_PNG[kind](inner, seen))
            yield from patches
            if patches:
                data = bytearray(kind + inner.read(0, size))
                for patch in patches:
                    start = patch.at - inner.start + 4
                    data[start : start + patch.size] = bytes(patch.data)
                yield Patch(inner.start + size, zlib.crc32(data).to_bytes(4, "big"))
        at += 12 + size


def _exif(inner: Stretch, seen: Seen) -> Iterator[Patch]:
    skip = 6 if inner.size > 6 and inner.read(0, 5) == b"Exif\0" else 0  # noqa: PLR2004 - some write JPEG's head too
    try:
        yield from tiff.clean(inner.within(skip, inner.size - skip), seen)
    except Damaged:
        return


def _text(inner: Stretch, seen: Seen) -> Iterator[Patch]:
    data = whole(inner).data
    if not data.startswith(_XMP_KEY):
        yield from _old(inner, seen)
        return
    packed = data[len(_XMP_KEY) : len(_XMP_KEY) + 2]
    words_at = data.find(b"\0", data.find(b"\0", len(_XMP_KEY) + 2) + 1) + 1
    if not words_at:
        return
    if packed[:1] == b"\0":
        yield from cleaned(inner.within(words_at, inner.size - words_at), xmp.clean, seen)
    elif _PACKED_PLACE.search(_unpacked(data[words_at:])):
        seen.place = True
        raise Stuck("its XMP is compressed")


def _packed_exif(inner: Stretch, seen: Seen) -> Iterator[Patch]:
    """EXIF as it was compressed before `eXIf` was agreed on: a zero, the length, then the bytes."""
    if _says_place(_unpacked(inner.read(5, inner.size - 5))):
        seen.place = True
        raise Stuck("its EXIF is compressed")
    return iter(())


def _old(inner: Stretch, seen: Seen) -> Iterator[Patch]:
    """What programs wrote as text: a place by its name, or the bytes of EXIF, IPTC or XMP as digits, compressed or not."""
    data = whole(inner).data if inner.size <= BLOCK_MAX else b""
    key, _, rest = data.partition(b"\0")
    if _PLACE_KEY.search(key):
        seen.place = True
        raise Stuck("it stands there as text")
    if data.startswith(_OLD_KEY):
        words = rest if rest[:1] != b"\0" else _unpacked(rest[1:])
        if rest[:2] == b"\1\0":  # of an iTXt: compressed, then language and translated key
            words = _unpacked(rest[2:].split(b"\0", 2)[-1])
        kept = bytes.fromhex("".join(re.findall(r"[0-9A-Fa-f]{2}", words.decode("latin-1").split("\n", 3)[-1])))
        if _says_place(kept):
            seen.place = True
            raise Stuck("an old program wrote it as text")
    return iter(())


def _says_place(kept: bytes) -> bool:
    import io  # noqa: PLC0415 - seldom needed

    if _PACKED_PLACE.search(kept):
        return True
    told = Seen()
    start = 6 if kept.startswith(b"Exif\0") else 0
    try:
        list(tiff.clean(Stretch(io.BytesIO(kept[start:]), 0, len(kept) - start), told))
    except (Damaged, Stuck):
        return told.place
    return told.place


def _unpacked(data: bytes) -> bytes:
    """Unpack some megabytes at most. Raises Stuck where there is more."""
    unpacker = zlib.decompressobj()
    try:
        made = unpacker.decompress(data, _PACKED_MAX)
    except zlib.error:
        return b""
    if unpacker.unconsumed_tail:
        raise Stuck("what is compressed in it unpacks to too much")
    return made


_PNG = {b"eXIf": _exif, b"zxIf": _packed_exif, b"iTXt": _text, b"zTXt": _old, b"tEXt": _old}


def clean_webp(block: Stretch, seen: Seen) -> Iterator[Patch]:
    """Give the patches of a WebP. Raises Damaged, Stuck."""
    at = 12
    while at + 8 <= block.size:
        kind, size = block.read(at, 4), block.number(at + 4, 4, "little")
        inner = block.within(at + 8, size)
        if kind == b"EXIF":
            yield from _exif(inner, seen)
        elif kind == b"XMP ":
            yield from cleaned(inner, xmp.clean, seen)
        at += 8 + size + size % 2
