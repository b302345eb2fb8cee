"""Marks in a picture, drawn at twice its size and made smaller, so that lines are smooth. Few colours, so that it is small."""

from __future__ import annotations

import io

from PIL import Image, ImageDraw
from PIL.PngImagePlugin import PngInfo

from stall.box.papers import letters, setting
from stall.box.papers.colours import Colour
from stall.box.papers.faces import Name
from stall.box.papers.pens import TENTHS, squares
from stall.domain.papersheet import Inside
from stall.i18n.letters import is_right_to_left
from stall.wire import seal as seals
from stall.wire.inside import KEYWORD

_TWICE = 2
_COLOURS = 128


class PngPen:
    """A picture in the making."""

    def __init__(self, size: tuple[int, int]) -> None:
        """Begin with a white one, in dots."""
        self._size = size
        self._picture = Image.new("RGB", (size[0] * _TWICE, size[1] * _TWICE), (255, 255, 255))
        self._draw = ImageDraw.Draw(self._picture)
        self._codes: list[tuple[str, float, float, float]] = []

    def made(self, inside: Inside) -> bytes:
        """The picture as PNG, the signed paper in it."""
        small = self._picture.resize(self._size, Image.Resampling.BOX)
        for holds, x, y, side in self._codes:
            small.paste(_code(holds, round(side)), (round(x), round(y)))
        few = small.quantize(_COLOURS, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
        told, out = PngInfo(), io.BytesIO()
        told.add_itxt(KEYWORD.decode(), inside.text, zip=False)
        few.save(out, "PNG", pnginfo=told, optimize=False, compress_level=9)
        return out.getvalue()

    def write(self, x: float, y: float, face: Name, text: str, size: float, colour: Colour) -> None:
        """Write a line, face by face."""
        at, line, dots = x * _TWICE, y * _TWICE, max(1, round(size * _TWICE))
        if is_right_to_left(text):
            self._draw.text((at, line), text, fill=colour, font=letters.font("sans", dots), anchor="ls")
            return
        for run in setting.runs(face, text):
            self._draw.text((at, line), run.text, fill=colour, font=letters.font(run.face, dots), anchor="ls")
            at += run.width * size * _TWICE

    def rule(self, x: float, y: float, to_x: float, to_y: float, width: float, colour: Colour) -> None:
        """Draw a line."""
        points = [(x * _TWICE, y * _TWICE), (to_x * _TWICE, to_y * _TWICE)]
        self._draw.line(points, fill=colour, width=max(1, round(width * _TWICE)))

    def box(self, x: float, y: float, width: float, height: float, fill: Colour | None, edge: Colour | None, line: float) -> None:  # fmt: skip
        """Draw a rectangle."""
        corners = (x * _TWICE, y * _TWICE, (x + width) * _TWICE - 1, (y + height) * _TWICE - 1)
        self._draw.rectangle(corners, fill=fill, outline=edge, width=max(1, round(line * _TWICE)) if edge else 0)

    def seal(self, digest: bytes, x: float, y: float, side: float, colour: Colour) -> None:
        """Draw the seal four times its size on a picture of its own, even-odd as everywhere, and make it smaller."""
        dots = round(side * _TWICE)
        large = 2 * dots
        scale = large / seals.BOX
        drawn = Image.new("L", (large, large), 0)
        for line in seals.lines(digest):
            points = [(px * scale, py * scale) for px, py in line.points]
            if line.tone:
                drawn.paste(255 * line.tone // TENTHS, mask=_even_odd(points, large))
            ImageDraw.Draw(drawn).line([*points, *points[:2]], fill=255, width=max(1, round(line.width * scale)), joint="curve")  # fmt: skip
        mask = drawn.resize((dots, dots), Image.Resampling.BOX)
        self._picture.paste(colour, (round(x * _TWICE), round(y * _TWICE)), mask)

    def code(self, holds: str, x: float, y: float, side: float) -> None:
        """Draw the code last, in whole dots."""
        self._codes.append((holds, x, y, side))


def _code(holds: str, side: int) -> Image.Image:
    rows = squares(holds)
    small = Image.new("L", (len(rows), len(rows)), 255)
    small.putdata([0 if cell else 255 for row in rows for cell in row])
    times = max(1, side // len(rows))
    whole = small.resize((len(rows) * times, len(rows) * times), Image.Resampling.NEAREST)
    out = Image.new("RGB", (side, side), (255, 255, 255))
    out.paste(whole, ((side - whole.width) // 2, (side - whole.height) // 2))
    return out


def _even_odd(points: list[tuple[float, float]], side: int) -> Image.Image:
    """What lies inside a closed line that crosses itself, by the even-odd rule: spans between crossings, row by row."""
    crossings: list[list[float]] = [[] for _ in range(side)]
    for (x, y), (to_x, to_y) in zip(points, [*points[1:], points[0]], strict=True):
        if y == to_y:
            continue
        (top_x, top), (bottom_x, bottom) = ((x, y), (to_x, to_y)) if y < to_y else ((to_x, to_y), (x, y))
        slope = (bottom_x - top_x) / (bottom - top)
        for row in range(max(0, int(top + 0.5)), min(side, int(bottom + 0.5))):
            crossings[row].append(top_x + (row + 0.5 - top) * slope)
    mask = Image.new("1", (side, side), 0)
    pen = ImageDraw.Draw(mask)
    for row, found in enumerate(crossings):
        found.sort()
        for start, end in zip(found[::2], found[1::2], strict=False):
            pen.line((start, row, end, row), fill=1)
    return mask
