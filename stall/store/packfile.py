"""Packs as files on the box: reading a `.stallpack`, or the ZIP that buyers get of it (built by `packzip`).

Knows no SQL and trusts no creator: `open_pack` proves that a pack is exactly what the creator named in it signed;
whether this box trusts that creator, and whether the manifest is still for sale, is for the flow that imports it.
Memory stays bounded whatever the pack claims: one buffer of a megabyte and the manifest.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple

from stall.errors import Broken, Hostile, Refused, WireError
from stall.wire import pack, zipstore
from stall.wire.delegation import Delegation
from stall.wire.manifest import Manifest
from stall.wire.zipstore import Entry

CHUNK_BYTES = 1024 * 1024

Piece = bytes | memoryview

OnBytes = Callable[[int], None]  # told how many bytes went by since the last call


class PackEntry(NamedTuple):
    """One file of a pack: its path, size in bytes and SHA-256 (hex) as signed, and the ZIP's entry with its bytes."""

    path: str
    size: int
    sha256: str
    entry: Entry


@dataclass
class Arriving:
    """One file of a pack on its way: as signed, with its bytes to be taken once or skipped."""

    path: str
    size: int
    sha256: str
    entry: Entry
    _pieces: Callable[[int], Iterator[Piece]]
    _done: bool = False

    def take(self) -> Iterator[Piece]:
        """Give its bytes piece by piece; the last piece comes only when they are what was signed. A piece holds until the next.

        Raises Hostile `pack-changed-file` when they are not, WireError `pack-truncated`, `pack-damaged`, Broken `pack-unreadable`.
        """
        self._done = True
        digest, crc, done = hashlib.sha256(), 0, 0
        held: Piece = b""
        for piece in self._pieces(self.size):
            digest.update(piece)
            crc = zlib.crc32(piece, crc)
            done += len(piece)
            if done < self.size:
                yield piece
            else:
                held = piece
        if digest.hexdigest() != self.sha256:
            raise Hostile(
                "pack-changed-file",
                f"“{self.path}” in the pack is not what its creator signed. Copy the pack again from the laptop.",
            )
        zipstore.check_crc(self.entry, crc)
        yield held

    def skip(self) -> None:
        """Pass over its bytes, if they were not taken."""
        if not self._done:
            self._done = True
            for _ in self._pieces(self.size):
                pass


@dataclass(frozen=True)
class PackFile:
    """An open pack whose container and signature are in order; its files are checked as they are copied."""

    path: Path
    manifest_token: str
    manifest: Manifest
    creator_did: str
    entries: tuple[PackEntry, ...]
    _source: BinaryIO
    paged: bool = False
    """It is a buyer's ZIP with the page that proves it, which no creator signed."""

    @property
    def total_bytes(self) -> int:
        """The size of all its files together."""
        return sum(entry.size for entry in self.entries)

    def check(self, entry: PackEntry, on_bytes: OnBytes | None = None) -> None:
        """Read the bytes of `entry` and compare them with what was signed; errors as `Arriving.take`."""
        for chunk in self._one(entry).take():
            if on_bytes is not None:
                on_bytes(len(chunk))

    def arriving(self) -> Iterator[Arriving]:
        """Give each file in the order of the container; what is not taken is not read."""
        for entry in sorted(self.entries, key=lambda one: one.entry.data_at):
            yield self._one(entry)

    def _one(self, entry: PackEntry) -> Arriving:
        def pieces(size: int) -> Iterator[memoryview]:
            return _views(self._source, self.path, entry.entry.data_at, size)

        return Arriving(entry.path, entry.size, entry.sha256, entry.entry, pieces)


@contextlib.contextmanager
def open_pack(
    path: Path,
    creator_did: str | None = None,
    *,
    prefix: str = pack.FILES_PREFIX,
    delegations: Sequence[Delegation] = (),
) -> Iterator[PackFile]:
    """Open the pack at `path`: container strict, manifest signed by the creator it names, names and sizes equal.

    A signer may stand in for the creator if one of the verified `delegations` lets it.
    With `prefix` empty it reads the buyer's ZIP that `packzip` made, with the page in it or, of format 1, without. With `creator_did` it must be that creator's, else Hostile `pack-wrong-creator`. Raises Refused `pack-not-found`,
    Broken `pack-unreadable`, and WireError with the codes of `wire.pack`, `wire.zipstore` and `wire.manifest`.
    """
    with opened(path) as source:
        entries = _scan(source, path, prefix)
        token = _manifest_token(source, path, entries[0])
        paged = len(entries) > 1 and pack.is_page(entries[1], 1, prefix)
        if paged:
            zipstore.check_crc(entries[1], zlib.crc32(_whole(source, path, entries[1])))
        signer, trusted = pack.claimed_creator(token)
        if creator_did is not None and signer != creator_did:
            raise Hostile(
                "pack-wrong-creator",
                f"This pack is signed by {signer}, not by {creator_did}. Take it only if you know that creator.",
            )
        signed = pack.verified(token, trusted, delegations)
        placed = pack.match(signed, entries[2 if paged else 1 :], prefix)
        files = tuple(
            PackEntry(file.path, file.size, file.sha256, entry)
            for file, entry in zip(signed.files, placed, strict=True)
        )
        yield PackFile(path, token, signed, signer, files, source, paged=paged)


