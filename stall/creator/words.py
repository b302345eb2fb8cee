"""The words a creator gives a drop: title, licence, description, language. Each is refused at once, by one clear sentence."""

from __future__ import annotations

import re
import unicodedata

from stall.errors import Refused
from stall.wire.claims import MAX_TEXT

MOST_DESC = 2000
_LANG = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_OVERRIDES = {*map(chr, range(0x202A, 0x202F)), *map(chr, range(0x2066, 0x206A))}


def title(text: str) -> str:
    """Check a title. Raises Refused `pack-words`."""
    return _checked("title", text, MAX_TEXT)


def licence(text: str) -> str:
    """Check a licence. Raises Refused `pack-words`."""
    return _checked("licence", text, MAX_TEXT)


def description(text: str) -> str:
    """Check a description, which may be empty and have several lines. Raises Refused `pack-words`."""
    return _checked("description", text, MOST_DESC, lines=True) if text else ""


def language(text: str) -> str:
    """Check the language of a description. Raises Refused `pack-language`."""
    if _LANG.fullmatch(text) is None or len(text) > 35:  # noqa: PLR2004 - protocol.md 5.1
        raise Refused("pack-language", f"“{text[:40]}” is no language. Write its two letters, like en or de.")
    return text


def _checked(what: str, text: str, most: int, *, lines: bool = False) -> str:
    whole = unicodedata.normalize("NFC", text)
    if not whole.strip():
        raise Refused("pack-words", f"The {what} is empty. Write one.")
    if len(whole) > most:
        raise Refused("pack-words", f"The {what} has {len(whole):,} characters, and {most:,} is the most. Shorten it.")
    for letter in whole:
        if letter in _OVERRIDES or (unicodedata.category(letter) in {"Cc", "Cs"} and not (lines and letter == "\n")):
            raise Refused(
                "pack-words",
                f"The {what} holds a character that nobody sees (U+{ord(letter):04X}), and that can turn words around or end"
                " the line. Take it out.",
            )
    return whole
