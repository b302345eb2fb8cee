"""Make the small pictures of a pack's files, and find the accent of its cover. Outside the door: only the rows are written there.

A file that is no picture, a broken one or one too large to unpack gets none, and nothing fails for it. One picture is in memory
at a time.
"""

from __future__ import annotations

from pathlib import Path

from stall.domain import colour
from stall.store import previews
from stall.store.previews import Pictures, Size
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


def make_previews(folder: Path, signed: Manifest, cover: str | None, made: list[Path]) -> Pictures:
    """Make what is missing for the files of a pack, which lie in the box; `made` is told of each file before it is written.

    `cover` is the SHA-256 of a cover that was made. Raises the errors of `disk.whole_file`.
    """
    sizes: dict[int, Size] = {}
    for n, file in enumerate(signed.files):
        if is_picture(file):
            size = _pictures_of(folder, file, made)
            if size is not None:
                sizes[n] = size
    return Pictures(_accent(folder, cover), sizes)


def _pictures_of(folder: Path, file: File, made: list[Path]) -> Size | None:
    from stall.store.cover import Wanted, make_pictures, size_of  # noqa: PLC0415 - Pillow is loaded only while importing

    wanted = [Wanted(previews.thumb(folder, file.sha256), previews.THUMB, previews.THUMB_BYTES)]
    if file.role == "sample":
        wanted.append(Wanted(previews.large(folder, file.sha256), previews.LARGE, previews.LARGE_BYTES))
        wanted.append(Wanted(previews.small(folder, file.sha256), previews.SMALL, previews.SMALL_BYTES))
    missing = [one for one in wanted if not one.out.exists()]
    made += [one.out for one in missing]
    if missing and make_pictures(folder / "files" / file.sha256, missing) is None:
        return None
    return size_of(max(wanted, key=lambda one: one.side).out)


def _accent(folder: Path, cover: str | None) -> str | None:
    if cover is None:
        return None
    from stall.store.cover import accent  # noqa: PLC0415 - as above

    found = accent(folder / "covers" / f"{cover}.jpg")
    return None if found is None else colour.text(found)
