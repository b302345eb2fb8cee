"""The next version of a drop that changes nothing but what counts no more: the same files, read from the pack before.

It may be signed for a closed drop too, and then its selling window is over.
"""

from __future__ import annotations

import secrets
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from stall import disk
from stall.creator import handover, ledger, revocations
from stall.creator.copies import Told
from stall.creator.keyring import Creator
from stall.creator.ledger import ManifestRow
from stall.errors import Refused
from stall.wire import b64, jws, manifest, pack, zipstore
from stall.wire.manifest import Manifest, Revoked

_KEPT_S = 365 * 86_400
"""How long a version of what is over may still be imported."""


class Packed(Protocol):
    """One file of the pack before: its path, size in bytes and CRC-32, and its bytes, checked as they are taken."""

    @property
    def path(self) -> str:
        """Where the manifest has it."""

    @property
    def size(self) -> int:
        """In bytes."""

    @property
    def entry(self) -> zipstore.Entry:
        """Where it stands in the container."""

    def take(self) -> Iterator[bytes | memoryview]:
        """Give its bytes piece by piece."""


def next_version(
    creator: Creator, token: str, files: Iterable[Packed], out: Path, revoked: Sequence[Revoked], *, now_s: int
) -> Manifest:
    """Sign the version after that of the manifest `token`, revoking more, and write its pack `out` with the same `files`.

    What was passed on is revoked by itself. Raises Refused `revoke-nothing`, `pack-version-signed`, what `handover.check_free`,
    `revocations.joined`, `manifest.verify` and the ledger raise, and WireError where there is no room for more.
    """
    handover.check_free(out)
    old = manifest.verify(token, {creator.thumbprint: creator.public})
    every = revocations.with_passed_on(creator, old, revoked, now_s)
    if not every:
        raise Refused("revoke-nothing", "Nothing new counts no more, so there is nothing to sign.")
    with ledger.opened(creator.folder) as book:
        _check_newest(book, old)
        closed = book.close(old.drop.id) is not None
    new = _next(old, token, revocations.joined(old, every), closed=closed, now_s=now_s)
    manifest.check_successor(old, token, new)
    signed = manifest.sign(creator.key, new)
    with disk.whole_file(out) as target:
        writer, encoded = zipstore.Writer(), signed.encode("ascii")
        target.write(writer.header(pack.MANIFEST_NAME, len(encoded), zlib.crc32(encoded)) + encoded)
        for file in files:
            target.write(writer.header(pack.entry_name(file.path), file.size, file.entry.crc))
            for chunk in file.take():
                target.write(chunk)
        target.write(writer.tail())
        with ledger.opened(creator.folder) as book:  # again: another program may have signed it meanwhile
            _check_newest(book, old)
            book.append(ManifestRow(now_s, new.drop.id, new.ver, jws.token_hash(signed), new.drop.edition))
    return new


def _check_newest(book: ledger.Ledger, old: Manifest) -> None:
    if book.manifest(old.drop.id, old.ver + 1) is not None:
        raise Refused(
            "pack-version-signed",
            f"You signed version {old.ver + 1} of “{old.drop.id}” already. Give the newest pack of it.",
        )


def _next(old: Manifest, token: str, revoked: tuple[Revoked, ...], *, closed: bool, now_s: int) -> Manifest:
    window = old.drop.window
    if closed and window.exp > now_s:
        window = _ended(window, now_s)
    return msgspec.structs.replace(
        old,
        jti=b64.encode(secrets.token_bytes(16)),
        iat=now_s,
        exp=old.exp if old.exp > now_s else now_s + _KEPT_S,
        ver=old.ver + 1,
        prev=jws.token_hash(token),
        drop=msgspec.structs.replace(old.drop, window=window),
        revoked=revoked,
    )


def _ended(window: manifest.Window, now_s: int) -> manifest.Window:
    """End a selling window now; one that was to open later never does."""
    return manifest.Window(nbf=min(window.nbf, now_s - 1), exp=now_s)


def taken_back(told: Iterable[Told], old: Manifest, now_s: int) -> list[Revoked]:
    """The certificates of copies that were taken back or refused by the bank, as journals have them, and are not revoked yet."""
    known = {one.ref for one in old.revoked if one.kind == "cert"}
    names = [copy.certificate for one in told for copy in one.copies if copy.back is not None and copy.certificate]
    return [Revoked(kind="cert", ref=name, at=now_s) for name in dict.fromkeys(names) if name not in known]
