"""Where a picture or film was made, taken out of it: which kind a file is by its bytes, and what is left to look for.

Whatever is found and cannot be taken out in place is refused. What stands in a file in the clear and was found by nobody
is found while its bytes go by.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from stall.creator.media import chunks, film, iptc, jpeg, tiff, xmp
from stall.creator.media.stretch import Damaged, Seen, Stretch, Stuck, cleaned
from stall.creator.recipe import Patch, joined
from stall.errors import Refused

RAW = {b"FUJIFILMCCD-RAW": "a Fujifilm raw file", b"FOVb": "a Sigma raw file", b"\0MRM": "a Minolta raw file"}
_LEFT = (
    b"GPSLatitude",
    b"GPSLongitude",
    b"GpsLatitude",
    b"com.apple.quicktime.location.ISO6709",
    b"RECORDING_LOCATION",
    b"freeGPS ",  # what dashcams write beside the picture
    b"\x45\xa3\x88LOCATION",  # the name of a note in Matroska and WebM
)
_COMMON = (b"GPSL", b"GpsL", b"freeGPS ", b"LOCATION", b".location.")
_MOST_LEFT = max(map(len, _LEFT))
_CHUNK = 1024 * 1024
_EXIF, _EXIF_HEAD, _EXIF_MAX = b"Exif\0", 6, 65_536


@dataclass(frozen=True)
class Looked:
    """What was found in a file: what it says, and the patches without which it says where it was made."""

    seen: Seen
    patches: tuple[Patch, ...]
    stuck: str | None = None


def look(file: BinaryIO, size: int, media_type: str) -> Looked:
    """Look through a file. Reads what describes it, not what it shows. Raises OSError."""
    seen = Seen()
    block = Stretch(file, 0, size)
    try:
        return Looked(seen, joined(_patches(block, media_type, seen)))
    except Damaged:
        return Looked(seen, (), "it is damaged" if seen.place else None)
    except Stuck as stuck:
        return Looked(seen, (), str(stuck))
    except RecursionError:
        return Looked(seen, (), "it is nested too deeply")


def stuck(path: str, why: str) -> Refused:
    """Give the error for a place that cannot be taken out."""
    return Refused(
        "location-stuck",
        f"“{path}” may say where it was made, and that cannot be taken out here ({why}). Save it anew without its metadata, or"
        " keep it with --keep-gps.",
    )


def _patches(block: Stretch, media_type: str, seen: Seen) -> Iterator[Patch]:
    head = block.read(0, min(32, block.size))
    for mark, name in RAW.items():
        if head.startswith(mark):
            raise Stuck(f"it is {name}")
    if head.startswith(jpeg.MARK):
        yield from _jpegs(block, seen)
    elif head.startswith(chunks.PNG):
        yield from chunks.clean_png(block, seen)
    elif head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        yield from chunks.clean_webp(block, seen)
    elif head[:4] in tiff.MARKS:
        yield from tiff.clean(block, seen)
    elif head[:4] == b"8BPS":
        yield from _photoshop(block, seen)
    elif _is_boxes(head):
        if head[8:12] == b"crx ":
            raise Stuck("it is a Canon raw file")
        yield from film.clean(block, seen)
    elif media_type == "application/rdf+xml":
        yield from cleaned(block, xmp.clean, seen)


def _is_boxes(head: bytes) -> bool:
    return head[4:8] in {b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"JXL ", b"jP  "}


def _jpegs(block: Stretch, seen: Seen) -> Iterator[Patch]:
    """A JPEG, and the pictures and the film that phones put behind its end."""
    at = 0
    while at < block.size:
        for one in jpeg.clean(block, seen, at):
            if isinstance(one, int):
                at = one
            else:
                yield one
        at = _next_picture(block, at)
        if at < block.size and block.read(at, 2) != jpeg.MARK[:2]:
            yield from film.clean(block.within(at, block.size - at), seen)
            return


def _next_picture(block: Stretch, at: int) -> int:
    """Where behind `at` the next JPEG or film begins; the end of the block where there is none."""
    while at < block.size:
        data = block.read(at, min(_CHUNK, block.size - at))
        found = data.find(jpeg.MARK)
        boxed = data.find(b"ftyp")
        if boxed >= 4 and (found < 0 or boxed < found):  # noqa: PLR2004 - a box's size stands before its kind
            return at + boxed - 4
        if found >= 0:
            return at + found
        if at + len(data) == block.size:
            break
        at += len(data) - 8
    return block.size


def _photoshop(block: Stretch, seen: Seen) -> Iterator[Patch]:
    seen.note("pixels", f"{block.number(18, 4)} × {block.number(14, 4)}")
    at = 30 + block.number(26, 4)
    yield from cleaned(block.within(at + 4, block.number(at, 4)), iptc.clean_blocks, seen)


class Watch:
    """Looks at the bytes of a picture, film or song as they go by, for what nobody found in it: names of places in the clear,

    and EXIF that leads to one, as of a cover inside a song or of a small picture inside a picture. `end` when all went by.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._tail = b""
        self._exif = b""  # from the head of an EXIF on that has not come whole, or the last bytes

    def __call__(self, chunk: bytes) -> None:
        """Look at the next bytes. Raises Refused `location-stuck`."""
        if _stands_in(self._tail + chunk[:_MOST_LEFT]) or _stands_in(chunk):
            raise stuck(self._path, "it stands where it is not looked for")
        self._tail = (self._tail + chunk)[-_MOST_LEFT:] if len(chunk) < _MOST_LEFT else chunk[-_MOST_LEFT:]
        self._look_for_exif(self._exif + chunk, whole=False)

    def end(self) -> None:
        """Look at what came last. Raises Refused `location-stuck`."""
        self._look_for_exif(self._exif, whole=True)

    def _look_for_exif(self, data: bytes, *, whole: bool) -> None:
        at = data.find(_EXIF)
        while at >= 0 and (whole or at + _EXIF_HEAD + _EXIF_MAX <= len(data)):
            begins = at + _EXIF_HEAD
            if data[begins : begins + 4] in tiff.MARKS and _leads_to_place(data[begins : begins + _EXIF_MAX]):
                raise stuck(self._path, "a picture within it says so")
            at = data.find(_EXIF, at + 1)
        self._exif = data[at:] if at >= 0 else data[-_EXIF_HEAD:]


def _leads_to_place(exif: bytes) -> bool:
    told = Seen()
    with contextlib.suppress(Damaged, Stuck, RecursionError):
        list(tiff.clean(Stretch(io.BytesIO(exif), 0, len(exif)), told))
    return told.place


def _stands_in(data: bytes) -> bool:
    """Whether one of the names stands there; most often what they have in common does not, which is quicker to see."""
    return any(part in data for part in _COMMON) and any(name in data for name in _LEFT)
