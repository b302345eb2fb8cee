"""Where a box's database lies and how far it had come, kept beside it: so a copy is recognised, and an old image.

`stall.place` (JSON, 0600) names the board, the file system and the inode of `stall.sqlite`, and the newest
checkpoint that was signed. It is written after the COMMIT of what it speaks of, so it may be behind the database and
never ahead. The database file is only looked at from outside: opening it here would drop SQLite's locks (ADR 16).
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

import msgspec

from stall import disk
from stall.errors import Broken, StallError
from stall.store import board
from stall.wire import b64, strict_json
from stall.wire.merkle import HASH_BYTES

FILE = "stall.place"
DATABASE = "stall.sqlite"
_EPOCH_BYTES = 16


@dataclass(frozen=True, slots=True)
class Place:
    """Where a database lies: board ("" where it tells no serial), file system and inode, in decimal digits."""

    board: str
    filesystem: str
    inode: str


@dataclass(frozen=True, slots=True)
class Witness:
    """The newest checkpoint signed here: `epoch` as documents write it, `root` of `size` events in base64url."""

    epoch: str
    size: int
    root: str

    @classmethod
    def of(cls, epoch: bytes, size: int, root: bytes) -> Witness:
        """Write down a checkpoint."""
        return cls(b64.encode(epoch), size, b64.encode(root))


@dataclass(frozen=True, slots=True)
class Kept:
    """What `stall.place` says."""

    place: Place
    witness: Witness


def here(folder: Path, database: str = DATABASE) -> Place:
    """Look where the database of a data folder lies now. Raises OSError when it is not there."""
    file = folder / database
    return Place(board.serial(), str(os.statvfs(file).f_fsid), str(file.stat().st_ino))


def read(folder: Path) -> Kept | None:
    """Read `stall.place`; None when it is missing or no such file, which counts as moved.

    Raises Broken `place-not-a-file` for a folder of that name: it could never be replaced, and every start would begin
    a new epoch.
    """
    if (folder / FILE).is_dir():
        raise Broken(
            "place-not-a-file",
            f"{folder / FILE} is a folder, and the stall keeps a file there. Move it away, then start the stall again.",
        )
    try:
        kept = msgspec.convert(strict_json.loads((folder / FILE).read_bytes()), Kept)
        epoch, root = b64.decode(kept.witness.epoch), b64.decode(kept.witness.root)
    except (OSError, StallError, msgspec.ValidationError):
        return None
    sound = len(epoch) == _EPOCH_BYTES and len(root) == HASH_BYTES and kept.witness.size >= 0
    return kept if sound else None


def keep(folder: Path, kept: Kept) -> None:
    """Write `stall.place`, whole or not at all. Raises what `disk.whole_file` raises."""
    with disk.whole_file(folder / FILE, 0o600) as file:
        disk.give_to_owner_of(folder, file.fileno())
        file.write(json.dumps(asdict(kept)).encode() + b"\n")
