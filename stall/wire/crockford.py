"""Crockford's base 32: digits and capitals that people read aloud and type without mixing them up."""

from __future__ import annotations

import re
from collections.abc import Iterable

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
BITS = 5

_VALUE = {char: value for value, char in enumerate(ALPHABET)}
_MISREAD = str.maketrans("OIL", "011")
_SEPARATORS = re.compile(r"[\s\-\u2010-\u2015]+")


def write(number: int, signs: int) -> str:
    """Spell `number` in exactly so many signs, leading bits zero; what does not fit is left out."""
    return "".join(ALPHABET[number >> shift & 31] for shift in range(BITS * (signs - 1), -1, -BITS))


def values(text: str) -> list[int] | None:
    """Read signs as people type them: any case, spaces and hyphens ignored, O read as 0, I and L as 1.

    Gives the value of each sign, 0 to 31, or None if any other sign is among them.
    """
    typed = _SEPARATORS.sub("", text)
    if not typed.isascii():  # capitals of other letters may be ours: that of ß is SS
        return None
    typed = typed.upper().translate(_MISREAD)
    return [_VALUE[char] for char in typed] if all(char in _VALUE for char in typed) else None


def number(signs: Iterable[int]) -> int:
    """Put the values of signs together to the number they spell."""
    total = 0
    for value in signs:
        total = total << BITS | value
    return total


def grouped(text: str) -> str:
    """Break what is spelled into groups of four for reading aloud and typing."""
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))
