"""The box's secrets: files of mode 0600 in its key folder, read once at start.

box.key signs (Ed25519); claim.key makes claim codes, order ids and receipt ids and seals erasable
data; link.key makes grants and download links. Losing claim.key loses no money: codes already
handed out still work by their digest.
"""

from __future__ import annotations

import json
import secrets as random
import shlex
from dataclasses import dataclass
from pathlib import Path

from stall import disk
from stall.errors import Broken, StallError
from stall.wire import b64, strict_json
from stall.wire.keys import SigningKey

KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class BoxSecrets:
    """What the processes of one box may sign and seal with."""

    signing: SigningKey
    claim_key: bytes
    link_key: bytes

    def __repr__(self) -> str:
        return f"BoxSecrets({self.signing.thumbprint})"


def load_or_make(folder: Path) -> BoxSecrets:
    """Read the key folder of a new box, making what is not there yet; no key is ever overwritten.

    An interrupted creation may have left some keys; those are used.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in ("claim.key", "link.key"):
        if not (folder / name).exists():
            _write(folder / name, random.token_bytes(KEY_BYTES))
    if not (folder / "box.key").exists():
        signing = SigningKey.generate()
        jwk = {"crv": "Ed25519", "d": b64.encode(signing.seed), "kty": "OKP", "x": b64.encode(signing.public)}
        _write(folder / "box.key", json.dumps(jwk).encode() + b"\n")
    return load(folder)


def load(folder: Path) -> BoxSecrets:
    """Read the key folder. Raises Broken `key-unreadable`, `key-malformed`, `key-open-to-others`."""
    return BoxSecrets(
        signing=_signing_key(folder / "box.key"),
        claim_key=_symmetric(folder / "claim.key"),
        link_key=_symmetric(folder / "link.key"),
    )


def _signing_key(path: Path) -> SigningKey:
    try:
        jwk = strict_json.loads(_read(path))
        if not isinstance(jwk, dict):
            raise Broken("key-malformed", f"{path} is not a key file. Restore it from your key backup.")
        key = SigningKey.from_seed(b64.decode(jwk["d"]))
    except (StallError, KeyError, TypeError) as error:
        if isinstance(error, Broken):
            raise
        raise Broken("key-malformed", f"{path} is not a key file. Restore it from your key backup.") from error
    if jwk.get("x") != b64.encode(key.public):
        raise Broken(
            "key-malformed",
            f"{path} is damaged: its two halves do not belong together. Restore it from your key backup.",
        )
    return key


def _symmetric(path: Path) -> bytes:
    data = _read(path)
    if len(data) != KEY_BYTES:
        raise Broken("key-malformed", f"{path} must hold {KEY_BYTES} bytes. Restore it from your key backup.")
    return data


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_mode & 0o077:
            raise Broken(
                "key-open-to-others", f"{path} can be read by other users. Run: chmod 600 {shlex.quote(str(path))}"
            )
        return path.read_bytes()
    except PermissionError as error:
        raise Broken(
            "key-unreadable", f"You may not read {path}. Work as the user this stall belongs to, or mend its rights."
        ) from error
    except OSError as error:
        raise Broken(
            "key-unreadable", f"{path} cannot be read ({error.strerror}). Restore it from your key backup."
        ) from error


def _write(path: Path, data: bytes) -> None:
    with disk.whole_file(path, 0o600) as file:
        file.write(data)
