"""Files that are there whole or not at all: written beside their place, forced to the disk, then renamed.

What the disk answers is turned into sentences here, once. Imports nothing of ours but the errors.
"""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from stall.errors import Broken, Refused, StallError

LEFTOVER = ".part"  # how an unfinished file ends, so that the next start can clear it away

_FULL = {errno.ENOSPC, errno.EDQUOT}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}


@contextlib.contextmanager
def whole_file(target: Path, mode: int = 0o644) -> Iterator[BinaryIO]:
    """Give a file to write; it becomes `target`, with permissions `mode`, when the block ends well.

    After any error nothing is left behind and an older `target` is as it was. Raises Refused `disk-full`,
    `disk-file-too-large`, `disk-not-writable`, `disk-no-folder`; Broken `disk-failed`. Errors of reading something else
    inside the block are the caller's to turn into its own.
    """
    with sentences(target):
        descriptor, name = tempfile.mkstemp(LEFTOVER, f".{target.name[:40]}.", target.parent)
        unfinished = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                yield file
                file.flush()
                os.fsync(descriptor)
            unfinished.chmod(mode)
            unfinished.replace(target)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
        sync_folder(target.parent)


@contextlib.contextmanager
def sentences(path: Path) -> Iterator[None]:
    """Turn what the disk answers while `path` is written into a sentence (errors as `whole_file`)."""
    try:
        yield
    except OSError as error:
        raise explained(error, path) from error


def explained(error: OSError, path: Path) -> StallError:
    """Give the error to raise when writing `path` failed with `error`."""
    if error.errno in _FULL:
        return Refused("disk-full", f"The disk is full: “{path}” could not be written. Free some space and try again.")
    if error.errno == errno.EFBIG:
        return Refused("disk-file-too-large", f"This disk cannot hold a file as large as “{path}”. Use another disk.")
    if error.errno in _FORBIDDEN:
        return Refused(
            "disk-not-writable",
            f"“{path}” may not be written here by the user {whoami()}. Choose another folder, like /var/tmp.",
        )
    if error.errno in {errno.ENOENT, errno.ENOTDIR}:
        return Refused("disk-no-folder", f"The folder of “{path}” does not exist. Make it first.")
    reason = error.strerror or str(error)
    return Broken("disk-failed", f"“{path}” could not be written ({reason}). Check the disk, then try again.")


def whoami() -> str:
    """The name of the user we are: on the appliance root's commands run as the stall's, who may not look into anybody's home."""
    try:
        import pwd  # noqa: PLC0415 - creators work where there is none

        return pwd.getpwuid(os.geteuid()).pw_name
    except (ImportError, KeyError, AttributeError):
        return "that you are"


def give_to_owner_of(beside: Path, descriptor: int) -> None:
    """Let a file that root made belong to whoever owns `beside`, as SQLite does with the files next to a database.

    Otherwise one command run with sudo would leave behind what the stall's own user cannot read. Raises OSError.
    """
    if os.geteuid() == 0:
        owner = beside.stat()
        os.fchown(descriptor, owner.st_uid, owner.st_gid)


def sync_folder(folder: Path) -> None:
    """Force a folder's list of names to the disk, so that a rename survives a power cut.

    Windows cannot open a folder for this and keeps renames itself.
    """
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def clear_leftovers(folder: Path) -> int:
    """Remove what a power cut left unfinished in `folder`, and say how many files that were.

    Only for the one process that writes there: another's file in the making looks the same.
    """
    found = [path for path in folder.glob(f".*{LEFTOVER}") if path.is_file()]
    for path in found:
        path.unlink(missing_ok=True)
    return len(found)
