"""The creator's folder on the laptop: the signing key, its did, the creator's name.

The key never leaves this folder but on the recovery sheet, and never reaches a box. Files: `creator.key` (mode 0600, sealed
with a passphrase or an open JWK: `stall.wire.keyfile`), `did` and `name` (one line each, for people and scripts),
`ledger.jsonl` (`stall.creator.ledger`). The folder has mode 0700.
"""

from __future__ import annotations

import os
import secrets
import shlex
import sys
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from stall import disk
from stall.creator import ledger
from stall.errors import Broken, Refused, WireError
from stall.wire import assigned, fingerprint, keyfile, keys
from stall.wire.keyfile import Bound, Cost, Open, Sealed
from stall.wire.keys import SigningKey

KEY_FILE = "creator.key"
BESIDE_KEY = ("did", "name", ledger.FILE)  # what is left of a creator whose key file is lost
BOX_FILE = "stall.sqlite"
NAME_MAX = 200  # code points: formats.md 7, text

Ask = Callable[[], Iterable[str]]
"""Gives passphrases to try, one after the other, as `stall.creator.passphrase.tries` does."""


@dataclass(frozen=True)
class Shown:
    """What a creator's folder shows without its passphrase. `exposed`: other users of this machine can read the key file."""

    folder: Path
    public: bytes
    name: str
    sealed: bool
    exposed: bool

    @property
    def did(self) -> str:
        """The creator's public name: what a verifier must know, printed on posters."""
        return keys.did_key(self.public)

    @property
    def thumbprint(self) -> str:
        """The key's name in `kid` and `iss`."""
        return keys.thumbprint(self.public)

    @property
    def fingerprint(self) -> str:
        """The key's name as two people compare it aloud."""
        return fingerprint.of(self.public)

    @property
    def warning(self) -> str | None:
        """A sentence for the person when the key lies open, else None."""
        if not self.exposed:
            return None
        return f"Other users of this machine can read “{self.folder / KEY_FILE}”. Run: chmod 600 {shlex.quote(str(self.folder / KEY_FILE))}"


@dataclass(frozen=True)
class Creator(Shown):
    """A creator's folder with its key open."""

    key: SigningKey


def new(folder: Path, name: str, passphrase: str | None = None, *, cost: Cost = keyfile.USUAL) -> Creator:
    """Make a creator's folder with a fresh key, sealed if there is a passphrase.

    Raises Refused `creator-exists` when there is a key already (it is never overwritten), `creator-key-lost` when there was
    one, `creator-name` for a name that is empty, longer than 200 characters or unprintable, what `keyfile.seal` raises, and
    the errors of `disk.whole_file`.
    """
    name = _checked(name)
    if passphrase is not None:
        keyfile.check_passphrase(passphrase)
    check_free(folder)
    _make_folder(folder)
    key = SigningKey.generate()
    data = _sealed(key, passphrase, cost)
    _write_public(folder, key, name)
    _create(folder / KEY_FILE, data)  # last: with it the folder is a creator's
    return _of(folder, key)


def check_free(folder: Path) -> None:
    """Refuse a folder that holds a creator's key or what is left beside a lost one, before anybody is asked for anything.

    Raises Refused `creator-in-box`, `creator-exists`, `creator-key-lost`.
    """
    check_no_box(folder)
    _check_no_key(folder)
    if lost_key(folder):
        raise Refused(
            "creator-key-lost",
            f"“{folder}” is the folder of a creator whose key file is lost. Bring the key back from its recovery sheet"
            f" ({_recovering(folder)}), or choose another folder: a new key is another identity.",
        )


def lost_key(folder: Path) -> bool:
    """Whether a folder is that of a creator, and its key file is not there."""
    return not (folder / KEY_FILE).exists() and any((folder / left).exists() for left in BESIDE_KEY)


def _recovering(folder: Path) -> str:
    named = "" if _line(folder / "name") else " --name NAME"
    return f"stall keys recover --out {shlex.quote(str(folder))}{named}"


def _check_no_key(folder: Path) -> None:
    with disk.sentences(folder / KEY_FILE):
        if (folder / KEY_FILE).exists():
            raise Refused(
                "creator-exists",
                f"“{folder}” holds a creator's key already. Choose another folder; a key is never overwritten.",
            )


