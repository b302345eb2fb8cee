"""A stage: keeps what is to be drawn until it is known that it fits, and breaks text into lines for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Literal

from stall.box.papers import faces, setting
from stall.box.papers.colours import INK, Colour
from stall.box.papers.faces import Name
from stall.box.papers.pens import Pen
from stall.i18n.letters import is_right_to_left

Align = Literal["left", "middle", "right"]


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
            right = align == "left" and is_right_to_left(line)
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
def _drawable(face: Name, text: str) -> tuple[str, bool]:
    return faces.drawable(face, text)
