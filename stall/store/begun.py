"""Imports that were begun: which files in the box belong to one that was cut off, so that the next goes on from there.

Before the first file of a pack is stored, its signed manifest is laid into `imports/`. It names every file that may follow, so
nothing has to be noted while they come, and whatever is cut in between, what is there is known. A file bears its name in `files/`
only after its bytes were the signed ones and lay on the disk: what has it is whole. The manifest goes when the rows are written.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from stall import disk
from stall.errors import StallError
from stall.store import previews
from stall.wire import jws, manifest
from stall.wire.manifest import Manifest

FOLDER = "imports"
#: Folders of a box that imports fill.
FILLED = ("files", "zips", "covers", previews.PUBLIC, previews.BOUGHT, FOLDER)
#: How long the files of an import that was cut off are kept for the next (s).
KEPT_S = 7 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Begun:
    """An import that was begun and not finished: its note, what it is of, the key of its ZIP, and when it was last worked on (s UTC)."""

    path: Path
    signed: Manifest
    zip_key: str
    at_s: float


def note_of(folder: Path, token: str) -> Path:
    """Where an import of a manifest is noted."""
    return folder / FOLDER / f"{jws.token_hash(token)}.jws"


def begin(folder: Path, token: str, zip_key: str, at_s: float, conn: sqlite3.Connection) -> Path:
    """Note that an import of a verified manifest begins, or goes on, at `at_s` (s UTC). Raises the errors of `disk.whole_file`.

    A ZIP that an earlier try made with another page goes: nobody has it yet.
    """
    note = note_of(folder, token)
    before = _read(note)
    if before is not None and before.zip_key not in {zip_key, *_keys(conn)}:
        _zip(folder, before.zip_key).unlink(missing_ok=True)
    with disk.whole_file(note, 0o600) as file:
        file.write(f"{token}\n{zip_key}\n".encode("ascii"))
    os.utime(note, (at_s, at_s))
    return note


def all_begun(folder: Path) -> list[Begun]:
    """Every import that was begun and not finished."""
    found = (_read(path) for path in sorted((folder / FOLDER).glob("*.jws")))
    return [one for one in found if one is not None]


def _read(note: Path) -> Begun | None:
    try:
        token, zip_key = note.read_text("ascii").split()
        signed = manifest.parse(jws.unverified_claims(token))  # it was verified before it was noted
        return Begun(note, signed, zip_key, note.stat().st_mtime)
    except (StallError, OSError, ValueError):  # of a damaged disk; its files are as lost as it is
        return None


def forget(folder: Path, conn: sqlite3.Connection, *, but: Path | None = None, before_s: float | None = None) -> int:
    """Take away what imports left that were begun and not finished; say how many bytes that were.

    All `but` one; those last worked on before `before_s` (s UTC), or any. Only while no import runs (`locks.own_name`).
    """
    old = [one for one in _others(folder, but) if before_s is None or one.at_s < before_s]
    return sum(take_away(folder, conn, one.path) for one in old)


def take_away(folder: Path, conn: sqlite3.Connection, note: Path, stored: Collection[str] | None = None) -> int:
    """Take away the files of one import, or those of them in `stored` (SHA-256), unless they belong to a pack or another import.

    Its note goes with them, unless something stays of it. Says how many bytes that were.
    """
    one = _read(note)
    if one is None:
        return 0
    named = {file.sha256 for file in one.signed.files}
    spared = {sha256 for (sha256,) in conn.execute("SELECT DISTINCT sha256 FROM files")}
    spared |= {file.sha256 for other in _others(folder, note) for file in other.signed.files}
    freed = 0
    for path in _made(folder, conn, (named if stored is None else named & set(stored)) - spared):
        freed += _gone(path)
    if stored is None or not any((folder / "files" / sha256).exists() for sha256 in named):
        if one.zip_key not in _keys(conn):
            freed += _gone(_zip(folder, one.zip_key))
        note.unlink(missing_ok=True)
    return freed


def _others(folder: Path, but: Path | None) -> list[Begun]:
    return [one for one in all_begun(folder) if one.path != but]


def _made(folder: Path, conn: sqlite3.Connection, files: Collection[str]) -> Iterator[Path]:
    """What lies in the box of these files: they themselves, and what was drawn and cut from them."""
    products = {cover for (cover,) in conn.execute("SELECT cover FROM products WHERE cover IS NOT NULL")}
    for sha256 in files:
        yield folder / "files" / sha256
        yield from previews.of_file(folder, sha256)
        if sha256 not in products:
            yield from previews.of_cover(folder, sha256)


def _keys(conn: sqlite3.Connection) -> set[str]:
    return {key for (key,) in conn.execute("SELECT zip_key FROM packs")}


def _zip(folder: Path, key: str) -> Path:
    return folder / "zips" / f"{key}.zip"


def _gone(path: Path) -> int:
    """Take a file away; say how many bytes it had."""
    try:
        size = path.stat().st_size
        path.unlink()
    except OSError:
        return 0
    return size


def too_old(now_s: float) -> float:
    """The moment (s UTC) before which an import that was cut off counts as given up."""
    return now_s - KEPT_S
