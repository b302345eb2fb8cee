"""Opens what a power cut left with the real code, and judges it: is everything there that somebody was told?"""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
from dataclasses import replace
from pathlib import Path
from random import Random

from stall import app
from stall import settings as settings_file
from stall.errors import StallError
from stall.store import packfile, place
from stall.store.box import Box
from tests.faults import verdict
from tests.faults.power import images, making
from tests.faults.power.disk import Disk
from tests.faults.power.images import Image, Left
from tests.faults.power.told import Told

#: What mapped memory may look like on the disk after a cut: anything. SQLite must not believe it.
STALE_SHM = bytes(range(256)) * 128
STALE_SHM_CHANCE = 0.25


def judge_image(disk: Disk, told: Told, left: Left, rng: Random, folder: Path) -> list[str]:
    """Lay one image out in `folder`, which must not exist, open it, sell on, and take it away again if all was well.

    Gives a sentence for each thing that is not as somebody was told.
    """
    image = images.build(disk, left, rng)
    images.lay_out(image, folder)
    if "stall.sqlite" in image.contents:
        _stay(folder, image)
        if rng.random() < STALE_SHM_CHANCE:
            (folder / "stall.sqlite-shm").write_bytes(STALE_SHM)
    found = judge(folder, told)
    if not found:
        shutil.rmtree(folder)
    return found


def _stay(folder: Path, image: Image) -> None:
    """The image lies in another folder than the disk it is of: let `stall.place` say what it would say there."""
    kept = place.read(folder)
    if kept is not None and kept.place.inode == str(image.inodes[place.DATABASE]):
        place.keep(folder, replace(kept, place=place.here(folder)))


def judge(folder: Path, told: Told) -> list[str]:
    """Judge a folder after a cut: whole or not yet made, nothing missing that was told, and it sells on."""
    if not (folder / "stall.sqlite").exists():
        return ["The box somebody was told of is not there."] if told.made else _can_be_made(folder)
    try:
        box = app.open_box(folder)
    except StallError as error:
        return [f"The stall does not open: {error}"]
    try:
        found = verdict.judge_box(box, told.promised)
        (epochs,) = box.db.read().execute("SELECT count(*) FROM epochs").fetchone()
        if epochs != 1:
            found.append("The stall took its own database for another one after the cut, and froze its numbers.")
        found += [*_stocked(box, told), *_settings(folder, told), *_sells(box, told)]
    except (StallError, sqlite3.Error) as error:
        return [f"The stall cannot be read to its end: {error!r}"]
    finally:
        box.close()
    return found


def _can_be_made(folder: Path) -> list[str]:
    """A creation that was cut off before its end is simply done again."""
    try:
        app.create_box(folder, "Salt & Paper", pin=making.PIN)
    except StallError as error:
        return [f"The box cannot be made any more: {error}"]
    return []


def _settings(folder: Path, told: Told) -> list[str]:
    try:
        place = settings_file.load(folder).place
    except StallError as error:
        return [f"The settings cannot be read: {error}"]
    return [] if place in told.places else [f"The settings say {place!r} and should say one of {told.places}."]


def _stocked(box: Box, told: Told) -> list[str]:
    """Every drop somebody was told of is there and open, and every file a row speaks of is there as it was signed."""
    conn = box.db.read()
    rows = dict(conn.execute("SELECT drop_id, switched_on FROM drops").fetchall())
    found = [f"Drop {drop} was imported and is not there." for drop in told.imported - rows.keys()]
    found += [f"Drop {drop} was opened and is closed." for drop in told.opened if not rows.get(drop)]
    files = {(f"files/{sha}", sha) for (sha,) in conn.execute("SELECT sha256 FROM files")}
    zips = [f"zips/{key}.zip" for (key,) in conn.execute("SELECT zip_key FROM packs")]
    found += [f"{name} is for sale and is not there whole." for name in zips if not _is_zip(box, name)]
    found += [f"covers/{sha}.jpg is shown and is not whole." for sha in _covers(box) if not _is_picture(box, sha)]
    for name, sha in sorted(files):
        path = box.folder / name
        if not path.is_file():
            found.append(f"{name} is for sale and is not there.")
        elif hashlib.sha256(path.read_bytes()).hexdigest() != sha:
            found.append(f"{name} is for sale and is damaged.")
    return found


def _is_zip(box: Box, name: str) -> bool:
    try:
        with packfile.open_pack(box.folder / name, prefix="") as bought:
            for entry in bought.entries:
                bought.check(entry)
    except StallError:
        return False
    return True


def _covers(box: Box) -> list[str]:
    return [sha for (sha,) in box.db.read().execute("SELECT DISTINCT cover FROM packs WHERE cover IS NOT NULL")]


def _is_picture(box: Box, sha: str) -> bool:
    path = box.folder / "covers" / f"{sha}.jpg"
    data = path.read_bytes() if path.is_file() else b""
    return data.startswith(b"\xff\xd8") and data.endswith(b"\xff\xd9")


def _sells(box: Box, told: Told) -> list[str]:
    """What was open for sale sells on; what is sold now is kept like the rest."""
    if told.opened != making.PRICES.keys():
        return []
    found = verdict.sells_again(box.folder, told.promised)
    return found or verdict.judge_box(box, told.promised, audited=False)
