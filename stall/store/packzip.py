"""The ZIP that buyers get of a pack: manifest, the page that proves it, then the files, stored.

Where each of them begins follows from the manifest alone. So the bytes are put in their places in any order and without being hashed:
written by this process while a file is being stored, copied by the kernel where it is in the box already. Headers and directory, which
need each file's CRC-32, come last. The same manifest and page give the same bytes everywhere, so its name (`wire.pack.zip_key`) is known
before the first of them.
"""

from __future__ import annotations

import errno
import os
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from stall.errors import Broken
from stall.store.packfile import CHUNK_BYTES
from stall.wire import pack, zipstore

PAGE = Path(__file__).resolve().parents[1] / "static" / pack.PAGE_NAME

#: What a kernel or file system answers that cannot copy from file to file by itself.
_CANNOT = {errno.EXDEV, errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP, errno.EPERM, errno.EBADF}


class Plan:
    """Where everything stands in the ZIP of a pack: `files` as (path, size in bytes), in the manifest's order."""

    def __init__(self, manifest_token: str, page: bytes, files: Sequence[tuple[str, int]]) -> None:
        """Nothing is read or written. Raises LocalWireError `zip-name`."""
        self._token, self._page, self._files = manifest_token.encode("ascii"), page, files
        self.key = pack.zip_key(manifest_token, page)
        writer = zipstore.Writer()
        self._headers(writer, {})
        self.places = {entry.name: entry.data_at for entry in writer.entries}
        self.size = writer.offset + len(writer.tail())

    def _headers(self, writer: zipstore.Writer, crcs: Mapping[str, int]) -> list[bytes]:
        paper, page = self._token, self._page
        first = [writer.header(pack.MANIFEST_NAME, len(paper), zlib.crc32(paper))]
        first.append(writer.header(pack.PAGE_NAME, len(page), zlib.crc32(page)))
        return first + [writer.header(path, size, crcs.get(path, 0)) for path, size in self._files]

    def finish(self, target: int, crcs: Mapping[str, int]) -> None:
        """Write what stands between and behind the files into the descriptor `target`; `crcs` is the CRC-32 of each path."""
        writer = zipstore.Writer()
        headers = self._headers(writer, crcs)
        ours = dict(zip((pack.MANIFEST_NAME, pack.PAGE_NAME), (self._token, self._page), strict=True))
        for header, entry in zip(headers, writer.entries, strict=True):
            write(target, header + ours.get(entry.name, b""), entry.header_at)
        write(target, writer.tail(), writer.offset)


def page() -> bytes:
    """The page that proves what is in the ZIP, as this release has it. Raises Broken `verify-page-missing`."""
    try:
        return PAGE.read_bytes()
    except OSError as error:
        raise Broken(
            "verify-page-missing", f"“{PAGE.name}”, which goes into every ZIP, is missing here. Install the stall anew."
        ) from error


def crc_of(source: int, size: int, path: Path) -> int:
    """The CRC-32 of the `size` bytes in the descriptor `source`. Raises Broken `pack-unreadable`."""
    crc = 0
    for piece in _pieces(source, 0, size, path):
        crc = zlib.crc32(piece, crc)
    return crc


def copy(source: int, at: int, target: int, to: int, count: int) -> None:
    """Copy `count` bytes between descriptors, by the kernel where it can, else by way of this process.

    Raises OSError, as the disk answers.
    """
    by_kernel = getattr(os, "copy_file_range", None)  # Linux
    while count and by_kernel is not None:
        try:
            done = by_kernel(source, target, count, at, to)
        except OSError as error:
            if error.errno not in _CANNOT:
                raise
            break
        if not done:
            break
        at, to, count = at + done, to + done, count - done
    for piece in _pieces(source, at, count, None):
        write(target, piece, to)
        to += len(piece)


def _pieces(source: int, at: int, count: int, path: Path | None) -> Iterator[bytes]:
    end = at + count
    while at < end:
        try:
            piece = os.pread(source, min(CHUNK_BYTES, end - at), at)
        except OSError as error:
            if path is None:
                raise
            raise Broken(
                "pack-unreadable", f"“{path}” cannot be read ({error.strerror}). Check the disk or copy it again."
            ) from error
        if not piece:
            raise OSError(errno.EIO, "it became shorter while it was read")
        yield piece
        at += len(piece)


def write(target: int, data: bytes | memoryview, at: int) -> None:
    """Write all of `data` at an offset of the descriptor `target`. Raises OSError, as the disk answers."""
    view = memoryview(data)
    while view:
        done = os.pwrite(target, view, at)
        view, at = view[done:], at + done
