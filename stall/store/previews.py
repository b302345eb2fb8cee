"""The small pictures of a pack's files: where they lie, and the rows that say how large they are.

A file that anybody may see (`role: sample`) has two, both public. Every picture has one more, for whoever bought it: paid
goods stay paid goods, so these lie in a folder that no public address reaches. They are named by the file's SHA-256. Knows no
Pillow: `stall.flows.make_previews` makes them, in the process that imports.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from stall.store.db import Tx
from stall.store.schema import file_id

#: Folders of the data folder: of samples, and of what is bought.
PUBLIC, BOUGHT = "previews", "thumbs"
#: Longer sides in pixels: a sample to look at closely, the same in the strip of its page, and a picture in a buyer's list.
LARGE, SMALL, THUMB = 1280, 640, 360
#: What each of them may weigh (bytes).
LARGE_BYTES, SMALL_BYTES, THUMB_BYTES = 240_000, 60_000, 24_000
#: A cover on its own page, and among others: longer side in pixels, and bytes, so that a shop window opens at once on a crowded Wi-Fi.
COVER, TILE = 640, 480
COVER_BYTES, TILE_BYTES = 60_000, 32_000

Size = tuple[int, int]


class Wanted(NamedTuple):
    """A small picture to be made: its file, its longer side in pixels at most, and about how many bytes it may have."""

    out: Path
    side: int
    most_bytes: int = COVER_BYTES


@dataclass(frozen=True, slots=True)
class Pictures:
    """What was made for a pack: the accent of its cover as six hex digits, and the sizes of its pictures by place of their file."""

    accent: str | None = None
    sizes: Mapping[int, Size] | None = None


NO_PICTURES = Pictures()


def large(folder: Path, sha256: str) -> Path:
    """A sample as large as it is shown."""
    return folder / PUBLIC / f"{sha256}.jpg"


def small(folder: Path, sha256: str) -> Path:
    """The same, smaller, for a strip of several."""
    return folder / PUBLIC / f"{sha256}-{SMALL}.jpg"


def cover(folder: Path, sha256: str) -> Path:
    """The cover of a drop's own page."""
    return folder / "covers" / f"{sha256}.jpg"


def tile(folder: Path, sha256: str) -> Path:
    """The same, smaller, for a page that shows several; covers from before have none."""
    return folder / "covers" / f"{sha256}-{TILE}.jpg"


def thumb(folder: Path, sha256: str) -> Path:
    """A picture in the list of whoever bought it."""
    return folder / BOUGHT / f"{sha256}.jpg"


def of_file(folder: Path, sha256: str) -> list[Path]:
    """Everything that may have been drawn or cut from a file, its covers aside."""
    drawn = [large(folder, sha256), small(folder, sha256), thumb(folder, sha256)]
    return drawn + sorted((folder / PUBLIC).glob(f"{sha256}.*"))


def of_cover(folder: Path, sha256: str) -> list[Path]:
    """What was drawn of a cover."""
    return [cover(folder, sha256), tile(folder, sha256)]


def write(tx: Tx, pack: int, made: Pictures) -> None:
    """Note which files of a pack have a small picture, and the accent of its cover."""
    tx.conn.executemany(
        "UPDATE files SET preview_w = ?, preview_h = ? WHERE id = ?",
        ((wide, high, file_id(pack, n)) for n, (wide, high) in (made.sizes or {}).items()),
    )
    if made.accent is not None:
        tx.conn.execute("UPDATE packs SET accent = ? WHERE no = ?", (made.accent, pack))


def noted(tx: Tx, pack: int) -> Pictures:
    """What is noted of a pack."""
    rows = tx.conn.execute(
        "SELECT id, preview_w, preview_h FROM files WHERE id >= ? AND id < ? AND preview_w IS NOT NULL",
        (file_id(pack, 0), file_id(pack + 1, 0)),
    )
    sizes = {row[0] - file_id(pack, 0): (row[1], row[2]) for row in rows}
    return Pictures(tx.conn.execute("SELECT accent FROM packs WHERE no = ?", (pack,)).fetchone()[0], sizes)


def pack_of(tx: Tx, manifest_hash: str) -> int:
    """The number of the pack that was imported under a manifest."""
    return int(tx.conn.execute("SELECT no FROM packs WHERE manifest_hash = ?", (manifest_hash,)).fetchone()[0])
