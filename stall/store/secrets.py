"""The box's secrets: files of mode 0600 in its key folder, read once at start.

box.key signs (Ed25519), bound to the board where the board has a secret of its own; claim.key makes claim codes, order
ids and receipt ids and seals erasable data; link.key makes grants and download links. Losing claim.key loses no money:
codes already handed out still work by their digest.
"""

from __future__ import annotations

import secrets as random
import shlex
from dataclasses import dataclass
from pathlib import Path

from stall import disk
from stall.errors import Broken, Refused, WireError
from stall.store import board as boards
from stall.store.board import Board
from stall.wire import keyfile
from stall.wire.keyfile import Bound, Open
from stall.wire.keys import SigningKey

KEY_BYTES = 32
BOX_KEY = "box.key"


@dataclass(frozen=True, slots=True)
class BoxSecrets:
    """What the processes of one box may sign and seal with; `hw` names the board, `bound` says the key opens there only."""

    signing: SigningKey
    claim_key: bytes
    link_key: bytes
    hw: str | None = None
    bound: bool = False

    def __repr__(self) -> str:
        return f"BoxSecrets({self.signing.thumbprint})"


def load_or_make(folder: Path, board: Board | None = None) -> BoxSecrets:
    """Read the key folder of a new box, making what is not there yet; no key is ever overwritten.

    An interrupted creation may have left some keys; those are used.
    """
    here = board or boards.this()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in ("claim.key", "link.key"):
        if not (folder / name).exists():
            _write(folder / name, random.token_bytes(KEY_BYTES))
    if not (folder / BOX_KEY).exists():
        signing = SigningKey.generate()
        _write(folder / BOX_KEY, keyfile.write(_bound(signing, here) or keyfile.unsealed(signing)))
    return load(folder, here)


def load(folder: Path, board: Board | None = None) -> BoxSecrets:
    """Read the key folder on this board.

    Raises Broken `key-unreadable`, `key-malformed`, `key-open-to-others`, `key-bound-elsewhere`, `board-secret-unreadable`.
    """
    here = board or boards.this()
    document = _document(folder / BOX_KEY)
    return BoxSecrets(
        signing=_opened(folder / BOX_KEY, document, here),
        claim_key=_symmetric(folder / "claim.key"),
        link_key=_symmetric(folder / "link.key"),
        hw=here.hw,
        bound=isinstance(document, Bound),
    )


def bind(folder: Path, board: Board | None = None) -> bool:
    """Bind the key of a box to this board from now on; False if it is already.

    Raises Refused `board-no-secret`, and what `load` raises. The same key is kept, so every paper stays good.
    """
    here = board or boards.this()
    own = load(folder, here)
    if own.bound:
        return False
    document = _bound(own.signing, here)
    if document is None:
        raise Refused(
            "board-no-secret",
            "This board has no secret to bind a key to, or keeps it from you; the key stays as it is. Use a Pi 4 or 5 in whose"
            " one-time memory its owner wrote one, as a user in the group video.",
        )
    _write(folder / BOX_KEY, keyfile.write(document), owner_of=folder)
    return True


def _bound(signing: SigningKey, here: Board) -> Bound | None:
    """Bind a key and see that it opens again; None where the board has nothing to bind it to."""
    secret = here.secret() if here.serial else None
    if secret is None:
        return None
    document = keyfile.bind(signing, secret, here.serial, nonce=random.token_bytes(keyfile.NONCE_BYTES))
    keyfile.unbind(document, secret, here.serial)
    return document


def _document(path: Path) -> Open | Bound:
    try:
        document = keyfile.parse(_read(path))
    except WireError as error:
        raise Broken("key-malformed", f"{path} is not a key file. Restore it from your key backup.") from error
    if not isinstance(document, Open | Bound):
        raise Broken(
            "key-malformed", f"{path} is a creator's key, not a box's. Restore the box's from your key backup."
        )
    return document


def _opened(path: Path, document: Open | Bound, here: Board) -> SigningKey:
    try:
        return _unbound(document, here) if isinstance(document, Bound) else keyfile.key_of(document)
    except WireError as error:
        raise Broken(
            "key-malformed", f"{path} is damaged: its parts do not belong together. Restore it from your key backup."
        ) from error


def _unbound(document: Bound, here: Board) -> SigningKey:
    if document.hw != here.hw:
        raise Broken(
            "key-bound-elsewhere",
            "The key of this box is bound to another board and opens only there. Put the card back into that board; or make"
            " a new box here with `stall keys new box` and have its creator delegate and lease to it.",
        )
    secret = here.secret()
    if secret is None:
        raise Broken(
            "board-secret-unreadable",
            "The key of this box is bound to this board, whose secret cannot be read. Let the stall's user into the group"
            " video, and see that vcmailbox is installed.",
        )
    try:
        return keyfile.unbind(document, secret, here.serial)
    except WireError as error:
        raise Broken(
            "key-malformed",
            "The key of this box is damaged, or more was written into the board's one-time memory since. Restore box.key"
            " from your key backup, or make a new box with `stall keys new box`.",
        ) from error


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


def _write(path: Path, data: bytes, owner_of: Path | None = None) -> None:
    with disk.whole_file(path, 0o600) as file:
        if owner_of is not None:
            disk.give_to_owner_of(owner_of, file.fileno())
        file.write(data)