def load(folder: Path, ask: Ask | None = None) -> Creator:
    """Open a creator's folder; `ask` gives passphrases to try if the key has one.

    Raises Refused `creator-not-found`, `creator-key-lost`, `creator-is-stall`, `passphrase-needed`, `key-passphrase-wrong` after the last try; Broken
    `key-unreadable`, `key-malformed`.
    """
    path = folder / KEY_FILE
    document = _document(folder)
    try:
        key = _opened(document, path, ask)
    except WireError as error:
        raise _malformed(path) from error
    return _of(folder, key)


def show(folder: Path) -> Shown:
    """Look at a creator's folder without opening its key. Raises as `load`, but for passphrases."""
    path, document = folder / KEY_FILE, _document(folder)
    try:
        public = keys.check_public(keyfile.public(document))
    except WireError as error:
        raise _malformed(path) from error
    return Shown(folder, public, _name(folder, public), isinstance(document, Sealed), _is_exposed(path))


def seal(creator: Creator, passphrase: str | None, *, cost: Cost = keyfile.USUAL) -> Creator:
    """Seal an opened key with another passphrase, or with None leave it open; it stays the same key. Raises as `new`."""
    _replace(creator.folder / KEY_FILE, _sealed(creator.key, passphrase, cost))
    return _of(creator.folder, creator.key)


def recovered_name(folder: Path, name: str | None) -> str:
    """Give the name a key put back into a folder will bear, before anybody types its lines.

    Raises Refused `creator-name` when the folder has none and none is given, `recovery-other-name` when it has another.
    """
    held = _line(folder / "name")
    if name is None:
        return _checked(held)
    name = _checked(name)
    if _is_name(held) and unicodedata.normalize("NFC", held) != name:
        raise Refused(
            "recovery-other-name",
            f"“{folder}” is the folder of “{held}”. Leave --name out to keep that name, or choose another folder.",
        )
    return name


def check_no_box(folder: Path) -> None:
    """Refuse the folder of a box for a creator's key: who has the box would have the key. Raises Refused `creator-in-box`."""
    if (folder / "stall.sqlite").exists() or (folder / "keys").is_dir():
        raise Refused(
            "creator-in-box",
            f"“{folder}” is the folder of a box, and a creator's key does not belong on one. Choose another folder.",
        )


def check_recovery(folder: Path, seed: bytes) -> None:
    """See whether a key can be put back into a folder.

    Raises Refused `creator-in-box`, `recovery-other-key` when the folder is that of another key, `creator-exists` when whose key file it
    holds cannot be told.
    """
    check_no_box(folder)
    known = _known_did(folder)
    if known is None:
        _check_no_key(folder)
    else:
        _check_same(folder, known, SigningKey.from_seed(seed).did)


def recover(
    folder: Path, seed: bytes, name: str | None, passphrase: str | None, *, cost: Cost = keyfile.USUAL
) -> Creator:
    """Put a key back from the seed of its recovery sheet: into a new folder, or into its own if the passphrase is lost.

    Raises what `recovered_name`, `check_recovery` and `new` raise.
    """
    key = SigningKey.from_seed(seed)
    name = recovered_name(folder, name)
    check_recovery(folder, seed)
    data = _sealed(key, passphrase, cost)
    _make_folder(folder)
    _write_public(folder, key, name)
    _replace(folder / KEY_FILE, data)
    return _of(folder, key)


def check_seed(folder: Path, seed: bytes) -> Shown:
    """See whether a sheet would bring back the key of a folder. Raises Refused `recovery-other-key`, and what `show` raises."""
    shown = show(folder)
    _check_same(folder, shown.did, SigningKey.from_seed(seed).did)
    return shown


def _check_same(folder: Path, known: str, did: str) -> None:
    if known != did:
        raise Refused(
            "recovery-other-key",
            f"The sheet is that of {did}, and “{folder}” is the folder of {known}. Take the other sheet, or another folder.",
        )


def _of(folder: Path, key: SigningKey) -> Creator:
    shown = show(folder)
    return Creator(folder, key.public, shown.name, shown.sealed, shown.exposed, key)


