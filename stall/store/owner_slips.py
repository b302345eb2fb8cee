"""Owner codes between being drawn for paper and lying printed in somebody's hand: a file each, of mode 0600, beside the database.

Never in the database: its write-ahead log and every backup of it would keep what was erased. A file is named for the did its code makes,
is overwritten before it is removed, and is no part of a backup. Flash may keep an old copy of a block all the same; a disk that leaves
the house is to be wiped.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

from stall import disk
from stall.errors import StallError
from stall.wire import jws, ownercode

FOLDER = "owner-codes"
_MODE, _FOLDER_MODE = 0o600, 0o700


def keep(box: Path, did: str, code: bytes) -> None:
    """Keep the code of a did until it is printed, on the disk before this returns. Raises the errors of `disk.whole_file`."""
    folder = box / FOLDER
    with disk.sentences(folder):
        if not folder.is_dir():
            folder.mkdir(_FOLDER_MODE)
            disk.sync_folder(box)
        # Not written beside its place and renamed: what a power cut leaves of that has no name to be erased by.
        descriptor = os.open(_path(box, did), os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, _MODE)
        try:
            disk.give_to_owner_of(box, descriptor)
            os.write(descriptor, code)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        disk.sync_folder(folder)


def find(box: Path, did: str | None) -> bytes | None:
    """The code kept for a did; None for none, and where only part of it was written."""
    if did is None:
        return None
    try:
        code = _path(box, did).read_bytes()
    except OSError:
        return None
    return code if len(code) == ownercode.CODE_BYTES and ownercode.key_of(code).did == did else None


def erase(box: Path, did: str | None) -> bool:
    """Overwrite and remove the code kept for a did; False where there is none."""
    return did is not None and _erase(_path(box, did))


def erase_others(box: Path, dids: Collection[str] = ()) -> int:
    """Overwrite and remove what is kept for any other did than these; return how many."""
    wanted = {_path(box, did).name for did in dids}
    try:
        found = [path for path in (box / FOLDER).iterdir() if path.name not in wanted]
    except FileNotFoundError:
        return 0
    return sum(map(_erase, found))


def _erase(path: Path) -> bool:
    try:
        with disk.sentences(path), path.open("r+b") as file:
            file.write(bytes(max(os.fstat(file.fileno()).st_size, 1)))
            file.flush()
            os.fsync(file.fileno())
    except StallError:
        if not path.exists():
            return False  # somebody else erased it
    path.unlink(missing_ok=True)  # a disk too full or too broken to overwrite it may still forget it
    disk.sync_folder(path.parent)
    return True


def _path(box: Path, did: str) -> Path:
    return box / FOLDER / f"{jws.token_hash(did)[:22]}.code"