def lies_in_folder(path: Path) -> bool:
    """Tell whether any file of a ZIP whose headers hold lies under `files/`, as in a pack and not in the buyer's ZIP."""
    with opened(path) as source:
        at = 0
        while zipstore.starts_entry(fixed := _read(source, path, at, zipstore.LOCAL_FIXED_BYTES)):
            entry = zipstore.parse_local(_read(source, path, at, zipstore.header_length(fixed)), at)
            if entry.name.startswith(pack.FILES_PREFIX):
                return True
            at = entry.end
    return False


@contextlib.contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Open a plain file; a pipe or a device would keep us waiting for ever."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise Refused("pack-not-a-file", f"“{path}” is not a file. Choose a file made by `stall pack build`.")
        source = path.open("rb")
    except FileNotFoundError as error:
        raise Refused("pack-not-found", f"There is no file “{path}”. Check the name.") from error
    except OSError as error:
        raise _unreadable(path, error) from error
    with source:
        yield source


def _scan(source: BinaryIO, path: Path, prefix: str) -> list[Entry]:
    """Walk the container from header to header, reading no file's bytes, then compare with the list at its end."""
    entries: list[Entry] = []
    at, size = 0, _size(source)
    while zipstore.starts_entry(fixed := _read(source, path, at, zipstore.LOCAL_FIXED_BYTES)):
        raw = _read(source, path, at, zipstore.header_length(fixed))
        entry = zipstore.parse_local(raw, at)
        pack.check_entry(entry, len(entries), prefix)
        if entry.end > size:  # also keeps offsets within what a file can have
            raise WireError("pack-truncated", "The pack ends too early. Copy it again from the laptop.")
        entries.append(entry)
        at = entry.end
    if not entries:
        raise WireError("pack-not-a-zip", f"“{path.name}” is not a pack. Choose a file made by `stall pack build`.")
    if size - at > pack.TAIL_MAX_BYTES:
        raise WireError("pack-damaged", "The pack is damaged: too much stands behind its files. Copy it again.")
    zipstore.check_tail(_read(source, path, at, pack.TAIL_MAX_BYTES), at, entries)
    return entries


def _manifest_token(source: BinaryIO, path: Path, entry: Entry) -> str:
    token = _whole(source, path, entry)
    zipstore.check_crc(entry, zlib.crc32(token))
    return manifest_text(token)


def manifest_text(token: bytes) -> str:
    """A manifest's token as text. Raises WireError `pack-manifest-unreadable`."""
    try:
        return token.decode("ascii")
    except UnicodeDecodeError as error:
        raise WireError(
            "pack-manifest-unreadable", "The pack's manifest is not text. Copy the pack again from the laptop."
        ) from error


def _whole(source: BinaryIO, path: Path, entry: Entry) -> bytes:
    return b"".join(_stretch(source, path, entry.data_at, entry.size))


def _stretch(source: BinaryIO, path: Path, at: int, size: int) -> Iterator[bytes]:
    """Give `size` bytes from offset `at` in pieces of a megabyte at most."""
    end = at + size
    while at < end:
        chunk = _read(source, path, at, min(CHUNK_BYTES, end - at))
        if not chunk:
            raise WireError("pack-truncated", "The pack ends too early. Copy it again from the laptop.")
        yield chunk
        at += len(chunk)


def _views(source: BinaryIO, path: Path, at: int, size: int) -> Iterator[memoryview]:
    """As `_stretch`, without new memory for each piece, which costs as much as reading it. A piece holds until the next but one is asked for."""
    room = memoryview(bytearray(min(CHUNK_BYTES, size))), memoryview(bytearray(min(CHUNK_BYTES, size)))
    end, turn = at + size, 0
    while at < end:
        try:
            count = os.preadv(source.fileno(), [room[turn][: end - at]], at)
        except OSError as error:
            raise _unreadable(path, error) from error
        if not count:
            raise WireError("pack-truncated", "The pack ends too early. Copy it again from the laptop.")
        yield room[turn][:count]
        at, turn = at + count, 1 - turn


def _read(source: BinaryIO, path: Path, at: int, size: int) -> bytes:
    try:
        source.seek(at)
        return source.read(size)
    except OSError as error:
        raise _unreadable(path, error) from error


def _size(source: BinaryIO) -> int:
    return os.fstat(source.fileno()).st_size


def _unreadable(path: Path, error: OSError) -> Broken:
    return Broken("pack-unreadable", f"“{path}” cannot be read ({error.strerror}). Check the disk or copy it again.")