def _document(folder: Path) -> Open | Sealed:
    path = folder / KEY_FILE
    if not path.is_file():
        raise _none(folder)
    try:
        document = keyfile.parse(path.read_bytes())
    except OSError as error:
        raise Broken(
            "key-unreadable", f"The key “{path}” cannot be read ({error.strerror}). Check the file."
        ) from error
    except WireError as error:
        raise _malformed(path) from error
    if isinstance(document, Bound):
        raise Broken(
            "key-malformed", f"“{path}” is the key of a box, not a creator's. Put yours back from your backup."
        )
    return document


def _none(folder: Path) -> Refused:
    """Say why a folder has no creator's key."""
    if (folder / BOX_FILE).exists():
        return Refused(
            "creator-is-stall",
            f"“{folder}” is the folder of a stall, not of a creator. Give the folder with your {KEY_FILE}.",
        )
    if lost_key(folder):
        return Refused(
            "creator-key-lost",
            f"The key of this creator is lost: “{folder}” has no {KEY_FILE}. Put that file back from your backup, or bring"
            f" the key back from its recovery sheet: {_recovering(folder)}",
        )
    return Refused("creator-not-found", f"“{folder}” holds no creator's key. Make one with `stall keys new creator`.")


def _opened(document: Open | Sealed, path: Path, ask: Ask | None) -> SigningKey:
    if isinstance(document, Open):
        return keyfile.key_of(document)
    wrong = Refused(
        "passphrase-needed", f"The key “{path}” has a passphrase. Give --passphrase-file, or set STALL_PASSPHRASE."
    )
    for passphrase in ask() if ask is not None else ():
        try:
            return keyfile.open(document, passphrase)
        except Refused as error:
            wrong = error
    raise wrong


def _sealed(key: SigningKey, passphrase: str | None, cost: Cost) -> bytes:
    """Write the key file, and see first that it opens again: nobody can make the key a second time."""
    if passphrase is None:
        return keyfile.write(keyfile.unsealed(key))
    salt, nonce = secrets.token_bytes(keyfile.SALT_BYTES), secrets.token_bytes(keyfile.NONCE_BYTES)
    document = keyfile.seal(key, passphrase, salt=salt, nonce=nonce, cost=cost)
    keyfile.open(document, passphrase)
    return keyfile.write(document)


def _checked(name: str) -> str:
    name = unicodedata.normalize("NFC", name.strip())
    if not _is_name(name):
        raise Refused("creator-name", "A creator's name has 1 to 200 printable characters. Give it with --name.")
    return name


def _is_name(text: str) -> bool:
    return 0 < len(text) <= NAME_MAX and text.isprintable() and assigned.first_unassigned(text) is None


def _make_folder(folder: Path) -> None:
    with disk.sentences(folder / KEY_FILE):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)


def _write_public(folder: Path, key: SigningKey, name: str) -> None:
    for file, text in (("did", key.did), ("name", name)):
        with disk.whole_file(folder / file) as out:
            out.write(f"{text}\n".encode())


def _create(path: Path, data: bytes) -> None:
    """Write a file that must not exist yet, readable by its owner alone from its first byte on."""
    with disk.sentences(path):
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError as error:
            raise Refused(
                "creator-exists",
                f"“{path}” was made a moment ago by another program. Nothing was overwritten; look at what it holds.",
            ) from error
        with os.fdopen(descriptor, "wb") as out:
            out.write(data)
            out.flush()
            os.fsync(descriptor)
        disk.sync_folder(path.parent)


def _replace(path: Path, data: bytes) -> None:
    with disk.whole_file(path, 0o600) as out:
        out.write(data)


def _known_did(folder: Path) -> str | None:
    """Whose folder it is, by its key file or else by its `did`; None if it is nobody's yet, or cannot be told."""
    try:
        return show(folder).did
    except (Refused, Broken):
        did = _line(folder / "did")
        return did or None


def _name(folder: Path, public: bytes) -> str:
    return _line(folder / "name") or keys.did_key(public)


def _line(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _malformed(path: Path) -> Broken:
    return Broken("key-malformed", f"“{path}” is not a key, or it is damaged. Put it back from your backup.")


def _is_exposed(path: Path) -> bool:
    # Windows keeps rights elsewhere; its mode bits say nothing.
    return sys.platform != "win32" and bool(path.stat().st_mode & 0o077)
