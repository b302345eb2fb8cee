"""Make the small pictures of a pack's files, and find the accent of its cover. Outside the door: only the rows are written there.

A file that is no picture, a broken one or one too large to unpack gets none, and nothing fails for it. They are drawn apart, one at a
time (`store.painter`).
"""

from __future__ import annotations

from pathlib import Path

from stall.domain import colour
from stall.store import previews
from stall.store.painter import Painter
from stall.store.previews import Pictures, Size, Wanted
from stall.wire.manifest import File, Manifest

#: Room on the disk that the pictures of one file may take (bytes): of a sample, and of another.
ROOM_OF_SAMPLE, ROOM_OF_OTHER = 400_000, 30_000
_NO_PIXELS = "image/svg+xml"


def room_for(signed: Manifest) -> int:
    """About how many bytes the pictures of a pack take."""
    shown = [file for file in signed.files if is_picture(file)]
    return sum(ROOM_OF_SAMPLE if file.role == "sample" else ROOM_OF_OTHER for file in shown)


def is_picture(file: File) -> bool:
    """Whether a file says that it is a picture made of pixels."""
    return file.type.startswith("image/") and file.type != _NO_PIXELS


def make_previews(folder: Path, signed: Manifest, cover: str | None, painter: Painter) -> Pictures:
    """Make what is missing for the files of a pack, which lie in the box.

    `cover` is the SHA-256 of a cover that was made.
    """
    sizes: dict[int, Size] = {}
    for n, file in enumerate(signed.files):
        if is_picture(file):
            size = _pictures_of(folder, file, painter)
            if size is not None:
                sizes[n] = size
    return Pictures(_accent(folder, cover, painter), sizes)


def make_cover(folder: Path, signed: Manifest, painter: Painter) -> str | None:
    """The signed cover as small pictures, named by the original's hash; None when there is none to show."""
    digest = signed.drop.cover_sha256
    if digest is None or all(file.sha256 != digest for file in signed.files):
        return None
    wanted = (
        Wanted(previews.cover(folder, digest), previews.COVER, previews.COVER_BYTES),
        Wanted(previews.tile(folder, digest), previews.TILE, previews.TILE_BYTES),
    )
    missing = [one for one in wanted if not one.out.exists()]
    if missing and painter.make(folder / "files" / digest, missing) is None:
        return None
    return digest


def _pictures_of(folder: Path, file: File, painter: Painter) -> Size | None:
    wanted = [Wanted(previews.thumb(folder, file.sha256), previews.THUMB, previews.THUMB_BYTES)]
    if file.role == "sample":
        wanted.append(Wanted(previews.large(folder, file.sha256), previews.LARGE, previews.LARGE_BYTES))
        wanted.append(Wanted(previews.small(folder, file.sha256), previews.SMALL, previews.SMALL_BYTES))
    missing = [one for one in wanted if not one.out.exists()]
    if missing and painter.make(folder / "files" / file.sha256, missing) is None:
        return None
    return painter.size_of(max(wanted, key=lambda one: one.side).out)


def _accent(folder: Path, cover: str | None, painter: Painter) -> str | None:
    found = None if cover is None else painter.accent(previews.cover(folder, cover))
    return None if found is None else colour.text(found)
