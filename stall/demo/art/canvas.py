"""The sheet of paper under the demo's art prints: inks, edges without steps, grain, and the JPEG.

A sheet is drawn at twice its size and halved at the end, which smooths every edge at the price of one pass. Nothing
here knows a motif; the motifs are in `landscapes`, `patterns` and `figures`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from random import Random

from PIL import Image, ImageChops, ImageDraw

WIDTH, HEIGHT = 1600, 2000  # pixels of the finished print
MARGIN = 100  # pixels of bare paper around the picture
SCALE = 2  # drawn this many times larger
JPEG_QUALITY = 88
_HAIRLINE = 5  # pixels of the drawing up to which a line needs no rounded corners
GRAIN = 5  # how far, in steps of 255, the paper's grain moves a pixel

Point = tuple[float, float]
Ink = tuple[int, int, int]


def ink(code: str) -> Ink:
    """Give the colour written as six hex digits."""
    return int(code[0:2], 16), int(code[2:4], 16), int(code[4:6], 16)


def inks(codes: str) -> list[Ink]:
    """Give the colours of a palette written as hex codes with spaces between."""
    return [ink(code) for code in codes.split()]


def mix(one: Ink, other: Ink, share: float) -> Ink:
    """Blend two colours; `share` 0 is all `one`, 1 all `other`."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


