"""The creator's folder on the laptop: the signing key, its did, the creator's name.

The key never leaves this folder and never reaches a box. Files: `creator.key` (mode 0600, an OKP JWK with `d`), `did`
and `name` (one line each, for people and scripts), `ledger.jsonl` (`stall.creator.ledger`). The folder has mode 0700.
"""

from __future__ import annotations

import json
import os
import shlex
import sys
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from stall import disk
from stall.errors import Broken, Refused, StallError
from stall.wire import b64, strict_json
from stall.wire.keys import SigningKey

KEY_FILE = "creator.key"
NAME_MAX = 200  # code points: formats.md 7, text


@dataclass(frozen=True)
class Creator:
    """A loaded creator folder. `exposed` says that other users of this machine can read the key."""

    folder: Path
    key: SigningKey
    name: str
    exposed: bool

    @property
    def did(self) -> str:
        """The creator's public name: what a verifier must know, printed on posters."""
        return self.key.did

    @property
    def warning(self) -> str | None:
        """A sentence for the person when the key lies open, else None."""
        if not self.exposed:
            return None
        return f"Other users of this machine can read “{self.folder / KEY_FILE}”. Run: chmod 600 {shlex.quote(str(self.folder / KEY_FILE))}"


def new(folder: Path, name: str) -> Creator:
    """Make a creator's folder with a fresh key.

    Raises Refused `creator-exists` when there is a key already (it is never overwritten), `creator-name` for a name that is
    empty, longer than 200 characters or unprintable, and the errors of `disk.whole_file`.
    """
    name = unicodedata.normalize("NFC", name.strip())
    if not 0 < len(name) <= NAME_MAX or not name.isprintable():
        raise Refused("creator-name", "A creator's name has 1 to 200 printable characters. Give it with --name.")
    path = folder / KEY_FILE
    with disk.sentences(path):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if path.exists():
            raise Refused(
                "creator-exists",
                f"“{folder}” holds a creator's key already. Choose another folder; a key is never overwritten.",
            )
        folder.chmod(0o700)
    key = SigningKey.generate()
    for file, text in (("did", key.did), ("name", name)):
        with disk.whole_file(folder / file) as out:
            out.write(f"{text}\n".encode())
    _create(path, _jwk(key))  # last: with it the folder is a creator's
    return load(folder)


def load(folder: Path) -> Creator:
    """Open a creator's folder.

    Raises Refused `creator-not-found`; Broken `key-unreadable` or `key-malformed`.
    """
    path = folder / KEY_FILE
    if not path.is_file():
        raise Refused(
            "creator-not-found", f"“{folder}” holds no creator's key. Make one with `stall keys new creator`."
        )
    key = read_key(path)
    return Creator(folder=folder, key=key, name=_name(folder, key), exposed=_is_exposed(path))


def read_key(path: Path) -> SigningKey:
    """Read one Ed25519 key file (JWK, RFC 8037). Raises Broken `key-unreadable` or `key-malformed`."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise Broken(
            "key-unreadable", f"The key “{path}” cannot be read ({error.strerror}). Check the file."
        ) from error
    try:
        jwk = strict_json.loads(data, max_bytes=1024)
        return _key_of(jwk)
    except (StallError, KeyError, TypeError) as error:
        raise Broken(
            "key-malformed", f"“{path}” is not a key, or it is damaged. Put it back from your backup."
        ) from error


def _key_of(jwk: object) -> SigningKey:
    if not isinstance(jwk, dict) or (jwk["kty"], jwk["crv"]) != ("OKP", "Ed25519"):
        raise TypeError
    key = SigningKey.from_seed(b64.decode(jwk["d"]))
    if b64.encode(key.public) != jwk["x"]:
        raise TypeError
    return key


def _jwk(key: SigningKey) -> bytes:
    halves = {"kty": "OKP", "crv": "Ed25519", "d": b64.encode(key.seed), "x": b64.encode(key.public)}
    return json.dumps(halves).encode() + b"\n"


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


def _name(folder: Path, key: SigningKey) -> str:
    try:
        return (folder / "name").read_text(encoding="utf-8").strip() or key.did
    except (OSError, UnicodeDecodeError):
        return key.did


def _is_exposed(path: Path) -> bool:
    # Windows keeps rights elsewhere; its mode bits say nothing.
    return sys.platform != "win32" and bool(path.stat().st_mode & 0o077)
