"""What draws: a few marks that both PDF and picture can make, and a stage that keeps them until it is known that they fit.

Lengths are those of the page (mm in a PDF, dots in a picture), y goes down, text stands on its baseline.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Literal, Protocol

from stall.box.papers import faces, setting
from stall.box.papers.faces import Name

Colour = tuple[int, int, int]
INK: Colour = (25, 23, 20)
QUIET: Colour = (98, 92, 82)
LINE: Colour = (208, 202, 188)
ACCENT: Colour = (18, 89, 75)
PAPER: Colour = (255, 255, 255)
#: Ink and paper of what is said of the grade, by its tone; the same as on pages (static/tokens.css).
TONES: dict[str, tuple[Colour, Colour]] = {
    "good": ((28, 106, 55), (230, 242, 230)),
    "warn": ((125, 79, 0), (251, 240, 214)),
    "bad": ((160, 33, 25), (251, 231, 227)),
}
#: The glyph of each mark; DejaVu has them all.
MARKS = {"ok": "✓", "part": "◐", "wait": "◔", "cross": "✗", "stop": "⊘"}
Align = Literal["left", "middle", "right"]


class Pen(Protocol):
    """Makes marks on a page."""

    def write(self, x: float, y: float, face: Name, text: str, size: float, colour: Colour) -> None:
        """Write a line that can be drawn, from `x` on."""

    def rule(self, x: float, y: float, to_x: float, to_y: float, width: float, colour: Colour) -> None:
        """Draw a line."""

    def box(self, x: float, y: float, width: float, height: float, fill: Colour | None, edge: Colour | None, line: float) -> None:  # fmt: skip
        """Draw a rectangle, filled or edged or both."""

    def seal(self, digest: bytes, x: float, y: float, side: float, colour: Colour) -> None:
        """Draw a certificate's seal."""

    def code(self, holds: str, x: float, y: float, side: float) -> None:
        """Draw a QR code, quiet zone included."""


@dataclass
class Stage:
    """Keeps what is to be drawn, and what of the text no face here has."""

    marks: list[Callable[[Pen], None]] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    def replay(self, pen: Pen) -> None:
        """Draw it all."""
        for mark in self.marks:
            mark(pen)

    def rule(self, x: float, y: float, to_x: float, to_y: float, width: float, colour: Colour) -> None:
        """As a pen."""
        self.marks.append(lambda pen: pen.rule(x, y, to_x, to_y, width, colour))

    def box(self, x: float, y: float, width: float, height: float, fill: Colour | None, edge: Colour | None, line: float = 0.25) -> None:  # fmt: skip
        """As a pen."""
        self.marks.append(lambda pen: pen.box(x, y, width, height, fill, edge, line))

    def seal(self, digest: bytes, x: float, y: float, side: float, colour: Colour) -> None:
        """As a pen."""
        self.marks.append(lambda pen: pen.seal(digest, x, y, side, colour))

    def code(self, holds: str, x: float, y: float, side: float) -> None:
        """As a pen."""
        self.marks.append(lambda pen: pen.code(holds, x, y, side))

    def line(self, x: float, y: float, face: Name, text: str, size: float, colour: Colour = INK, align: Align = "left") -> float:  # fmt: skip
        """Write one line at, around or before `x`; return how wide it is."""
        clean = self.clean(face, text)
        wide = setting.width(face, clean) * size
        start = x - {"left": 0.0, "middle": wide / 2, "right": wide}[align]
        if clean:
            self.marks.append(lambda pen: pen.write(start, y, face, clean, size, colour))
        return wide

    def text(
        self, x: float, y: float, width: float, face: Name, text: str, size: float, colour: Colour = INK, *,
        leading: float = 1.35, align: Align = "left", most: int = 0,
    ) -> float:  # fmt: skip
        """Write text below `y` in lines no wider than `width`; return where it ends."""
        lines = self.broken(face, text, size, width)
        return self.lines(
            x,
            y,
            width,
            face,
            setting.cut_to(lines, most) if most else lines,
            size,
            colour,
            leading=leading,
            align=align,
        )

    def lines(
        self, x: float, y: float, width: float, face: Name, lines: list[str], size: float, colour: Colour = INK, *,
        leading: float = 1.35, align: Align = "left",
    ) -> float:  # fmt: skip
        """Write lines that are broken already below `y`; return where they end."""
        at = x + {"left": 0.0, "middle": width / 2, "right": width}[align]
        for line in lines:
            right = align == "left" and faces.is_right_to_left(line)
            self.line(x + width if right else at, y + size * (leading + 0.72) / 2, face, line, size, colour, "right" if right else align)  # fmt: skip
            y += size * leading
        return y

    def broken(self, face: Name, text: str, size: float, width: float) -> list[str]:
        """The lines a text takes."""
        return setting.wrap(self.clean(face, text), width / size, lambda part: setting.width(face, part))

    def clean(self, face: Name, text: str) -> str:
        """The text as it can be drawn; what cannot is noted."""
        clean, whole = _drawable(face, text)
        if not whole and text not in self.missing:
            self.missing.append(text)
        return clean


@cache
def squares(holds: str) -> list[list[bool]]:
    """The dark squares of a QR code with four light ones around (ISO/IEC 18004); level M, or L where that keeps it small."""
    from qrcode import constants  # noqa: PLC0415 - only where a code is drawn
    from qrcode.main import QRCode  # noqa: PLC0415 - as above

    for level in (constants.ERROR_CORRECT_M, constants.ERROR_CORRECT_L):
        code = QRCode(error_correction=level, border=4)
        code.add_data(holds, optimize=0)
        code.make(fit=True)
        if code.version <= LARGEST_CODE:
            break
    return [[bool(cell) for cell in row] for row in code.get_matrix()]


#: 41 squares a side: what a phone reads off a phone, and off paper of 30 mm.
LARGEST_CODE = 6


@cache
def _drawable(face: Name, text: str) -> tuple[str, bool]:
    return faces.drawable(face, text)
