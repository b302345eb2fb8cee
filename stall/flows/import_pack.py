"""Import a pack: verify it, copy its files under their hashes, build the buyer's ZIP, make the pictures, then write the rows.

The files go first, outside the door; the rows come last, in one transaction. Whatever fails before
that leaves the catalogue as it was and takes its new files away again.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from stall import disk
from stall.errors import Refused
from stall.flows.make_previews import make_previews, room_for
from stall.flows.record_pack import Prepared, catch_up, check_version, record_pack, trusted_manifest
from stall.store import documents, locks, previews
from stall.store.box import Box
from stall.store.damage import OutcomeUnknown
from stall.store.packfile import PackFile, build_zip, open_pack
from stall.wire.manifest import Manifest

OnBytes = Callable[[int], None]

#: Folders of a box that imports fill.
KEPT = ("files", "zips", "covers", previews.PUBLIC, previews.BOUGHT)


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import came to; `new` is False when this very pack was here already."""

    drop_id: str
    title: str
    ver: int
    files: int
    bytes: int
    new: bool


def import_pack(box: Box, path: Path, on_bytes: OnBytes | None = None) -> Imported:
    """Import the pack at `path`. `on_bytes` hears of bytes read, twice the pack's size in all.

    Raises what `open_pack`, `trusted_manifest`, `check_version` and `record_pack` raise, and
    Refused `disk-too-small`, `already-running`.
    """
    with _alone(box.folder), open_pack(path, delegations=documents.delegations(box.db.read())) as pack:
        signed, token = pack.manifest, pack.manifest_token
        trusted_manifest(box.db.read(), token)
        done = Imported(signed.drop.id, signed.drop.title, signed.ver, len(signed.files), pack.total_bytes, new=True)
        with box.db.transaction() as tx:
            new = check_version(tx, signed, token)
        if not new:
            _catch_up(box, signed, token)
            return replace(done, new=False)
        _check_space(box, pack)
        with _taken_back_on_failure() as made:
            prepared = _prepare(box.folder, pack, made, on_bytes)
            with box.db.transaction() as tx:
                if check_version(tx, signed, token):
                    record_pack(tx, signed, token, prepared, box.settings.cur)
    return done


@contextmanager
def _taken_back_on_failure() -> Iterator[list[Path]]:
    """Give a list for the files that are made; whatever fails, they are taken away again."""
    made: list[Path] = []
    try:
        yield made
    except OutcomeUnknown:  # the rows may stand: then their files are needed
        raise
    except BaseException:
        for file in made:
            file.unlink(missing_ok=True)
        raise


def _catch_up(box: Box, signed: Manifest, token: str) -> None:
    """Make the pictures that a pack lacks which is here already: it came before there were any, or they were lost."""
    with _taken_back_on_failure() as made:
        drawn = make_previews(box.folder, signed, _cover(box.folder, signed, made), made)
        with box.db.transaction() as tx:
            catch_up(tx, signed, token, drawn)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Let one import run at a time, and clear away what a power cut left of an earlier one."""
    held = locks.own_name(folder, "import")
    try:
        for name in KEPT:
            (folder / name).mkdir(mode=0o700, exist_ok=True)  # a box from before has not all of them
            disk.clear_leftovers(folder / name)
        for unfinished in (folder / "zips").glob("building-*.zip"):
            unfinished.unlink(missing_ok=True)
        yield
    finally:
        held.release()


def _check_space(box: Box, pack: PackFile) -> None:
    """Files and ZIP are both kept, so a pack needs twice its size and room for its pictures, beside what selling needs."""
    needed = 2 * pack.total_bytes + room_for(pack.manifest) + box.room.kept_back
    free = shutil.disk_usage(box.folder).free
    if free < needed:
        raise Refused(
            "disk-too-small",
            f"The pack needs {needed // 1_000_000} MB on the box and {free // 1_000_000} MB are free. Free some space, then import again.",
        )


def _prepare(folder: Path, pack: PackFile, made: list[Path], on_bytes: OnBytes | None) -> Prepared:
    sources = []
    for entry in pack.entries:
        target = folder / "files" / entry.sha256
        sources.append((entry.path, target))
        if target.exists():
            pack.check(entry, on_bytes)
        else:
            pack.copy_to(entry, target, on_bytes)
            made.append(target)
    building = folder / "zips" / f"building-{os.getpid()}.zip"
    made.append(building)
    zipped = build_zip(sources, pack.manifest_token, building, on_bytes)
    final = folder / "zips" / f"{zipped.sha256}.zip"
    if not final.exists():
        made.append(final)
    building.replace(final)
    disk.sync_folder(final.parent)  # before the rows that speak of it
    cover = _cover(folder, pack.manifest, made)
    pictures = make_previews(folder, pack.manifest, cover, made)
    return Prepared(cover, f"{pack.manifest.drop.id}.zip", zipped.size, zipped.sha256, pictures)


def _cover(folder: Path, signed: Manifest, made: list[Path]) -> str | None:
    """The signed cover as a small picture, named by the original's hash; None when there is none to show."""
    digest = signed.drop.cover_sha256
    if digest is None or all(file.sha256 != digest for file in signed.files):
        return None
    from stall.store.cover import Wanted, make_pictures  # Pillow is loaded only while importing

    wanted = (
        Wanted(previews.cover(folder, digest), previews.COVER, previews.COVER_BYTES),
        Wanted(previews.tile(folder, digest), previews.TILE, previews.TILE_BYTES),
    )
    missing = [one for one in wanted if not one.out.exists()]
    made += [one.out for one in missing]
    if missing and make_pictures(folder / "files" / digest, missing) is None:
        return None
    return digest
