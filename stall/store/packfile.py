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
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, NamedTuple

from stall import disk
from stall.errors import Broken, Hostile, Refused, WireError
from stall.wire import manifest, pack, zipstore
from stall.wire.manifest import Manifest

CHUNK_BYTES = 1024 * 1024
ZIP_FORMAT = zipstore.FORMAT

OnBytes = Callable[[int], None]  # told how many bytes went by since the last call


class PackEntry(NamedTuple):
    """One file of a pack: its path, size in bytes and SHA-256 (hex) as signed, and where its bytes begin."""

    path: str
    size: int
    sha256: str
    data_at: int


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
        digest = hashlib.sha256()
        held = b""
        for chunk in _stretch(self._source, self.path, entry.data_at, entry.size):
            digest.update(chunk)
            if held:
                yield held
            held = chunk
        if digest.hexdigest() != entry.sha256:
            raise Hostile(
                "pack-changed-file",
                f"“{entry.path}” in the pack is not what its creator signed. Copy the pack again from the laptop.",
            )
        yield held


@contextlib.contextmanager
def open_pack(path: Path, creator_did: str | None = None) -> Iterator[PackFile]:
    """Open the pack at `path`: container strict, manifest signed by the creator it names, names and sizes equal.

    With `creator_did` it must be that creator's, else Hostile `pack-wrong-creator`. Raises Refused `pack-not-found`,
    Broken `pack-unreadable`, and WireError with the codes of `wire.pack`, `wire.zipstore` and `wire.manifest`.
    """
    with _opened(path) as source:
        entries = _scan(source, path)
        token = _manifest_token(source, path, entries[0])
        signer, trusted = pack.claimed_creator(token)
        if creator_did is not None and signer != creator_did:
            raise Hostile(
                "pack-wrong-creator",
                f"This pack is signed by {signer}, not by {creator_did}. Take it only if you know that creator.",
            )
        signed = manifest.verify(token, trusted)
        placed = pack.match(signed, entries[1:])
        files = tuple(
            PackEntry(file.path, file.size, file.sha256, entry.data_at)
            for file, entry in zip(signed.files, placed, strict=True)
        )
        yield PackFile(path, token, signed, signer, files, source)


def build_zip(
    files: Sequence[tuple[str, Path]], manifest_token: str, out: Path, on_bytes: OnBytes | None = None
) -> Zipped:
    """Build the buyer's ZIP at `out`: the manifest, then each (manifest path, source) in the order given, stored.

    The same input gives the same bytes everywhere. Raises Broken `zip-source` when a source is gone or changes size,
    and the errors of `disk.whole_file`.
    """
    writer, digest = zipstore.Writer(), hashlib.sha256()
    with disk.whole_file(out) as target:
        token = manifest_token.encode("ascii")
        _append(target, writer, pack.MANIFEST_NAME, BytesIO(token), len(token), None)
        for path, source in files:
            with _zip_source(source) as opened:
                _append(target, writer, path, opened, os.fstat(opened.fileno()).st_size, on_bytes)
        target.write(writer.tail())
        size = target.tell()
        target.flush()
        # CRCs were put right behind the writing, so the digest is taken of what now stands there.
        with out.parent.joinpath(target.name).open("rb") as written:
            for chunk in iter(lambda: written.read(CHUNK_BYTES), b""):
                digest.update(chunk)
    return Zipped(size, digest.hexdigest())
