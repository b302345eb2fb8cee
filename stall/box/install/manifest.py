"""What was installed: `/etc/stall/manifest.json`, and beside it in `before/` what stood in the same places.

By it an uninstall puts everything back byte for byte, and knows a file that somebody changed by hand.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from stall.box.config import places
from stall.box.install.machine import Machine
from stall.errors import Broken

BEFORE = "/etc/stall/before"


class Stood(msgspec.Struct, frozen=True):
    """What stood at a path: a file (`kept`: its copy in `before/`), a link, or nothing."""

    kind: str
    mode: int = 0
    uid: int = 0
    gid: int = 0
    link: str = ""
    sha256: str = ""
    kept: str = ""


class Entry(msgspec.Struct, frozen=True):
    """One path of ours. `edited`: the file is another's, and only a part of it is ours."""

    path: str
    kind: str
    mode: int
    sha256: str
    before: Stood
    edited: bool = False


class Manifest(msgspec.Struct, frozen=True):
    """All of it. `release` runs, `previous` ran before; `folders` were made for our files; `rivals` are units we switched off."""

    release: str = ""
    previous: str = ""
    entries: tuple[Entry, ...] = ()
    folders: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    rivals: tuple[str, ...] = ()

    def entry(self, path: str) -> Entry | None:
        """The entry of a path, or None."""
        return next((each for each in self.entries if each.path == path), None)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a path is to be: a file with `content`, or a link to `link`. `edited` as in Entry."""

    path: str
    mode: int = 0o644
    owner: str = "root"
    group: str = "root"
    content: bytes = field(default=b"", repr=False)
    link: str = ""
    edited: bool = False

    @property
    def sha256(self) -> str:
        """Of its bytes, or of where it leads."""
        return hashlib.sha256(self.link.encode() if self.link else self.content).hexdigest()


def read(machine: Machine) -> Manifest:
    """What was installed here; an empty one where nothing was. Raises Broken `manifest-unreadable`."""
    place = machine.at(places.MANIFEST)
    try:
        return msgspec.json.decode(place.read_bytes(), type=Manifest)
    except FileNotFoundError:
        return Manifest()
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Broken(
            "manifest-unreadable",
            f"{place} cannot be read ({error}). It says what was installed here; put it back from a copy, or run this as root.",
        ) from error


def encode(manifest: Manifest) -> bytes:
    """As it is written: for people too."""
    return (json.dumps(msgspec.to_builtins(manifest), indent=1) + "\n").encode()


def look(place: Path) -> Stood:
    """What stands at a path now. Raises OSError where it may not be read."""
    try:
        found = place.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return Stood("nothing")
    if stat.S_ISLNK(found.st_mode):
        link = os.readlink(place)  # noqa: PTH115 - as it is written there: a Path would tidy it
        return Stood(
            "link", uid=found.st_uid, gid=found.st_gid, link=link, sha256=hashlib.sha256(link.encode()).hexdigest()
        )
    if not stat.S_ISREG(found.st_mode):
        raise Broken("path-taken", f"{place} is no file. The stall needs this name; move away what is there.")
    digest = hashlib.sha256(place.read_bytes()).hexdigest()
    return Stood("file", stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid, sha256=digest)
