"""Text from outside as it may be shown: names of files, members and types, texts of documents, words somebody typed.

A terminal obeys control characters, and a line feed in a name makes a line of its own that looks as if we had said it.
"""

from __future__ import annotations

import re
import unicodedata

MOST_NAME = 120
"""Characters of a name that are shown."""

MOST_LINE = 4000
"""Characters of a line that are shown; no honest one is as long."""

_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_JOINERS = "\u200c\u200d"  # Persian and families of people need them, and they move nothing
_CUT = "…"
_PLAIN_NAME = re.compile(r"[\w./+@~()\[\]{}#=%&!-]+")


def line(text: str, most: int = MOST_LINE) -> str:
    """Write text as one line: what would move, hide or recolour anything is written as an escape, like \\n or \\u202e."""
    if text.isascii() and text.isprintable() and len(text) <= most:
        return text
    cut = text if len(text) <= most else text[: most - 1] + _CUT
    return "".join(char if _is_harmless(char) else _escape(char) for char in cut)


def name(text: str) -> str:
    """Write a name that somebody else chose: as `line`, shortened, and in quotes unless it could be nothing but a name."""
    return text if len(text) <= MOST_NAME and _PLAIN_NAME.fullmatch(text) else quoted(text)


def quoted(text: str) -> str:
    """Write a name that somebody else chose in quotes, as a sentence has it: as `line`, shortened."""
    return "“" + line(text, MOST_NAME).replace("“", "\\u201c").replace("”", "\\u201d") + "”"


def _is_harmless(char: str) -> bool:
    kind = unicodedata.category(char)
    return char in _JOINERS or not (kind.startswith("C") or kind in {"Zl", "Zp"})


def _escape(char: str) -> str:
    code = ord(char)
    wide = f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004 - as Python writes them
    return _SHORT.get(char, wide)
