"""Letters drawn by us, for what the printer has none of: DejaVu, which comes with the stall, and Noto Sans CJK where the system has it.

A letter of the printer is 12 by 24 dots, and so are ours in DejaVu Sans Mono; other faces are as wide as they are. What no face has is
left out and said to be: `[...]` stands for it, never an empty box.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import groupby
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, features

from stall.i18n.letters import CJK, cjk, is_right_to_left

FONTS = Path(__file__).resolve().parent.parent.parent / "fonts"
CELL = 12
LINE = 30
#: What stands for signs that no face has.
MISSING = "[...]"

_SIZE = {"mono": 20, "sans": 21, "cjk": 22}
_BASELINE = 21
_NOT_A_SIGN = "\U0010ffff"
#: Joiners and selectors choose how the sign before them looks; without them it is still that sign.
_IGNORED = frozenset("\u200b\u200c\u200d\u2060\ufeff") | {chr(number) for number in range(0xFE00, 0xFE10)}
_DARK = 128


@dataclass(frozen=True, slots=True)
class Face:
    """One font file. `kind` says how large it is drawn to go with the others."""

    path: Path
    kind: str


def vendored() -> tuple[Face, ...]:
    """The faces that are always there."""
    return Face(FONTS / "DejaVuSansMono.ttf", "mono"), Face(FONTS / "DejaVuSans.ttf", "sans")


def of_system(paths: Sequence[Path] = CJK) -> tuple[Face, ...]:
    """The face for Chinese, Japanese and Korean, where the system has it."""
    path = cjk(paths)
    return () if path is None else (Face(path, "cjk"),)


class Lettering:
    """Faces in the order they are asked, and what can be said and drawn with them."""

    def __init__(self, faces: Sequence[Face] | None = None, *, right_to_left: bool | None = None) -> None:
        """Take the faces; without any those that are there. `right_to_left`: whether such lines can be set, asked of the imaging library."""
        self._faces = tuple(faces or (*vendored(), *of_system()))
        self._bidi = can_set_right_to_left() if right_to_left is None else right_to_left

    def printable(self, text: str) -> tuple[str, bool]:
        """The text as it can be printed, and whether that is all of it."""
        plain = "".join(_plain(text))
        if plain.isascii():
            return plain, True
        whole = self._printable_right_to_left(plain) if is_right_to_left(plain) else self._printable(plain)
        if whole == plain:
            return plain, True
        indent = plain[: len(plain) - len(plain.lstrip(" "))]
        return indent + _once(" ".join(whole.split())), False

    def width(self, text: str, scale: int = 1) -> int:
        """How many dots a line of text takes, drawn `scale` times as large."""
        if text.isascii():
            return CELL * scale * len(text)
        return sum(int(-(-font.getlength(run) // 1)) for font, run in self._runs(text, scale))

    def draw(self, left: str, right: str, dots: int, *, bold: bool, centred: bool, scale: int) -> Image.Image:
        """One line as a picture of black dots on white, only as wide as it must be (`dots` at most)."""
        width = self.width(left, scale)
        start = (dots - width) // 2 if centred else 0
        spans = [(max(start, 0), left)]
        if right:
            spans.append((max(dots - self.width(right, scale) - bold, 0), right))
        picture = Image.new("L", (dots, LINE * scale), 255)
        pen = ImageDraw.Draw(picture)
        pen.fontmode = "1"  # hinted to whole dots: a printer has no grey
        for at, text in spans:
            for shift in range(1 + bold):  # bold is struck twice, a dot apart, as printers do it
                self._write(pen, at + shift, text, scale)
        dark = picture.point(lambda level: 255 * (level < _DARK)).getbbox()
        return picture.crop((0, 0, dark[2] if dark else 8, picture.height)).convert("1")

    def _write(self, pen: ImageDraw.ImageDraw, at: float, text: str, scale: int) -> None:
        for font, run in self._runs(text, scale):
            pen.text((at, _BASELINE * scale), run, fill=0, font=font, anchor="ls")
            at += font.getlength(run)

    def _runs(self, text: str, scale: int) -> Iterator[tuple[ImageFont.FreeTypeFont, str]]:
        """The text in pieces of one face each. What is read from the right stays in one piece, or its order is lost."""
        if is_right_to_left(text):
            face = self._one_for(text)
            if face is not None:
                yield _font(face, scale, shaped=True), text
            return
        for face, signs in groupby(self._faced(text), key=lambda pair: pair[0]):
            yield _font(face, scale, shaped=face.kind != "mono"), "".join(sign for _, sign in signs)

    def _faced(self, text: str) -> Iterator[tuple[Face, str]]:
        """Each sign with its face; an accent stays with the letter it is on."""
        before = self._faces[0]
        for sign in text:
            if not unicodedata.combining(sign):
                before = self._first_with(sign) or self._faces[0]
            yield before, sign

    def _first_with(self, sign: str) -> Face | None:
        return next((face for face in self._faces if _has(face, sign)), None)

    def _one_for(self, text: str) -> Face | None:
        return next((face for face in self._faces if all(_has(face, sign) for sign in text)), None)

    def _printable(self, text: str) -> str:
        missing = groupby(text, key=lambda sign: self._first_with(sign) is None)
        return "".join(f" {MISSING} " if gone else "".join(signs) for gone, signs in missing)

    def _printable_right_to_left(self, text: str) -> str:
        if self._bidi and self._one_for(text) is not None:
            return text
        left = "".join(sign if not is_right_to_left(sign) else "\ufffd" for sign in text)
        return self._printable(left.replace("\ufffd", _NOT_A_SIGN))


def can_set_right_to_left() -> bool:
    """Whether the imaging library can order and join such letters: it needs FriBiDi of the system."""
    return bool(features.check("raqm") and features.check("fribidi"))


def _once(text: str) -> str:
    """Two gaps side by side are one."""
    while f"{MISSING} {MISSING}" in text:
        text = text.replace(f"{MISSING} {MISSING}", MISSING)
    return text


def _plain(text: str) -> Iterator[str]:
    """The signs that are drawn: no controls, no joiners; every kind of space is one."""
    for sign in unicodedata.normalize("NFC", text):
        if sign in _IGNORED:
            continue
        yield " " if sign.isspace() or unicodedata.category(sign) in {"Cc", "Cf"} else sign


@cache
def _font(face: Face, scale: int, *, shaped: bool) -> ImageFont.FreeTypeFont:
    how = ImageFont.Layout.RAQM if shaped and can_set_right_to_left() else ImageFont.Layout.BASIC
    return ImageFont.truetype(str(face.path), _SIZE[face.kind] * scale, layout_engine=how)


@lru_cache(maxsize=4096)
def _has(face: Face, sign: str) -> bool:
    """Whether a face has a sign: what it draws for it is not what it draws for no sign."""
    if sign.isspace():
        return True
    if sign == _NOT_A_SIGN:
        return False
    font = _font(face, 1, shaped=False)
    return _drawn(font, sign) != _drawn(font, _NOT_A_SIGN)


def _drawn(font: ImageFont.FreeTypeFont, sign: str) -> tuple[tuple[int, int], bytes]:
    mask = font.getmask(sign, "1")
    return mask.size, bytes(mask)
