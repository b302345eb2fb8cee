"""How long a song or a film lasts, read from its own bytes without any tool; and where in it a taste begins.

Reads what strangers made: a few headers, never more than a bound, and answers None for whatever it does not know. Sources: ISO/IEC
14496-12 8.2.2 (MP4), RFC 9639 8.2 (FLAC), RFC 3533 6 and RFC 7845 4 (Ogg, Opus), RFC 9559 5.1.2 (Matroska, WebM).
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import NamedTuple

#: Gives so many bytes from an offset; fewer at the end.
Read = Callable[[int, int], bytes]

#: A taste lasts so long at most, and never more than its share of the whole; below the least it is none (s).
MOST_S, SHARE, LEAST_S = 30.0, 1 / 3, 5.0
#: A recording longer than this is not one (s).
_LONGEST_S = 48 * 3600
_ATOMS, _LOOKED_AT = 200, 64 * 1024


class Span(NamedTuple):
    """A stretch of a recording: from where, and how long (s)."""

    start_s: float
    length_s: float


def taste(length_s: float, size: int, most_bytes: int) -> Span | None:
    """The stretch to taste of a recording of a length (s) and size (bytes); None where it would be too short, or too large."""
    if not LEAST_S <= length_s <= _LONGEST_S or size <= 0:
        return None
    wanted = min(MOST_S, length_s * SHARE, most_bytes / (size / length_s))
    return None if wanted < LEAST_S else Span(length_s * SHARE, wanted)  # past the beginning, which is often quiet


def length(read: Read, size: int) -> float | None:
    """How long a recording of `size` bytes lasts (s), if it is MP4, FLAC, Ogg or WebM and says so."""
    head = read(0, 64)
    found: float | None = None
    if head[4:8] == b"ftyp":
        found = _mp4(read, 0, size, _ATOMS)
    elif head.startswith(b"fLaC"):
        found = _flac(head)
    elif head.startswith(b"OggS"):
        found = _ogg(head, read(max(0, size - _LOOKED_AT), _LOOKED_AT))
    elif head.startswith(b"\x1a\x45\xdf\xa3"):
        found = _webm(read(0, _LOOKED_AT))
    return found if found is not None and 0 < found <= _LONGEST_S else None


def _mp4(read: Read, at: int, end: int, left: int) -> float | None:
    """Walk the boxes to `moov`, and in it to `mvhd`."""
    while at + 8 <= end and left > 0:
        left -= 1
        head = read(at, 16)
        if len(head) < 8:  # noqa: PLR2004 - size and kind
            return None
        size, kind = struct.unpack_from(">L4s", head)
        body = at + 8
        if size == 1 and len(head) == 16:  # noqa: PLR2004 - with a wide size
            size, body = struct.unpack_from(">Q", head, 8)[0], at + 16
        elif size == 0:
            size = end - at
        if size < body - at:
            return None
        if kind == b"moov":
            return _mp4(read, body, min(end, at + size), left)
        if kind == b"mvhd":
            return _mvhd(read(body, 32))
        at += size
    return None


def _mvhd(raw: bytes) -> float | None:
    if len(raw) < 32:  # noqa: PLR2004 - as long as either kind needs
        return None
    scale, units = struct.unpack_from(">LQ", raw, 20) if raw[0] == 1 else struct.unpack_from(">LL", raw, 12)
    return units / scale if scale else None


def _flac(head: bytes) -> float | None:
    if len(head) < 26 or head[4] & 0x7F:  # noqa: PLR2004 - STREAMINFO comes first
        return None
    packed = int.from_bytes(head[18:26], "big")
    rate, samples = packed >> 44, packed & 0xF_FFFF_FFFF
    return samples / rate if rate else None


def _ogg(head: bytes, tail: bytes) -> float | None:
    last = tail.rfind(b"OggS")
    if last < 0 or len(tail) < last + 14:
        return None
    (granule,) = struct.unpack_from("<q", tail, last + 6)
    if head[28:36] == b"OpusHead":
        return float(granule) / 48_000
    if head[28:35] == b"\x01vorbis" and len(head) >= 44:  # noqa: PLR2004 - up to the end of its rate
        (rate,) = struct.unpack_from("<L", head, 40)
        return granule / rate if rate else None
    return None


def _webm(head: bytes) -> float | None:
    """Duration, a float in units of TimestampScale (nanoseconds, a million where it is not given)."""
    scale = 1_000_000
    at = head.find(b"\x2a\xd7\xb1\x83")
    if at >= 0:
        scale = int.from_bytes(head[at + 4 : at + 7], "big")
    for mark, form, size in ((b"\x44\x89\x88", ">d", 8), (b"\x44\x89\x84", ">f", 4)):
        at = head.find(mark)
        if at >= 0 and len(head) >= at + 3 + size:
            return float(struct.unpack_from(form, head, at + 3)[0]) * scale / 1e9
    return None
