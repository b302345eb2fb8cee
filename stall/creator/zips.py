"""The papers in a ZIP, read one after the other and never more than `Bounds` allow. Nothing of them is written to the disk.

A few hundred kilobytes can unpack to more than a machine has; what a ZIP says of its own sizes is read first.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from stall.creator import papers
from stall.domain import shown
from stall.errors import Refused

MARK = b"PK"
"""How every ZIP begins."""

MOST_PAPERS = 250
MOST_BYTES = 32 * 1024 * 1024
_DAY = (1980, 1, 1, 0, 0, 0)
_MOST_DIRECTORY = 1024 * 1024
_END, _END_MARK, _MOST_COMMENT = struct.Struct("<4s4H2LH"), b"PK\x05\x06", 65_535
_LOCATOR_BYTES, _LOCATOR_MARK = 20, b"PK\x06\x07"
_ENDINGS = (".jws", ".json", ".tlog-proof", ".pdf", ".png")
#: What a ZIP of papers holds to help people read it (docs/protocol.md 9.3); nothing in it is signed.
HELPS = frozenset({"README.txt", "verify.html"})
_PLAIN = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # the others fail in ways of their own, or eat memory


@dataclass(frozen=True)
class Bounds:
    """How much a ZIP may hold: papers, their bytes, and bytes of the list at its end."""

    papers: int = MOST_PAPERS
    bytes: int = MOST_BYTES

    @property
    def directory(self) -> int:
        """As long as names of some length make it."""
        return max(_MOST_DIRECTORY, self.papers * 512)


def read(path: Path, name: str, bounds: Bounds = Bounds()) -> Iterator[tuple[str, bytes | None]]:
    """Give what a ZIP holds, called `name` to people: each entry's name and bytes, None for what is no paper by its name.

    Folders are passed over. Raises Refused `verify-unknown` where it cannot be unpacked or holds no papers,
    `verify-zip-too-large`.
    """
    try:
        with path.open("rb") as file:
            if _directory_bytes(file) > bounds.directory:
                raise _too_large(name, bounds)
            with zipfile.ZipFile(file) as opened:
                yield from _entries(opened, name, bounds)
    except (zipfile.BadZipFile, OSError, EOFError, ValueError, RuntimeError, zlib.error) as error:
        raise Refused("verify-unknown", f"{shown.quoted(name)} cannot be unpacked. Copy it again.") from error


def write(file: BinaryIO, entries: Iterable[tuple[str, str]]) -> None:
    """Write texts under their names, stored, the same bytes every time."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as made:
        for name, text in entries:
            made.writestr(zipfile.ZipInfo(name, _DAY), text)


def _entries(opened: zipfile.ZipFile, name: str, bounds: Bounds) -> Iterator[tuple[str, bytes | None]]:
    held = [entry for entry in opened.infolist() if not (entry.filename.endswith("/") and entry.file_size == 0)]
    wanted = [entry for entry in held if entry.filename.endswith(_ENDINGS) and entry.compress_type in _PLAIN]
    if not wanted:
        raise Refused(
            "verify-unknown", f"{shown.quoted(name)} holds no papers of a stall. Give the ZIP as it was downloaded."
        )
    if (
        len(wanted) > bounds.papers
        or sum(min(entry.file_size, papers.MOST_BYTES + 1) for entry in wanted) > bounds.bytes
    ):
        raise _too_large(name, bounds)
    papers_in = {id(entry) for entry in wanted}
    for entry in held:
        if id(entry) not in papers_in:
            yield entry.filename, None
            continue
        with opened.open(entry) as inner:  # gives no more than the size that was counted
            yield entry.filename, inner.read(papers.MOST_BYTES + 1)


def _directory_bytes(file: BinaryIO) -> int:
    """Read how long the list at the end is; as too long counts one whose length stands elsewhere (ZIP64)."""
    size = file.seek(0, 2)
    file.seek(max(0, size - _END.size - _MOST_COMMENT - _LOCATOR_BYTES))
    tail = file.read()
    file.seek(0)
    at = len(tail) - _END.size
    if at < 0 or not tail[at:].startswith(_END_MARK):
        at = tail.rfind(_END_MARK)
    if at < 0 or len(tail) < at + _END.size:
        raise zipfile.BadZipFile
    if tail[max(0, at - _LOCATOR_BYTES) : at].startswith(_LOCATOR_MARK):
        return 1 << 32
    return int(_END.unpack_from(tail, at)[5])


def _too_large(name: str, bounds: Bounds) -> Refused:
    return Refused(
        "verify-zip-too-large",
        f"{shown.quoted(name)} holds more than {bounds.papers} papers, or more than {bounds.bytes >> 20} MiB of them. Unpack it,"
        " and give the papers you want checked.",
    )
