"""Whom a delegation or a lease is for: what the creator was told of a box, read from text or from a file."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

from stall.domain import shown as letters
from stall.errors import Refused, StallError
from stall.wire import keys, strict_json

_THUMBPRINT = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_MOST_BYTES = 64 * 1024
_MOST_LETTERS = 120


@dataclass(frozen=True)
class Recipient:
    """A key to sign for: its thumbprint, and where they are known its did, the epoch of its database, the name of its board, what it is called."""

    thumbprint: str
    did: str | None = None
    epoch: str | None = None
    hw: str | None = None
    name: str | None = None


def read(text: str) -> Recipient:
    """Read a recipient: a did, a thumbprint, or a file with a did or what `stall keys show --json` printed.

    Raises Refused `recipient-unknown` for anything else.
    """
    if text.startswith("did:"):
        return _of_did(text)
    path = Path(text)
    if path.is_file():
        return _of_file(path)
    if _THUMBPRINT.fullmatch(text):
        return Recipient(thumbprint=text)
    raise Refused(
        "recipient-unknown", f"“{text[:80]}” is neither a did nor a file with one. Ask the box: stall keys show."
    )


def _of_file(path: Path) -> Recipient:
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES).strip()
        if not data.startswith(b"{"):
            return _of_did(data.decode("ascii"))
        shown = strict_json.loads(data)
        if isinstance(shown, dict) and isinstance(shown.get("did"), str):
            found = _of_did(shown["did"], _text(shown.get("epoch")), _text(shown.get("hw")))
            return replace(found, name=_name(shown.get("name")))
    except (OSError, UnicodeDecodeError, StallError) as error:
        raise _unknown(path) from error
    raise _unknown(path)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _name(value: object) -> str | None:
    """What buyers call it, if it can stand in a signed document and on a terminal as it is."""
    text = _text(value)
    return text if text and text == letters.line(text) and len(text) <= _MOST_LETTERS else None


def _of_did(did: str, epoch: str | None = None, hw: str | None = None) -> Recipient:
    try:
        public = keys.public_from_did(did)
    except StallError as error:
        raise Refused(
            "recipient-unknown", f"“{did[:80]}” is not the did of a key. Ask the box for its own: stall keys show."
        ) from error
    return Recipient(thumbprint=keys.thumbprint(public), did=did, epoch=epoch, hw=hw)


def _unknown(path: Path) -> Refused:
    return Refused("recipient-unknown", f"“{path}” names no box. Use what `stall keys show --json` printed there.")
