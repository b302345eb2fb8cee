"""A document as ESC/POS bytes for one printer: letters where its code page has them, pictures line by line for everything else.

A picture is never higher than a line or a code, so a printer of small memory prints a receipt of any length.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from PIL import Image

from stall.box.printer import library, squares
from stall.box.printer.layout import Line, Strip, lines
from stall.box.printer.lettering import Lettering
from stall.box.printer.paper import (
    ROLLS,
    Cut,
    Document,
    Heading,
    Kick,
    Mark,
    Qr,
    Roll,
    Row,
    Rule,
    Table,
    Text,
)
from stall.domain import code_pages

#: Leave the mode in which printers for China read every letter above ASCII as half of one of theirs.
NO_KANJI = b"\x1c."
#: The drawer hangs on pin 2 of its socket.
DRAWER_PIN = 2

_CANNOT = "Where [...] stands, this printer has no letters for what belongs there."


@dataclass(frozen=True, slots=True)
class Ability:
    """What the settings say of a printer. `code_page` as domain.code_pages reads it."""

    width_mm: int = 58
    code_page: str = "cp858"
    native_qr: bool = False

    @property
    def roll(self) -> Roll:
        """The paper in it."""
        return ROLLS[self.width_mm]


def encode(document: Document, can: Ability, lettering: Lettering | None = None) -> bytes:
    """Every byte that prints a document. Raises Refused `print-code-too-long`."""
    own = lettering or Lettering()
    press = _Press(can, own)
    for strip in lines(legible(document, own), can.roll, own.width):
        press.put(strip)
    output: bytes = press.printer.output
    return output


def legible(document: Document, lettering: Lettering) -> Document:
    """The document with what can be printed of its words; where that is not all, it says so before its last cut."""
    blocks, missing = [], False
    for block in document:
        shown, whole = _legible(block, lettering)
        blocks.append(shown)
        missing |= not whole
    if missing:
        end = len(blocks) - 1 if blocks and isinstance(blocks[-1], Cut) else len(blocks)
        blocks.insert(end, Text(_CANNOT))
    return tuple(blocks)


def _legible(block: Any, lettering: Lettering) -> tuple[Any, bool]:
    match block:
        case Heading(text) | Text(text):
            plain, whole = lettering.printable(text)
            return replace(block, text=plain), whole
        case Row(left, right):
            (left, one), (right, other) = lettering.printable(left), lettering.printable(right)
            return replace(block, left=left, right=right), one and other
        case Table() | Mark() | _:
            return block, True


class _Press:
    """Turns strips into bytes, remembering how the letters stand."""

    def __init__(self, can: Ability, lettering: Lettering) -> None:
        page, number = code_pages.read(can.code_page)
        self._codec = "ascii" if can.code_page == code_pages.RASTER else page
        self._can, self._lettering = can, lettering
        self._scale, self._bold = 1, False
        self.printer = library.new_printer(page, number)
        self.printer.hw("INIT")
        self._raw(NO_KANJI)
        self.printer.charcode(page.upper())

    def put(self, strip: Strip) -> None:
        """Add one strip."""
        match strip:
            case Line():
                self._line(strip)
            case Rule():
                self._letters(Line("-" * self._can.roll.columns))
            case Qr(text):
                self._code(text)
            case Cut():
                self.printer.cut(mode="PART")
            case Kick():
                self.printer.cashdraw(DRAWER_PIN)

    def _line(self, line: Line) -> None:
        if _in(line.left + line.right, self._codec):
            self._letters(line)
        else:
            picture = self._lettering.draw(
                line.left, line.right, self._can.roll.dots, bold=line.bold, centred=line.centred, scale=line.scale
            )
            self._picture(picture)

    def _letters(self, line: Line) -> None:
        if (line.scale, line.bold) != (self._scale, self._bold):
            large = line.scale > 1
            self.printer.set(normal_textsize=not large, double_width=large, double_height=large, bold=line.bold)
            self._scale, self._bold = line.scale, line.bold
        columns = self._can.roll.columns // line.scale
        text = line.left.center(columns).rstrip() if line.centred else line.left
        if line.right:
            text = f"{line.left}{line.right.rjust(columns - len(line.left))}"
        self.printer.text(f"{text}\n")

    def _code(self, text: str) -> None:
        if self._can.native_qr:
            self.printer.set(align="center")
            self.printer.qr(text, ec=1, size=squares.module_dots(text, self._can.roll.dots), native=True)
            self.printer.set(align="left")
        else:
            self._picture(squares.drawn(text, self._can.roll.dots))

    def _picture(self, picture: Image.Image) -> None:
        for band in _bands(picture):
            self.printer.image(band)

    def _raw(self, data: bytes) -> None:
        self.printer._raw(data)  # noqa: SLF001 - the library's own way to say what it has no word for


def _bands(picture: Image.Image, height: int = 240) -> Iterator[Image.Image]:
    """A picture in bands a printer can hold; a code is one or two."""
    for top in range(0, picture.height, height):
        yield picture.crop((0, top, picture.width, min(top + height, picture.height)))


def _in(text: str, codec: str) -> bool:
    try:
        text.encode(codec)
    except UnicodeEncodeError:
        return False
    return True
