"""Reads ESC/POS as a printer does and draws what would come out of it: the picture, the words, and what else happened.

Made from the makers' reference of the commands, not from our own code: what it does not know it refuses.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import zxingcpp
from PIL import Image, ImageDraw, ImageFont

from stall.box.printer import lettering

#: What Epson calls its tables of letters (ESC t), by Python's name.
PAGES = {
    0: "cp437",
    2: "cp850",
    14: "cp737",
    16: "cp1252",
    17: "cp866",
    18: "cp852",
    19: "cp858",
    45: "cp1250",
    46: "cp1251",
}
CELL, HEIGHT, SPACING = 12, 24, 30
_LONGEST = 60_000


@dataclass
class Printed:
    """What came out. `words` are the lines printed in letters, in order; `bands` the heights of the pictures between."""

    dots: int
    words: list[str] = field(default_factory=list)
    bands: list[tuple[int, int]] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    native: list[tuple[str, int]] = field(default_factory=list)
    cuts: int = 0
    kicks: int = 0
    paper: Image.Image = field(default_factory=lambda: Image.new("1", (1, 1), 1))

    @property
    def codes(self) -> list[str]:
        """What a phone reads of the codes on the paper."""
        return [found.text for found in zxingcpp.read_barcodes(self.paper.convert("L"))]

    def save(self, path: Path) -> None:
        """Keep the picture, with the white around it that paper has."""
        margin = Image.new("L", (self.paper.width + 48, self.paper.height + 48), 255)
        margin.paste(self.paper, (24, 24))
        margin.save(path, optimize=True)


class _Printer:
    def __init__(self, data: bytes, dots: int) -> None:
        self.data, self.at = data, 0
        self.out = Printed(dots)
        self.canvas = Image.new("1", (dots, _LONGEST), 1)
        self.pen = ImageDraw.Draw(self.canvas)
        self.y = 0
        self.line: list[str] = []
        self.reset()

    def reset(self) -> None:
        self.page, self.bold, self.wide, self.high, self.align = "ascii", False, 1, 1, 0
        self.qr_data, self.qr_size = "", 3

    def take(self, count: int) -> bytes:
        taken = self.data[self.at : self.at + count]
        assert len(taken) == count, "the bytes end in the middle of a command"
        self.at += count
        return taken

    def run(self) -> Printed:
        while self.at < len(self.data):
            (byte,) = self.take(1)
            match byte:
                case 0x1B:
                    self.escape()
                case 0x1D:
                    self.group()
                case 0x1C:
                    assert self.take(1) == b".", "an unknown FS command"
                    self.out.commands.append("no kanji")
                case 0x10:
                    assert self.take(1) == b"\x04", "an unknown DLE command"
                    self.take(1)
                case 0x0A:
                    self.feed()
                case _:
                    assert byte >= 0x20, f"an unknown control character {byte:#x}"
                    self.line.append(bytes([byte]).decode(self.page))
        assert not self.line, "a line was never fed"
        self.out.paper = self.canvas.crop((0, 0, self.out.dots, max(self.y, 1)))
        return self.out

    def escape(self) -> None:
        (what,) = self.take(1)
        match chr(what):
            case "@":
                self.reset()
                self.out.commands.append("initialise")
            case "t":
                (number,) = self.take(1)
                self.page = PAGES[number]
                self.out.commands.append(f"page {number}")
            case "E":
                self.bold = bool(self.take(1)[0] & 1)
            case "!":
                (mode,) = self.take(1)
                self.bold, self.high, self.wide = bool(mode & 8), 1 + bool(mode & 16), 1 + bool(mode & 32)
            case "a":
                (self.align,) = self.take(1)
            case "d":
                self.y += SPACING * self.take(1)[0]
            case "p":
                pin, on, off = self.take(3)
                assert pin in {0, 1}
                assert on > 0
                assert off > 0
                self.out.kicks += 1
                self.out.commands.append(f"kick {pin}")
            case other:
                raise AssertionError(f"an unknown command ESC {other}")

    def group(self) -> None:
        (what,) = self.take(1)
        match chr(what):
            case "V":
                (mode,) = self.take(1)
                if mode in {65, 66}:
                    self.take(1)
                self.out.cuts += 1
                self.out.commands.append("cut")
                self.pen.line([(0, self.y), (self.out.dots, self.y)], fill=0)
                self.y += 2
            case "v":
                assert self.take(2) == b"0\x00", "a picture that is stretched"
                width, height = self.pair(), self.pair()
                assert not self.line, "a picture in the middle of a line"
                assert width * 8 <= self.out.dots + 7, "a picture wider than the paper"
                picture = Image.frombytes(
                    "1", (width * 8, height), bytes(255 - byte for byte in self.take(width * height))
                )
                self.canvas.paste(picture, (0, self.y))
                self.out.bands.append((width * 8, height))
                self.y += height
            case "r":
                assert self.take(1) == b"\x01"
                self.out.commands.append("echo")
            case "(":
                assert self.take(1) == b"k"
                self.two_dimensional(self.take(self.pair()))
            case other:
                raise AssertionError(f"an unknown command GS {other}")

    def two_dimensional(self, body: bytes) -> None:
        assert body[:1] == b"1"
        match body[1]:
            case 67:
                self.qr_size = body[2]
            case 80:
                self.qr_data = body[3:].decode()
            case 81:
                self.out.native.append((self.qr_data, self.qr_size))
                self.out.commands.append(f"code at {self.align}")

    def pair(self) -> int:
        low, high = self.take(2)
        return low + 256 * high

    def feed(self) -> None:
        text = "".join(self.line)
        self.line.clear()
        assert len(text) * self.wide <= self.out.dots // CELL, f"the line is too long for the paper: {text}"
        font = ImageFont.truetype(str(lettering.FONTS / "DejaVuSansMono.ttf"), 20)
        tile = Image.new("1", (max(len(text), 1) * CELL, HEIGHT), 1)
        pen = ImageDraw.Draw(tile)
        pen.fontmode = "1"
        for n, sign in enumerate(text):
            for shift in range(1 + self.bold):
                pen.text((n * CELL + shift, 19), sign, fill=0, font=font, anchor="ls")
        if (self.wide, self.high) != (1, 1):
            tile = tile.resize((tile.width * self.wide, tile.height * self.high))
        self.canvas.paste(tile, (0, self.y))
        self.y += max(SPACING, HEIGHT * self.high + 6)
        self.out.words.append(text)


def read(data: bytes, width_mm: int = 58) -> Printed:
    """Print bytes on paper of a width."""
    return _Printer(data, {58: 384, 80: 576}[width_mm]).run()
