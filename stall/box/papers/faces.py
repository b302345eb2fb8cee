"""The faces papers are set in, and which signs each has: DejaVu, which comes with the stall, and Noto Sans CJK where the system has it.

Signs that no face has are never drawn as boxes: they are left out, `…` stands for them, and whoever draws says so.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from fontTools.ttLib import TTFont

from stall.i18n import letters

FONTS = Path(__file__).resolve().parents[2] / "fonts"
Name = Literal["serif", "sans", "bold", "mono", "cjk"]
FILES: dict[Name, Path] = {
    "serif": FONTS / "DejaVuSerifCondensed.ttf",
    "sans": FONTS / "DejaVuSans.ttf",
    "bold": FONTS / "DejaVuSans-Bold.ttf",
    "mono": FONTS / "DejaVuSansMono.ttf",
}
#: What stands for signs that no face has.
MISSING = "…"
#: Marks on one letter beyond which it is no letter any more, and climbs into other lines.
_MOST_MARKS = 3
_WIDEST = 3.0
#: What chooses how the sign before it looks, and what nobody sees.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def file_of(name: Name) -> Path:
    """Where a face lies. Raises FileNotFoundError for Chinese, Japanese and Korean where the system has none."""
    path = letters.cjk() if name == "cjk" else FILES[name]
    if path is None:
        raise FileNotFoundError(name)
    return path


@dataclass(frozen=True)
class Face:
    """One face: the glyph of each sign, and how wide it is in parts of `em`."""

    glyphs: dict[int, str]
    widths: dict[str, tuple[int, int]]
    em: int

    def width(self, sign: str) -> float | None:
        """How wide a sign is, as a share of its size; None where the face has none of it."""
        glyph = self.glyphs.get(ord(sign))
        return None if glyph is None else self.widths[glyph][0] / self.em


@cache
def face(name: Name) -> Face | None:
    """Read a face, once a process; None for Chinese, Japanese and Korean where the system has none."""
    try:
        path = file_of(name)
    except FileNotFoundError:
        return None
    with TTFont(path, fontNumber=0, lazy=True) as opened:
        font: Any = opened
        return Face(font.getBestCmap(), font["hmtx"].metrics, font["head"].unitsPerEm)


@cache
def placed(first: Name, sign: str) -> tuple[Name, float] | None:
    """Which face draws a sign that should be set in `first`, and how wide; None where none does."""
    others: tuple[Name, ...] = ("sans", "cjk")
    for name in (first, *others):
        found = face(name)
        width = None if found is None else found.width(sign)
        if width is not None and width <= _WIDEST:
            return name, width
    return None


def plain(text: str) -> str:
    """Text as it is set: NFC, one line, nothing that moves other signs or that nobody sees, few marks on one letter."""
    made: list[str] = []
    marks = 0
    for sign in unicodedata.normalize("NFC", text):
        kind = unicodedata.category(sign)
        if is_mark(sign):
            marks += 1
            if marks > _MOST_MARKS or not made:
                continue
        else:
            marks = 0
        if sign in "\t\n\r\u2028\u2029" or (kind == "Zs" and sign not in "\u00a0\u202f"):
            made.append(" ")
        elif kind not in _UNSEEN and not 0xFE00 <= ord(sign) <= 0xFE0F:  # noqa: PLR2004 - selectors of variants
            made.append(sign)
    return " ".join("".join(made).split(" ")).strip()


def drawable(first: Name, text: str) -> tuple[str, bool]:
    """The text as it can be drawn, and whether that is all of it. A mark that its letter's face lacks counts as missing."""
    clean = plain(text)
    only: Name | None = (
        "sans" if letters.is_right_to_left(clean) else None
    )  # one face draws such a line whole, or its order is lost
    kept: list[str] = []
    before: Name | None = None
    for sign in clean:
        found = placed(only or (before or first if is_mark(sign) else first), sign)
        here = None if found is None else found[0]
        if (only and here != only) or (is_mark(sign) and here != before):
            here = None
        kept.append("\0" if here is None else sign)
        before = before if is_mark(sign) else here
    if "\0" not in kept:
        return clean, bool(clean) or not text
    return MISSING.join(part for part in _between("".join(kept))), False


def is_mark(sign: str) -> bool:
    """Whether a sign stands on the one before it."""
    return unicodedata.category(sign) in {"Mn", "Me"}


def _between(text: str) -> Iterator[str]:
    """The parts between runs of missing signs; several in a row are one."""
    parts = text.split("\0")
    yield parts[0]
    for at, part in enumerate(parts[1:], 1):
        if part or at == len(parts) - 1:
            yield part