class Sheet:
    """One print being made: a drawing surface of `width` by `height` units, whatever its pixels."""

    def __init__(self, paper: str, ground: str, rng: Random) -> None:
        """Take the colour of the margin and of the picture's ground, and the source of all chance."""
        self.paper, self.ground, self.rng = ink(paper), ink(ground), rng
        self.width, self.height = WIDTH - 2 * MARGIN, HEIGHT - 2 * MARGIN
        self.image = Image.new("RGB", (self.width * SCALE, self.height * SCALE), self.ground)
        self._draw = ImageDraw.Draw(self.image)

    def polygon(self, points: Iterable[Point], fill: Ink) -> None:
        """Fill the outline through `points`."""
        self._draw.polygon([(x * SCALE, y * SCALE) for x, y in points], fill=fill)

    def line(self, points: Sequence[Point], fill: Ink, width: float) -> None:
        """Draw through `points`, `width` units thick; corners are rounded where they would be seen."""
        path = [(x * SCALE, y * SCALE) for x, y in points]
        thick = max(1, round(width * SCALE))
        self._draw.line(path, fill=fill, width=thick, joint="curve" if thick > _HAIRLINE else None)

    def segment(self, start: Point, end: Point, fill: Ink, width: float) -> None:
        """Draw one straight stroke."""
        (x1, y1), (x2, y2) = start, end
        box = (x1 * SCALE, y1 * SCALE, x2 * SCALE, y2 * SCALE)
        self._draw.line(box, fill=fill, width=max(1, round(width * SCALE)))

    def box(self, left: float, top: float, right: float, bottom: float, fill: Ink) -> None:
        """Fill an upright rectangle."""
        if right > left and bottom > top:
            self._draw.rectangle((left * SCALE, top * SCALE, right * SCALE - 1, bottom * SCALE - 1), fill=fill)

    def disc(self, x: float, y: float, radius: float, fill: Ink) -> None:
        """Fill a circle around (x, y)."""
        self._draw.ellipse(self._around(x, y, radius), fill=fill)

    def ring(self, x: float, y: float, radius: float, stroke: Ink, width: float) -> None:
        """Draw a circle's line, `width` units thick, inside its radius."""
        self._draw.ellipse(self._around(x, y, radius), outline=stroke, width=max(1, round(width * SCALE)))

    def sector(self, x: float, y: float, radius: float, start: float, end: float, fill: Ink) -> None:
        """Fill a slice of a circle between two angles in degrees, clockwise from three o'clock."""
        self._draw.pieslice(self._around(x, y, radius), start, end, fill=fill)

    def arc(self, x: float, y: float, radius: float, start: float, end: float, stroke: Ink, width: float) -> None:
        """Draw part of a circle's line between two angles in degrees, inside its radius."""
        self._draw.arc(self._around(x, y, radius), start, end, fill=stroke, width=max(1, round(width * SCALE)))

    def fade(self, top: float, bottom: float, stops: Sequence[Ink]) -> None:
        """Lay colours running into each other from `top` down to `bottom`."""
        column = Image.new("RGB", (1, len(stops)))
        column.putdata(list(stops))
        height = round((bottom - top) * SCALE)
        # A tall narrow strip first: blending once per row, then only widening.
        strip = column.resize((1, height), Image.Resampling.BILINEAR)
        self.image.paste(strip.resize((self.image.width, height)), (0, round(top * SCALE)))

    def plate(self) -> tuple[Image.Image, ImageDraw.ImageDraw]:
        """Give an empty plate of the sheet's pixels and a pen on it, for `overlay`."""
        image = Image.new("L", self.image.size, 0)
        return image, ImageDraw.Draw(image)

    def relief(self, cells: int) -> Image.Image:
        """Give smooth hills of chance, `cells` across, as mode L at the sheet's pixels."""
        rows = cells * self.height // self.width + 1
        heights = bytes(48 + value * 160 // 255 for value in self.rng.randbytes(cells * rows))
        coarse = Image.frombytes("L", (cells, rows), heights)  # room left, as the curves overshoot
        # Floating point until the end: rounding between the two passes would show as steps.
        return coarse.convert("F").resize(self.image.size, Image.Resampling.BICUBIC).convert("L")

    def overlay(self, levels: Image.Image, colours: Sequence[Ink]) -> None:
        """Cover the picture: a pixel of `levels` (mode L) with value n gets `colours[n]`."""
        table = [colours[min(level, len(colours) - 1)] for level in range(256)]
        parts = [levels.point([colour[part] for colour in table]) for part in range(3)]
        self.image.paste(Image.merge("RGB", parts), (0, 0))

    def chance(self, share: float) -> bool:
        """Say yes in `share` of all times asked."""
        return self.rng.random() < share

    def finish(self) -> Image.Image:
        """Halve the drawing, set it on its paper, and give both the paper's grain."""
        print_ = Image.new("RGB", (WIDTH, HEIGHT), self.paper)
        print_.paste(self.image.reduce(SCALE), (MARGIN, MARGIN))
        return grained(print_, self.rng)

    @staticmethod
    def _around(x: float, y: float, radius: float) -> tuple[float, float, float, float]:
        return (
            (x - radius) * SCALE,
            (y - radius) * SCALE,
            (x + radius) * SCALE,
            (y + radius) * SCALE,
        )


def grained(image: Image.Image, rng: Random) -> Image.Image:
    """Give `image` the grain of paper, light and dark by turns around its own colours."""
    noise = Image.frombytes("L", image.size, rng.randbytes(image.width * image.height))
    gentle = noise.point([128 - GRAIN + (2 * GRAIN * value) // 255 for value in range(256)])
    return ImageChops.add(image, Image.merge("RGB", (gentle,) * 3), 1, -128)


def wave(rng: Random, parts: int) -> Callable[[float], float]:
    """Give a smooth curve of chance over any x in periods, between about -1 and 1."""
    waves = [(rng.uniform(0.6, 1.4) * (part + 1), rng.uniform(0, math.tau), 1 / (part + 1)) for part in range(parts)]
    height = sum(size for _, _, size in waves)
    return lambda x: sum(s * math.sin(math.tau * f * x + p) for f, p, s in waves) / height


def save(image: Image.Image, path: Path) -> None:
    """Write `image` as the JPEG at `path`."""
    image.save(path, "JPEG", quality=JPEG_QUALITY, subsampling="4:2:0")
