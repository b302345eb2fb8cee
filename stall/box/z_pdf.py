"""A Z-report as PDF on A4, drawn from its layout. The only module that imports fpdf2: no process that serves people pays for it.

The same report gives the same bytes: the file's date is that of the close. Text is set in the fonts that come with the program.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from fpdf import FPDF, XPos, YPos
from fpdf.enums import TableBordersLayout, TextEmphasis
from fpdf.fonts import FontFace

from stall.domain import zlayout, zties
from stall.domain.zlayout import Head, Money, Section
from stall.domain.zreport import ZReport
from stall.domain.zties import Standing, Tie

FONTS = Path(__file__).parents[1] / "fonts"
MARGIN_MM = 18
_LINE_MM = 4.8
_ROW_MM, _HEADING_MM = 5.6, 8
_TOGETHER = 20
_NARROW_MM = 96
_LABEL, _WIDE = 5, 3
_INK, _QUIET, _RULE = 0, 90, 170
#: The glyph of each standing; both fonts have them.
MARKS = {Standing.OK: "✓", Standing.GAP: "✗", Standing.LATER: "…"}


def draw(report: ZReport, head: Head) -> bytes:
    """The whole report."""
    page = _Page(report, head)
    page.title()
    whose, *sections = zlayout.sections(report, head)
    page.section(whose)
    page.ties(zties.ties(report))
    for section in sections:
        page.section(section)
    return page.bytes()


class _Page:
    """The sheet while it is drawn."""

    def __init__(self, report: ZReport, head: Head) -> None:
        self._report, self._head = report, head
        self._pdf = pdf = _Sheet(f"Z-report {report.no} · {head.stall}")
        pdf.set_creation_date(datetime.fromtimestamp(report.period.closed_ms // 1000, UTC))
        pdf.set_title(f"Z-report {report.no}, {head.stall}")
        pdf.set_lang("en")
        pdf.add_page()

    def bytes(self) -> bytes:
        return bytes(self._pdf.output())

    def title(self) -> None:
        pdf, closed = self._pdf, zlayout.words(zlayout.Moment(self._report.period.closed_ms), self._report.cur)
        pdf.set_font("stall", "B", 20)
        pdf.cell(0, 10, f"Z-report {self._report.no}", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        pdf.set_font("stall", "", 10)
        pdf.set_text_color(_QUIET)
        place = f", {self._head.place}" if self._head.place else ""
        pdf.cell(0, 6, f"{self._head.stall}{place}. Closed {closed}.", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        pdf.set_text_color(_INK)
        pdf.ln(3)

    def ties(self, ties: tuple[Tie, ...]) -> None:
        self._heading("The five numbers", 2 * len(ties))
        pdf = self._pdf
        with self._table((3, 7, 9, 40)) as table:
            for tie in ties:
                row = table.row()
                row.cell(MARKS[tie.standing], style=_BOLD)
                row.cell(tie.title, style=_BOLD)
                row.cell("" if tie.minor is None else zlayout.words(Money(tie.minor), self._report.cur), align="R")
                row.cell(tie.sentence)
        pdf.ln(2)

    def section(self, section: Section) -> None:
        """Sums alone in a narrow column, so that the eye need not travel; facts and tables over the whole width."""
        self._heading(section.title, len(section.rows) + bool(section.columns))
        sums = all(isinstance(cell, Money | int) for row in section.rows for cell in row.cells)
        narrow = sums and not section.columns
        columns = section.columns or ("",)
        right = [sums or not any(isinstance(row.cells[n], str) for row in section.rows) for n in range(len(columns))]
        widths = (_LABEL, *(_WIDE for _ in columns)) if section.columns or narrow else (4, 11)
        with self._table(widths, _NARROW_MM if narrow else None) as table:
            if section.columns:
                row = table.row(style=_HEAD)
                row.cell("")
                for name, number in zip(columns, right, strict=True):
                    row.cell(name, align="R" if number else "L")
            for line in section.rows:
                row = table.row(style=_BOLD if line.total else None)
                row.cell(line.label)
                for cell, number in zip(line.cells, right, strict=True):
                    row.cell(
                        zlayout.words(cell, self._report.cur),
                        align="R" if number and (narrow or section.columns) else "L",
                    )
        self._pdf.ln(2)

    def _heading(self, text: str, rows: int) -> None:
        """Write a heading on the page where all of its rows stand, or the first ones of many."""
        pdf = self._pdf
        if pdf.will_page_break(_HEADING_MM + min(rows, _TOGETHER) * _ROW_MM):
            pdf.add_page()
        pdf.set_font("stall", "B", 11)
        pdf.cell(0, _HEADING_MM, text, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        pdf.set_font("stall", "", 8.5)

    def _table(self, widths: tuple[int, ...], width_mm: float | None = None):  # type: ignore[no-untyped-def]  # fpdf2 names no type for the table it lends
        self._pdf.set_draw_color(_RULE)
        return self._pdf.table(
            col_widths=widths, line_height=_LINE_MM, borders_layout=TableBordersLayout.HORIZONTAL_LINES, first_row_as_headings=False,
            padding=(0.4, 1), align="L", text_align="L", width=width_mm,
        )  # fmt: skip


class _Sheet(FPDF):
    """A4 with a foot that says which report a loose page is of."""

    def __init__(self, foot: str) -> None:
        super().__init__(format="A4")
        self._foot = foot
        self.set_margins(MARGIN_MM, MARGIN_MM, MARGIN_MM)
        self.set_auto_page_break(auto=True, margin=MARGIN_MM)
        self.add_font("stall", "", FONTS / "DejaVuSans.ttf")
        self.add_font("stall", "B", FONTS / "DejaVuSans-Bold.ttf")

    def footer(self) -> None:
        """Write it; fpdf2 calls this at the end of each page."""
        self.set_y(-MARGIN_MM + 4)
        self.set_font("stall", "", 7.5)
        self.set_text_color(_QUIET)
        self.cell(0, 5, f"{self._foot}, page {self.page_no()} of {{nb}}", align="R")
        self.set_text_color(_INK)


_BOLD = FontFace(emphasis=TextEmphasis.B)
_HEAD = FontFace(color=_QUIET)
