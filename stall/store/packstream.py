"""A pack that arrives byte by byte, from a pipe or a slow stick: read once, from front to end, never sought in.

Container, manifest and signature are judged before the first file's bytes are given out, each file's SHA-256 as it passes. What
only the end of a pack tells, its list of files, is judged at the end: until then nobody may show what arrived. Memory stays
bounded whatever the pack claims. Knows no SQL and trusts no creator, as `packfile`.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from stall.errors import Broken, Refused, WireError
from stall.store.packfile import CHUNK_BYTES, Arriving, manifest_text
from stall.wire import pack, zipstore
from stall.wire.delegation import Delegation
from stall.wire.manifest import File, Manifest
from stall.wire.zipstore import Entry


@dataclass
class PackStream:
    """A pack whose beginning is in order: its manifest is signed. Its files come one after the other."""

    manifest_token: str
    manifest: Manifest
    creator_did: str
    _source: _Source
    _first: Entry

    @property
    def total_bytes(self) -> int:
        """The size of all its files together."""
        return sum(file.size for file in self.manifest.files)

    def arriving(self) -> Iterator[Arriving]:
        """Give each file as it comes; take or skip it before asking for the next. Ends when the pack's end was judged too.

        Raises WireError with the codes of `wire.pack` and `wire.zipstore`; Broken `pack-unreadable`.
        """
        expected = {pack.entry_name(file.path): file for file in self.manifest.files}
        entries = [self._first]
        while zipstore.starts_entry(start := self._source.read_most(4)):
            entry = _header(self._source, start)
            pack.check_entry(entry, len(entries))
            file = _expected(expected, entry, entries)
            entries.append(entry)
            one = Arriving(file.path, file.size, file.sha256, entry, self._source.pieces)
            yield one
            one.skip()
        pack.match(self.manifest, entries[1:])
        tail = start + self._source.read_most(pack.TAIL_MAX_BYTES + 1 - len(start))
        if len(tail) > pack.TAIL_MAX_BYTES:
            raise WireError("pack-damaged", "The pack is damaged: too much stands behind its files. Copy it again.")
        zipstore.check_tail(tail, entries[-1].end, entries)


@contextlib.contextmanager
def open_stream(descriptor: int, delegations: Sequence[Delegation] = ()) -> Iterator[PackStream]:
    """Read the beginning of a pack from a file descriptor: container strict, manifest signed by the creator it names.

    Raises Refused `pack-terminal` when it is a keyboard; WireError with the codes of `wire.pack`, `wire.zipstore`, `wire.manifest`;
    Broken `pack-unreadable`.
    """
    if stat.S_ISCHR(os.fstat(descriptor).st_mode) and os.isatty(descriptor):
        raise nothing_comes()
    source = _Source(descriptor)
    start = source.read_most(zipstore.LOCAL_FIXED_BYTES)
    if not zipstore.starts_entry(start):
        raise WireError("pack-not-a-zip", "What comes in is not a pack. Send a file made by `stall pack build`.")
    first = _header(source, start)
    pack.check_entry(first, 0)
    raw = source.read(first.size)
    zipstore.check_crc(first, zlib.crc32(raw))
    token = manifest_text(raw)
    signer, trusted = pack.claimed_creator(token)
    yield PackStream(token, pack.verified(token, trusted, delegations), signer, source, first)


def nothing_comes() -> Refused:
    """Give the error for a keyboard, or nothing at all, where a pack should come in."""
    return Refused("pack-terminal", "No pack comes in. Give one: stall pack import - < night.stallpack")


def _header(source: _Source, start: bytes) -> Entry:
    """Read the rest of a local header that began with `start`."""
    at = source.at - len(start)
    fixed = start + source.read(zipstore.LOCAL_FIXED_BYTES - len(start))
    raw = fixed + source.read(zipstore.header_length(fixed) - len(fixed))
    return zipstore.parse_local(raw, at)


def _expected(expected: dict[str, File], entry: Entry, before: Sequence[Entry]) -> File:
    """The file of the manifest that an entry is: as `pack.match` does for all of them, here one by one before it is taken."""
    file = expected.pop(entry.name, None)
    if file is None:
        raise pack.unexpected(entry, before)
    pack.check_size(entry, file.path, file.size)
    return file


class _Source:
    """Reads a descriptor from front to end, and knows how far it is."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._buffers = memoryview(bytearray(CHUNK_BYTES)), memoryview(bytearray(CHUNK_BYTES))
        self.at = 0
        with contextlib.suppress(
            OSError, AttributeError
        ):  # Linux; a file, or a pipe that may not grow, is read as it is
            fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, CHUNK_BYTES)

    def _some(self, most: int) -> bytes:
        """Give what has come, a megabyte and `most` bytes at most; nothing at the end."""
        try:
            piece = os.read(self._descriptor, min(most, CHUNK_BYTES))
        except OSError as error:
            raise _unreadable(error) from error
        self.at += len(piece)
        return piece

    def read_most(self, size: int) -> bytes:
        """Give `size` bytes, fewer only at the end."""
        found = bytearray()
        while len(found) < size and (piece := self._some(size - len(found))):
            found += piece
        return bytes(found)

    def read(self, size: int) -> bytes:
        """Give exactly `size` bytes. Raises WireError `pack-truncated`."""
        found = self.read_most(size)
        if len(found) != size:
            raise _truncated()
        return found

    def pieces(self, size: int) -> Iterator[memoryview]:
        """Give exactly `size` bytes in pieces of a megabyte at most. A piece holds until the next but one is asked for."""
        left, turn = size, 0
        while left:
            room = self._buffers[turn][: min(left, CHUNK_BYTES)]
            filled = 0
            while filled < len(room):
                filled += self._into(room[filled:])
            turn, left = 1 - turn, left - filled
            yield room

    def _into(self, room: memoryview) -> int:
        try:
            count = os.readv(self._descriptor, [room])
        except OSError as error:
            raise _unreadable(error) from error
        if not count:
            raise _truncated()
        self.at += count
        return count


def _unreadable(error: OSError) -> Broken:
    return Broken("pack-unreadable", f"The pack that comes in cannot be read ({error.strerror}). Send it again.")


def _truncated() -> WireError:
    return WireError("pack-truncated", "The pack ends too early. Copy it again from the laptop.")
