"""What a file is, for its maker to see before it is signed: pixels, length, titles, pages. Says nothing of what it cannot read.

Pillow and tinytag are loaded with the first picture or piece of music.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from typing import BinaryIO

from stall.creator.media import boxes
from stall.creator.media.stretch import Damaged, Seen, Stretch

PREVIEW_PIXELS_MAX = 80_000_000
"""A box draws no small picture of a larger one."""

_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "AVIF")
_DRAWN = ("JPEG", "PNG", "WEBP", "GIF", "TIFF")
_SOUNDS = (".mp3", ".m4a", ".m4b", ".flac", ".ogg", ".opus", ".oga", ".wav", ".aif", ".aiff", ".wma")
_PDF_MAX = 32 * 1024 * 1024
_TOLD, _LIST = re.compile(rb"[^>]+"), re.compile(rb"/Type\s*/Pages\b")
_COUNT = re.compile(rb"/Count\s+(\d{1,6})\b")


def of_picture(file: BinaryIO, seen: Seen) -> str | None:
    """Note a picture's pixels. Gives why a box will draw no small one of it, or None."""
    from PIL import Image, UnidentifiedImageError  # noqa: PLC0415 - only while there are pictures

    file.seek(0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of large or broken pictures: what they come to is said below
            with Image.open(file, formats=_FORMATS) as picture:
                kind, (width, height) = picture.format, picture.size
    except Image.DecompressionBombError:
        return "it has more than 80 megapixels"
    except UnidentifiedImageError:
        return _unread(file)
    except (OSError, ValueError, SyntaxError, EOFError):
        return "it is damaged"
    if seen.orientation in {5, 6, 7, 8}:
        width, height = height, width
    seen.facts["pixels"] = f"{width} × {height}"
    if width * height > PREVIEW_PIXELS_MAX:
        return "it has more than 80 megapixels"
    return None if kind in _DRAWN else f"it is {kind}"


def _unread(file: BinaryIO) -> str:
    """Say what a picture is that is not read here."""
    file.seek(0)
    head = file.read(256)
    if head[4:8] == b"ftyp":
        return "it is HEIC"
    if b"<svg" in head or b"<?xml" in head:
        return "it is SVG"
    return "it is no picture that can be read"


def of_sound(file: BinaryIO, name: str, seen: Seen) -> None:
    """Note title, artist, album, track, length, bit rate and whether a cover lies in a piece of music."""
    if not name.casefold().endswith(_SOUNDS):
        return
    from tinytag import TinyTag, TinyTagException  # noqa: PLC0415 - only while there is music

    file.seek(0)
    try:
        tag = TinyTag.get(name, file_obj=file, image=True)
    except (TinyTagException, OSError, ValueError, KeyError, IndexError, ArithmeticError, UnicodeError):
        return
    for fact, words in (("title", tag.title), ("artist", tag.artist), ("album", tag.album)):
        seen.note(fact, str(words or ""))
    if tag.track:
        seen.note("track", str(tag.track))
    if tag.duration:
        seen.note("length", clock(tag.duration))
    if tag.bitrate:
        seen.note("bit rate", f"{tag.bitrate:.0f} kbit/s")
    if tag.images.any is not None:
        seen.note("cover inside", "yes")


def of_film(block: Stretch, seen: Seen) -> None:
    """Note length and pixels of an MP4 or MOV."""
    try:
        moov = boxes.find(block, b"moov")
        if moov is None:
            return
        for box in boxes.inside(moov.inner):
            if box.kind == b"mvhd":
                _note_length(box.inner, seen)
            elif box.kind == b"trak":
                _note_size(box.inner, seen)
    except Damaged:
        return


def _note_length(header: Stretch, seen: Seen) -> None:
    wide, at = (8, 20) if header.number(0, 1) else (4, 12)
    scale, length = header.number(at, 4), header.number(at + 4, wide)
    if scale and length != 256**wide - 1:
        seen.note("length", clock(length / scale))


def _note_size(track: Stretch, seen: Seen) -> None:
    header = boxes.find(track, b"tkhd")
    if header is not None and header.inner.size >= 84:  # noqa: PLR2004 - of its shorter version
        size = header.inner.size
        width, height = header.inner.number(size - 8, 4) >> 16, header.inner.number(size - 4, 4) >> 16
        if width and height:
            seen.note("pixels", f"{width} × {height}")


def of_pdf(file: BinaryIO, size: int, seen: Seen) -> None:
    """Note the pages of a PDF whose list of pages stands there in the clear."""
    if size <= _PDF_MAX:
        file.seek(0)
        counts = list(_counts(file.read(size)))
        if counts:
            seen.note("pages", "1 page" if max(counts) == 1 else f"{max(counts)} pages")


def _counts(data: bytes) -> Iterator[int]:
    for one in _TOLD.finditer(data):  # piece by piece: a pattern over all of it would take for ever with a hostile file
        if b"/Pages" in one[0] and _LIST.search(one[0]):
            yield from (int(found[1]) for found in _COUNT.finditer(one[0]))


def clock(seconds: float) -> str:
    """Write a length as people do: 3:05, or 1:03:05."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
