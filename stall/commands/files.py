"""Files a person names: read if they are files, and refused in a sentence if they are anything that could keep us waiting."""

from __future__ import annotations

import stat
from pathlib import Path

from stall import disk
from stall.domain import shown
from stall.errors import Refused


def check_plain(path: Path) -> None:
    """Refuse what is no plain file before it is opened: a pipe or a device would keep us waiting for ever.

    Raises Refused `file-not-plain`, `file-unreadable`. A folder is left to who opens it.
    """
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from error
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise Refused(
            "file-not-plain",
            f"{shown.quoted(str(path))} is a pipe or a device, and no file. Save what it gives to a file, and give that.",
        )


def read(path: Path, most: int) -> bytes:
    """Read the first `most` bytes of a plain file. Raises Refused `file-not-plain`, `file-unreadable`."""
    check_plain(path)
    try:
        with path.open("rb") as file:
            return file.read(most)
    except OSError as error:
        raise unreadable(path, error) from error


def unreadable(path: Path, error: OSError | ValueError) -> Refused:
    """Say that a file cannot be read, and what the system says why."""
    if isinstance(error, PermissionError):
        return Refused(
            "file-unreadable",
            f"{shown.quoted(str(path))} cannot be read by the user {disk.whoami()}. Copy it to where that user may look, like /var/tmp.",
        )
    why = getattr(error, "strerror", None) or "its name is none"
    return Refused("file-unreadable", f"{shown.quoted(str(path))} cannot be read ({why}). Check the name.")
