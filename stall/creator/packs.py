"""Build a pack on the creator's laptop: read a folder, sign the manifest, write one `.stallpack`.

Every file is read twice: once for its digest, which the manifest at the front must name, once into the pack. A file
that changes in between is refused, and nothing is left half written.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import unicodedata
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Literal

from stall import disk
from stall.creator import folder as folders
from stall.creator import handover, ledger, revocations, roles, successors
from stall.creator import survey as surveys
from stall.creator.folder import Found, Measured
from stall.creator.keyring import Creator
from stall.creator.ledger import ManifestRow
from stall.creator.roles import Role
from stall.creator.survey import Survey
from stall.errors import Refused
from stall.wire import b64, jws, manifest, pack, zipstore
from stall.wire.manifest import Drop, File, Listing, Manifest, Price, Revoked, Window

Kind = Literal["free", "limited", "timed", "open"]
Progress = Callable[[int, int], None]  # bytes done, bytes in all

_ID_MIN, _ID_MAX = 3, 64


@dataclass(frozen=True, kw_only=True)
class PackOptions:
    """What the creator decides about a drop. Money in minor units of `cur`, times in seconds UTC.

    `edition` None sells without numbers. `kind` None follows from edition and price. `drop_id` None is made from the title.
    `cover` is a path in the folder; None takes `cover.*`, else the first picture. `samples` and `bonus` are patterns of
    paths (`extras/*`). `after` is the manifest token of the version this one replaces, `rename` lets it call a limited
    drop by another title. `revoked` comes on top of what that version revokes. `keep_gps` leaves in pictures and films where
    they were made.
    """

    title: str
    price_minor: int
    opens_s: int
    closes_s: int
    cur: str = "EUR"
    edition: int | None = None
    kind: Kind | None = None
    licence: str = "For private use"
    drop_id: str | None = None
    cover: str | None = None
    desc: str = ""
    lang: str = "en"
    samples: Sequence[str] = ()
    bonus: Sequence[str] = ()
    after: str | None = None
    rename: bool = False
    revoked: Sequence[Revoked] = ()
    keep_gps: bool = False


@dataclass(frozen=True)
class BuiltPack:
    """A pack that was written: its manifest and token, the bytes of its files, and what was left out of it.

    `revoked` is what this version is the first to revoke.
    """

    path: Path
    token: str
    manifest: Manifest
    total_bytes: int
    skipped: tuple[str, ...]
    revoked: Sequence[Revoked]

    @property
    def manifest_hash(self) -> str:
        """The name of the manifest in leases and receipts: base64url SHA-256 of its token."""
        return jws.token_hash(self.token)


def build(
    folder: Path,
    out: Path,
    creator: Creator,
    options: PackOptions,
    *,
    now_s: int,
    progress: Progress | None = None,
    looked: Survey | None = None,
) -> BuiltPack:
    """Sign the files of `folder` as one drop and write the pack `out`; the ledger keeps which version that was.

    `looked` is the folder as its maker saw it; None looks now. Raises the errors of `handover.check_free`, `survey.survey`,
    `successors` and `revocations.joined`; Refused `drop-id`, `drop-closed`,
    `pack-version-signed`, `cover-not-in-folder`, `role-matches-nothing`, `folder-file-changed`; WireError when the manifest
    would break formats.md 7.1; the errors of the ledger and of `disk.whole_file`.
    """
    old = _version_before(creator, options)
    options = with_passed_on(creator, options, now_s)
    revocations.joined(old, options.revoked)
    drop, ver = _identity(old, options)
    if old and not options.rename:
        successors.check_title(old, _drop(drop, options))
    with ledger.opened(creator.folder) as book:
        _check_book(book, old, options)
    handover.check_free(out)
    looked = looked or surveys.survey(folder, keep_gps=options.keep_gps)
    found = looked.found
    shown = roles.of(found, options.samples, options.bonus)
    total = sum(file.size for file in found)
    on_bytes = _counter(progress, 2 * total)
    measured = [folders.measure(file, on_bytes) for file in found]
    cover = roles.cover(found, options.cover, looked.undrawn)
    signed = _manifest(measured, shown, cover, creator, options, now_s, old)
    token = manifest.sign(creator.key, signed)
    with disk.whole_file(out) as target:
        _write(target, token, measured, on_bytes)
        with ledger.opened(creator.folder) as book:  # again: another program may have signed it meanwhile
            _check_book(book, old, options)
            book.append(ManifestRow(now_s, drop, ver, jws.token_hash(token), options.edition))
    return BuiltPack(out, token, signed, total, looked.skipped, options.revoked)


def with_passed_on(creator: Creator, options: PackOptions, now_s: int) -> PackOptions:
    """Let the version revoke what `revocations.with_passed_on` adds, too; done again it adds nothing. Raises as that, and WireError."""
    old = _version_before(creator, options)
    return replace(options, revoked=revocations.with_passed_on(creator, old, options.revoked, now_s))


def changes(creator: Creator, options: PackOptions) -> list[str]:
    """Say, before anything is signed, what the version to be built changes of the one before.

    Raises WireError, and what `revocations.joined` raises.
    """
    old = _version_before(creator, options)
    revocations.joined(old, options.revoked)
    drop, _ = _identity(old, options)
    return successors.changes(old, (_drop(drop, options), _price(options))) if old else []


#: Letters of Latin alphabets that are no letter with a mark for Unicode.
_STROKES = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h"})


def drop_id_of(title: str) -> str:
    """Make a drop's id from its title: `Zürich at Night` gives `zurich-at-night`.

    Raises Refused `drop-id` when too few letters are left.
    """
    plain = unicodedata.normalize("NFKD", title).casefold().translate(_STROKES).encode("ascii", "ignore").decode()
    made = "-".join(re.findall(r"[a-z0-9]+", plain))[:_ID_MAX].strip("-")
    if len(made) < _ID_MIN:
        raise Refused(
            "drop-id",
            f"An id has at least three letters a-z or digits, and the title “{title}” gives fewer. Give one with --id,"
            " like my-drop-1.",
        )
    return made


def check_id(text: str) -> str:
    """Check a drop's id that somebody typed. Raises Refused `drop-id`."""
    if re.fullmatch(rf"[a-z0-9-]{{{_ID_MIN},{_ID_MAX}}}", text) is None:
        raise Refused("drop-id", "An id has 3 to 64 letters a-z, digits and -. Give one like my-drop-1.")
    return text


