"""The data folder of one cloud: who its owner is, its own key, the token that may read.

cloud.json     the creator it serves and the name it signs with
cloud.sqlite   the store
keys/cloud.key the key that cosigns (0600)
owner.token    who holds it may read (0600)
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec

from stall.errors import Broken, Refused, StallError
from stall.wire import b64, canonical, keys, strict_json

T = TypeVar("T")
TOKEN_BYTES = 32
NAME_CHARS = 12  # of the thumbprint, as in the origin of a box


class _Identity(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    creator: str
    name: str


class _KeyFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    kty: str
    crv: str
    d: str
    x: str


@dataclass(frozen=True, slots=True)
class CloudFolder:
    """A data folder that was read and checked."""

    path: Path
    creator: str
    name: str
    key: keys.SigningKey
    token: str

    @property
    def database(self) -> Path:
        """Where the store is."""
        return self.path / "cloud.sqlite"

    @property
    def creator_public(self) -> bytes:
        """The creator's key, 32 bytes."""
        return keys.public_from_did(self.creator)

    @property
    def owner_id(self) -> str:
        """The owner's rows are found under the thumbprint of the creator's key."""
        return keys.thumbprint(self.creator_public)

    @property
    def token_file(self) -> Path:
        """Where the owner's reading token is kept."""
        return self.path / "owner.token"


def init(path: Path, creator: str) -> CloudFolder:
    """Make a cloud for `creator` (a did:key) in `path`, with a key and a token of its own.

    Doing it again for the same creator changes nothing. Raises Refused `cloud-other-creator` when
    the folder serves another creator, Broken `cloud-folder` when it cannot be written.
    """
    keys.public_from_did(creator)
    if (path / "cloud.json").exists():
        folder = load(path)
        if folder.creator != creator:
            raise Refused(
                "cloud-other-creator",
                f"{path} already serves another creator. Choose another folder.",
            )
        return folder
    key = keys.SigningKey.generate()
    name = f"stall.example/cloud/{key.thumbprint[:NAME_CHARS]}"
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        (path / "keys").mkdir(mode=0o700, exist_ok=True)
        _write_secret(path / "keys" / "cloud.key", _key_text(key))
        _write_secret(path / "owner.token", secrets.token_urlsafe(TOKEN_BYTES).encode())
        # Last: a folder without cloud.json is not a cloud, so an interrupted init is done again.
        _write_secret(path / "cloud.json", canonical.dumps({"creator": creator, "name": name}))
    except OSError as error:
        raise Broken("cloud-folder", f"{path} cannot be written ({error.strerror}). Choose another folder.") from error
    return load(path)


def load(path: Path) -> CloudFolder:
    """Read the folder that `init` made.

    Raises Refused `cloud-not-init` when there is none, Broken `cloud-folder-damaged` when a file
    in it is not what `init` wrote.
    """
    if not (path / "cloud.json").exists():
        raise Refused(
            "cloud-not-init",
            f"{path} is no cloud yet. Run: stall cloud init --data {path} --creator-did DID",
        )
    try:
        identity = _read(path / "cloud.json", _Identity)
        stored = _read(path / "keys" / "cloud.key", _KeyFile)
        token = (path / "owner.token").read_text("ascii").strip()
        key = keys.SigningKey.from_seed(b64.decode(stored.d))
        keys.public_from_did(identity.creator)
    except (OSError, ValueError, StallError, msgspec.ValidationError) as error:
        raise Broken(
            "cloud-folder-damaged",
            f"A file in {path} cannot be read. Put the folder back from a backup.",
        ) from error
    return CloudFolder(path, identity.creator, identity.name, key, token)


def _read(file: Path, kind: type[T]) -> T:
    return msgspec.convert(strict_json.loads(file.read_bytes()), kind)


def _key_text(key: keys.SigningKey) -> bytes:
    x, d = b64.encode(key.public), b64.encode(key.seed)
    return canonical.dumps({"kty": "OKP", "crv": "Ed25519", "x": x, "d": d})


def _write_secret(file: Path, content: bytes) -> None:
    fresh = file.with_suffix(".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(file)
