"""Names what was handed in and is no whole paper: cut off, altered as it was saved, or a secret. Nothing is kept of it."""

from __future__ import annotations

import re

from stall.errors import Refused, StallError
from stall.wire import keyfile, ownercode, tlogproof

_MARK = b"\xef\xbb\xbf"
_TOKEN_BEGINS = b"eyJ"  # base64url of what the head of every token begins with
_TOKEN = re.compile(rb"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{86}")
_PART = re.compile(rb"[A-Za-z0-9_-]{3,}(\.[A-Za-z0-9_-]*){0,2}")
_PAPERS_BEGIN = (b"{", _TOKEN_BEGINS, b"stall.example/box/", tlogproof.HEAD.encode())
_SHEET = b"recovery sheet"
_MOST_TYPED = 200


def is_whole(text: bytes) -> bool:
    """Tell whether this could be a token, by its look."""
    return _TOKEN.fullmatch(text) is not None


def refusal(name: str, data: bytes) -> Refused:
    """Say what is the matter with a file that is no paper."""
    text = data.strip()
    if (kept := _secret(text)) is not None:
        return Refused(
            "verify-secret",
            f"“{name}” is {kept}: a secret, and no paper to check. Keep it where nobody sees it, and hand it to nobody.",
        )
    if text.startswith(_MARK) and text.removeprefix(_MARK).lstrip().startswith(_PAPERS_BEGIN):
        return _incomplete(name, "was altered as it was saved (a byte order mark stands before it)")
    if text.startswith(_TOKEN_BEGINS) and is_whole(b"".join(text.split())):
        return _incomplete(name, "was altered as it was saved (lines or spaces were put into it)")
    if text.startswith(_TOKEN_BEGINS) and _PART.fullmatch(b"".join(text.split())):
        return _incomplete(name, "is a part of a signed paper, cut off or altered")
    if text.startswith(_PAPERS_BEGIN[2:]):
        return _incomplete(name, "is a part of a checkpoint or proof, cut off or altered")
    return Refused(
        "verify-unknown",
        f"“{name}” is no paper of a stall. Give a pack, a token, a certificate, a checkpoint or an exported journal.",
    )


def _incomplete(name: str, what: str) -> Refused:
    return Refused("verify-incomplete", f"“{name}” {what}. Get it again, and keep it as it comes.")


def _secret(text: bytes) -> str | None:
    """Name the secret a file holds, or None."""
    if _SHEET in text[:65536].lower():
        return "a recovery sheet"
    if text.startswith(b"{"):
        try:
            keyfile.parse(text)
        except StallError:
            return None
        return "a key file"
    if len(text) > _MOST_TYPED:
        return None
    try:
        ownercode.decode(text.decode("utf-8", "replace"))
    except StallError:
        return None
    return "an owner code"
