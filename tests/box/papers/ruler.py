"""A pen that only looks at what is drawn where."""

from __future__ import annotations

from dataclasses import dataclass, field

from stall.box.papers import setting
from stall.box.papers.colours import Colour
from stall.box.papers.faces import Name
from stall.i18n.letters import is_right_to_left


@dataclass
class Ruler:
    """A pen that only looks at where things come to lie."""

    wide: list[tuple[float, float, str]] = field(default_factory=list)
    low: float = 0.0

    def write(self, x: float, y: float, face: Name, text: str, size: float, colour: Colour) -> None:
        if not is_right_to_left(text):
            assert "".join(run.text for run in setting.runs(face, text)) == text
        self.wide.append((x, x + setting.width(face, text) * size, text))
        self.low = max(self.low, y)

    def rule(self, x: float, y: float, to_x: float, to_y: float, width: float, colour: Colour) -> None:
        self.low = max(self.low, y, to_y)

    def box(
        self, x: float, y: float, width: float, height: float, fill: Colour | None, edge: Colour | None, line: float
    ) -> None:
        self.wide.append((x, x + width, "a box"))

    def seal(self, digest: bytes, x: float, y: float, side: float, colour: Colour) -> None:
        self.wide.append((x, x + side, "the seal"))

    def code(self, holds: str, x: float, y: float, side: float) -> None:
        self.wide.append((x, x + side, "the code"))
        self.low = max(self.low, y + side)