def _version_before(creator: Creator, options: PackOptions) -> Manifest | None:
    return manifest.verify(options.after, {creator.key.thumbprint: creator.key.public}) if options.after else None


def _identity(old: Manifest | None, options: PackOptions) -> tuple[str, int]:
    """Say which drop and which version of it is being made."""
    drop = options.drop_id or (old.drop.id if old else drop_id_of(options.title))
    return drop, old.ver + 1 if old else 1


def _check_book(book: ledger.Ledger, old: Manifest | None, options: PackOptions) -> None:
    """Refuse what contradicts anything that was signed before."""
    drop, ver = _identity(old, options)
    book.check_open(drop, options.title)
    _check_unsigned(book, drop, ver)
    successors.check_edition(book, old, _drop(drop, options))


def _check_unsigned(book: ledger.Ledger, drop: str, ver: int) -> None:
    """Refuse to sign two contents as one version: a box takes the first it sees, and no box both."""
    row = book.manifest(drop, ver)
    if row is not None:
        day = datetime.fromtimestamp(row.at, UTC).strftime("%Y-%m-%d")
        raise Refused(
            "pack-version-signed",
            f"You signed version {ver} of “{drop}” on {day}. Build the next one with --after and the newest pack of it;"
            " if that is lost, give this one another id with --id.",
        )


def _manifest(
    measured: Sequence[Measured],
    shown: dict[str, Role],
    cover: Found | None,
    creator: Creator,
    options: PackOptions,
    now_s: int,
    old: Manifest | None,
) -> Manifest:
    drop_id, ver = _identity(old, options)
    new = Manifest(
        iss=creator.did,
        jti=b64.encode(secrets.token_bytes(16)),
        iat=now_s,
        exp=options.closes_s,
        ver=ver,
        prev=jws.token_hash(options.after) if options.after else None,
        drop=_drop(drop_id, options, next((one.sha256 for one in measured if one.found is cover), None)),
        price=_price(options),
        files=tuple(
            File(path=m.found.path, size=m.found.size, sha256=m.sha256, type=m.found.type, role=shown.get(m.found.path))
            for m in measured
        ),
        revoked=revocations.joined(old, options.revoked),
    )
    if old and options.after:
        manifest.check_successor(old, options.after, new)
    return new


def _drop(drop_id: str, options: PackOptions, cover_sha256: str | None = None) -> Drop:
    desc = unicodedata.normalize("NFC", options.desc)
    return Drop(
        id=drop_id,
        title=unicodedata.normalize("NFC", options.title),
        kind=options.kind or _kind(options),
        edition=options.edition,
        window=Window(nbf=options.opens_s, exp=options.closes_s),
        licence=unicodedata.normalize("NFC", options.licence),
        cover_sha256=cover_sha256,
        listing=Listing(desc=desc, lang=options.lang) if desc else None,
    )


def _price(options: PackOptions) -> tuple[Price, ...]:
    return (Price(cur=options.cur, minor=options.price_minor),)


def _kind(options: PackOptions) -> Kind:
    if options.edition is not None:
        return "limited"
    return "free" if options.price_minor == 0 else "open"


def _write(target: BinaryIO, token: str, measured: Sequence[Measured], on_bytes: folders.OnBytes) -> None:
    writer, encoded = zipstore.Writer(), token.encode("ascii")
    target.write(writer.header(pack.MANIFEST_NAME, len(encoded), zlib.crc32(encoded)) + encoded)
    for file in measured:
        target.write(writer.header(pack.entry_name(file.found.path), file.found.size, file.crc))
        digest = hashlib.sha256()
        for chunk in folders.read(file.found):
            digest.update(chunk)
            target.write(chunk)
            on_bytes(len(chunk))
        if digest.hexdigest() != file.sha256:
            raise folders.changed(file.found)
    target.write(writer.tail())


def _counter(progress: Progress | None, total: int) -> folders.OnBytes:
    done = 0

    def count(more: int) -> None:
        nonlocal done
        done += more
        if progress is not None:
            progress(done, total)

    return count
