"""Marks in a PDF. Faces are taken in only where a mark needs them; a line from right to left is set by the imaging library, as a picture.

The same marks give the same bytes: the file's date is given, and its name for itself is drawn from what stands in it.
"""

from __future__ import annotations

import io
from datetime import UTC, datetime

from fpdf import FPDF
from fpdf.enums import PathPaintRule

from stall.box.papers import faces, letters, setting
from stall.box.papers.colours import PAPER, Colour
from stall.box.papers.faces import Name
from stall.box.papers.pens import POINT_MM, TENTHS, squares
from stall.domain.papersheet import Inside
from stall.i18n.letters import is_right_to_left
from stall.wire import seal as seals

#: Dots of a line that is set as a picture, to the mm: 600 to the inch.
_DOTS = 600 / 25.4


class PdfPen:
    """A PDF in the making."""

    def __init__(self, title: str, lang: str, at_s: int, size_mm: tuple[float, float] = (210, 297)) -> None:
        """Begin with one page. `at_s` is the file's date."""
        self._pdf = pdf = FPDF(unit="mm", format=size_mm)
        self._at = datetime.fromtimestamp(at_s, UTC)
        pdf.set_auto_page_break(auto=False)
        pdf.set_margin(0)
        pdf.set_creation_date(self._at)
        pdf.set_title(title)
        pdf.set_lang(lang)
        self._known: set[Name] = set()
        pdf.add_page()

    def page(self) -> None:
        """Go on on another page."""
        self._pdf.add_page()

    def attach(self, inside: Inside) -> None:
        """Take the signed paper along, as it is: anybody finds its bytes in the file."""
        self._pdf.embed_file(
            bytes=inside.text.encode(), basename=inside.name, mime_type=inside.type, creation_date=self._at,
            modification_date=self._at, compress=False, desc=inside.name,
        )  # fmt: skip

    def made(self) -> bytes:
        """The file."""
        return bytes(self._pdf.output())

    def write(self, x: float, y: float, face: Name, text: str, size: float, colour: Colour) -> None:
        """Write a line, face by face."""
        if is_right_to_left(text):
            self._picture(x, y, text, size, colour)
            return
        pdf = self._pdf
        pdf.set_text_color(*colour)
        for run in setting.runs(face, text):
            pdf.set_font(self._face(run.face), "", size / POINT_MM)
            pdf.text(x, y, run.text)
            x += run.width * size

    def rule(self, x: float, y: float, to_x: float, to_y: float, width: float, colour: Colour) -> None:
        """Draw a line."""
        self._pdf.set_draw_color(*colour)
        self._pdf.set_line_width(width)
        self._pdf.line(x, y, to_x, to_y)

    def box(self, x: float, y: float, width: float, height: float, fill: Colour | None, edge: Colour | None, line: float) -> None:  # fmt: skip
        """Draw a rectangle."""
        pdf = self._pdf
        if fill is not None:
            pdf.set_fill_color(*fill)
        if edge is not None:
            pdf.set_draw_color(*edge)
            pdf.set_line_width(line)
        pdf.rect(x, y, width, height, style=("F" if fill is not None else "") + ("D" if edge is not None else ""))

    def seal(self, digest: bytes, x: float, y: float, side: float, colour: Colour) -> None:
        """Draw the seal's lines as paths, their fill as the tint it gives on white."""
        scale = side / seals.BOX
        for line in seals.lines(digest):
            with self._pdf.new_path() as path:
                style = path.style
                style.stroke_color = _hex(colour)
                style.stroke_width = line.width * scale
                style.stroke_join_style = "round"
                style.fill_color = _hex(_tint(colour, line.tone)) if line.tone else None
                style.intersection_rule = "evenodd"
                style.paint_rule = PathPaintRule.STROKE_FILL_EVENODD if line.tone else PathPaintRule.STROKE
                style.auto_close = True
                (from_x, from_y), *rest = line.points
                path.move_to(x + from_x * scale, y + from_y * scale)
                for to_x, to_y in rest:
                    path.line_to(x + to_x * scale, y + to_y * scale)
                path.close()

    def code(self, holds: str, x: float, y: float, side: float) -> None:
        """Draw the code as runs of dark squares, on white."""
        rows = squares(holds)
        step = side / len(rows)
        self.box(x, y, side, side, PAPER, None, 0)
        self._pdf.set_fill_color(0, 0, 0)
        for down, row in enumerate(rows):
            for start, length in _dark(row):
                self._pdf.rect(x + start * step, y + down * step, length * step, step, style="F")

    def _face(self, name: Name) -> str:
        if name not in self._known:
            self._pdf.add_font(f"stall{name}", "", faces.file_of(name))
            self._known.add(name)
        return f"stall{name}"

    def _picture(self, x: float, y: float, text: str, size: float, colour: Colour) -> None:
        drawn, left, above = letters.line(text, round(size * _DOTS), colour, PAPER)
        data = io.BytesIO()
        drawn.save(data, "PNG")
        self._pdf.image(data, x + left / _DOTS, y - above / _DOTS, drawn.width / _DOTS, drawn.height / _DOTS, alt_text=text)  # fmt: skip


def _hex(colour: Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)


def _tint(colour: Colour, tenths: int) -> Colour:
    red, green, blue = (255 + (part - 255) * tenths // TENTHS for part in colour)
    return red, green, blue


def _dark(row: list[bool]) -> list[tuple[int, int]]:
    found, start = [], None
    for at, dark in enumerate([*row, False]):
        if dark and start is None:
            start = at
        elif not dark and start is not None:
            found.append((start, at - start))
            start = None
    return found
