"""Packs as files on the box: reading a `.stallpack`, building the buyer's ZIP, making the cover.

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

from stall import disk
from stall.errors import Broken, Hostile, Refused, WireError
from stall.wire import pack, zipstore
from stall.wire.delegation import Delegation
from stall.wire.manifest import Manifest
from stall.wire.zipstore import Entry

CHUNK_BYTES = 1024 * 1024

OnBytes = Callable[[int], None]  # told how many bytes went by since the last call


class PackEntry(NamedTuple):
    """One file of a pack: its path, size in bytes and SHA-256 (hex) as signed, and the ZIP's entry with its bytes."""

    path: str
    size: int
    sha256: str
    entry: Entry


class Zipped(NamedTuple):
    """A ZIP that was built: its size in bytes and SHA-256 (hex)."""

    size: int
    sha256: str


@dataclass(frozen=True)
class PackFile:
    """An open pack whose container and signature are in order; its files are checked as they are copied."""

    path: Path
    manifest_token: str
    manifest: Manifest
    creator_did: str
    entries: tuple[PackEntry, ...]
    _source: BinaryIO

    @property
    def total_bytes(self) -> int:
        """The size of all its files together."""
        return sum(entry.size for entry in self.entries)

    def copy_to(self, entry: PackEntry, target: Path, on_bytes: OnBytes | None = None) -> None:
        """Write the bytes of `entry` to `target`, whole and verified, or not at all.

        Raises Hostile `pack-changed-file` when they are not what the creator signed, WireError `pack-truncated`,
        Broken `pack-unreadable`, and the errors of `disk.whole_file`.
        """
        with disk.whole_file(target) as out:
            for chunk in self._verified(entry):
                out.write(chunk)
                if on_bytes is not None:
                    on_bytes(len(chunk))

    def check(self, entry: PackEntry, on_bytes: OnBytes | None = None) -> None:
        """Read the bytes of `entry` and compare them with what was signed; errors as `copy_to`, disk aside."""
        for chunk in self._verified(entry):
            if on_bytes is not None:
                on_bytes(len(chunk))

    def _verified(self, entry: PackEntry) -> Iterator[bytes]:
        """Give the bytes of `entry` piece by piece; the last piece comes only when the digest fits."""
        digest, crc = hashlib.sha256(), 0
        held = b""
        for chunk in _stretch(self._source, self.path, entry.entry.data_at, entry.size):
            digest.update(chunk)
            crc = zlib.crc32(chunk, crc)
            if held:
                yield held
            held = chunk
        if digest.hexdigest() != entry.sha256:
            raise Hostile(
                "pack-changed-file",
                f"“{entry.path}” in the pack is not what its creator signed. Copy the pack again from the laptop.",
            )
        zipstore.check_crc(entry.entry, crc)
        yield held


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
    With `prefix` empty it reads the buyer's ZIP that `build_zip` made. With `creator_did` it must be that creator's, else Hostile `pack-wrong-creator`. Raises Refused `pack-not-found`,
    Broken `pack-unreadable`, and WireError with the codes of `wire.pack`, `wire.zipstore` and `wire.manifest`.
    """
    with _opened(path) as source:
        entries = _scan(source, path, prefix)
        token = _manifest_token(source, path, entries[0])
        signer, trusted = pack.claimed_creator(token)
        if creator_did is not None and signer != creator_did:
            raise Hostile(
                "pack-wrong-creator",
                f"This pack is signed by {signer}, not by {creator_did}. Take it only if you know that creator.",
            )
        signed = pack.verified(token, trusted, delegations)
        placed = pack.match(signed, entries[1:], prefix)
        files = tuple(
            PackEntry(file.path, file.size, file.sha256, entry)
            for file, entry in zip(signed.files, placed, strict=True)
        )
        yield PackFile(path, token, signed, signer, files, source)


def lies_in_folder(path: Path) -> bool:
    """Tell whether any file of a ZIP whose headers hold lies under `files/`, as in a pack and not in the buyer's ZIP."""
    with _opened(path) as source:
        at = 0
        while zipstore.starts_entry(fixed := _read(source, path, at, zipstore.LOCAL_FIXED_BYTES)):
            entry = zipstore.parse_local(_read(source, path, at, zipstore.header_length(fixed)), at)
            if entry.name.startswith(pack.FILES_PREFIX):
                return True
            at = entry.end
    return False


def build_zip(
    files: Sequence[tuple[str, Path]], manifest_token: str, out: Path, on_bytes: OnBytes | None = None
) -> Zipped:
    """Build the buyer's ZIP at `out`: the manifest, then each (manifest path, source) in the order given, stored.

    The same input gives the same bytes everywhere. Raises Refused `pack-not-found` or Broken `pack-unreadable`
    for a source, and the errors of `disk.whole_file`.
    """
    writer, digest = zipstore.Writer(), hashlib.sha256()
    token = manifest_token.encode("ascii")
    with disk.whole_file(out) as target:

        def put(data: bytes) -> None:
            digest.update(data)
            target.write(data)

        put(writer.header(pack.MANIFEST_NAME, len(token), zlib.crc32(token)) + token)
        for path, source in files:
            _put_file(put, writer, path, source, on_bytes)
        put(writer.tail())
        size = target.tell()
    return Zipped(size, digest.hexdigest())


def _put_file(
    put: Callable[[bytes], None], writer: zipstore.Writer, path: str, source: Path, on_bytes: OnBytes | None
) -> None:
    """Add one file to a ZIP. It is read twice, because its CRC stands before its bytes."""
    with _opened(source) as opened:
        size, crc = 0, 0
        for chunk in _pieces(opened, source):
            size, crc = size + len(chunk), zlib.crc32(chunk, crc)
        put(writer.header(path, size, crc))
        for chunk in _stretch(opened, source, 0, size):
            put(chunk)
            if on_bytes is not None:
                on_bytes(len(chunk))


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
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
    token = b"".join(_stretch(source, path, entry.data_at, entry.size))
    zipstore.check_crc(entry, zlib.crc32(token))
    try:
        return token.decode("ascii")
    except UnicodeDecodeError as error:
        raise WireError(
            "pack-manifest-unreadable", "The pack's manifest is not text. Copy the pack again from the laptop."
        ) from error


def _stretch(source: BinaryIO, path: Path, at: int, size: int) -> Iterator[bytes]:
    """Give `size` bytes from offset `at` in pieces of a megabyte at most."""
    end = at + size
    while at < end:
        chunk = _read(source, path, at, min(CHUNK_BYTES, end - at))
        if not chunk:
            raise WireError("pack-truncated", "The pack ends too early. Copy it again from the laptop.")
        yield chunk
        at += len(chunk)


def _pieces(source: BinaryIO, path: Path) -> Iterator[bytes]:
    at = 0
    while chunk := _read(source, path, at, CHUNK_BYTES):
        yield chunk
        at += len(chunk)


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
