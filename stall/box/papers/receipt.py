"""A receipt on as many pages of A5 as it takes: that size is read on a phone without moving about, and prints on A4 at any scale."""

from __future__ import annotations

from collections.abc import Callable

from stall.box.papers import setting
from stall.box.papers.colours import INK, LINE, QUIET, TONES
from stall.box.papers.faces import Name
from stall.box.papers.pens import POINT_MM
from stall.box.papers.stage import Stage
from stall.domain.papersheet import Fact, ReceiptSheet, Row

#: A5 in mm.
SIZE = (148.0, 210.0)
_LEFT, _RIGHT, _TOP, _BOTTOM = 13.0, 135.0, 14.0, 195.0
_WIDTH = _RIGHT - _LEFT
_AMOUNT = 40.0
_BODY, _SMALL = 10 * POINT_MM, 7.8 * POINT_MM


def pages(sheet: ReceiptSheet) -> list[Stage]:
    """All pages, each with a foot that says which it is of how many."""
    made = _Pages(sheet)
    made.head()
    made.items()
    made.sums()
    made.vat()
    made.missing_font()
    made.check()
    return made.ended()


class _Pages:
    """The receipt while it is laid out, from the top down."""

    def __init__(self, sheet: ReceiptSheet) -> None:
        self._sheet = sheet
        self._done: list[Stage] = []
        self._stage, self._y = Stage(), _TOP
        self._columns = False

    def head(self) -> None:
        sheet, stage = self._sheet, self._stage
        stage.line(_RIGHT, _TOP + 5, "serif", sheet.kind, 15 * POINT_MM, INK, "right")
        y = stage.text(_LEFT, _TOP - 1, _WIDTH - 42, "serif", sheet.stall, 19 * POINT_MM, leading=1.2) + 1
        for line in sheet.seller:
            y = stage.text(_LEFT, y, _WIDTH, "sans", line, _BODY * 0.92)
        y = stage.text(_LEFT, y + 1.5, _WIDTH, "sans", sheet.when, _BODY * 0.92, QUIET)
        for note in sheet.notes:
            y = stage.text(_LEFT, y + 1.5, _WIDTH, "bold", note, _BODY, TONES["warn"][0])
        self._y = y + 4

    def items(self) -> None:
        """The lines; where they go on on another page, their head does too."""
        self._columns = True
        self._head_of_columns()
        for row in self._sheet.rows:
            self._block(lambda stage, y, row=row: _row(stage, y, row))  # type: ignore[misc]  # the row is bound here, for each
        self._columns = False

    def sums(self) -> None:
        sheet = self._sheet
        self._rule(0.4)
        for fact in sheet.sums:
            self._block(lambda stage, y, fact=fact: _amount(stage, y, fact, _BODY))  # type: ignore[misc]  # as above
        self._block(lambda stage, y: _amount(stage, y, sheet.total, 13 * POINT_MM, bold=True))
        for fact in sheet.tenders:
            self._block(lambda stage, y, fact=fact: _amount(stage, y, fact, _BODY))  # type: ignore[misc]  # as above
        self._y += 3.5

    def vat(self) -> None:
        """The table of taxes, whole on one page."""
        rows = self._sheet.vat
        if rows:
            self._block(lambda stage, y: _vat(stage, y, self._sheet.vat_head, rows))
            self._y += 3.5

    def missing_font(self) -> None:
        if any(stage.missing for stage in (*self._done, self._stage)):
            self._block(
                lambda stage, y: stage.text(_LEFT, y, _WIDTH, "sans", self._sheet.no_font, _SMALL, TONES["warn"][0]) + 2
            )

    def check(self) -> None:
        """How to check it, with the code; and by whom it is signed."""
        self._rule(0.15)
        self._y += 1.5
        self._block(lambda stage, y: _check(stage, y, self._sheet))

    def ended(self) -> list[Stage]:
        stages = [*self._done, self._stage]
        for number, stage in enumerate(stages, 1):
            page = self._sheet.page.format(page=number, pages=len(stages))
            stage.line(_RIGHT, 203.15, "sans", page, 7 * POINT_MM, QUIET, "right")
            stage.text(_LEFT, 200.6, _WIDTH - 30, "sans", self._sheet.foot, 7 * POINT_MM, QUIET, most=1)
        return stages

    def _block(self, draw: Callable[[Stage, float], float]) -> None:
        """Draw something in one piece, on another page where this one has no room."""
        trial = Stage()
        end = draw(trial, self._y)
        if end > _BOTTOM and self._y > _TOP + 12:
            self._done.append(self._stage)
            self._stage, self._y = Stage(), _TOP
            if self._columns:
                self._head_of_columns()
            trial = Stage()
            end = draw(trial, self._y)
        self._stage.marks += trial.marks
        self._stage.missing += trial.missing
        self._y = end

    def _rule(self, width: float) -> None:
        self._stage.rule(_LEFT, self._y, _RIGHT, self._y, width, INK if width > 0.2 else LINE)  # noqa: PLR2004 - a hairline is grey
        self._y += 1.2

    def _head_of_columns(self) -> None:
        item, amount = self._sheet.columns
        self._stage.line(_LEFT, self._y + 3, "sans", item, _SMALL, QUIET)
        self._stage.line(_RIGHT, self._y + 3, "sans", amount, _SMALL, QUIET, "right")
        self._y += 4.4
        self._stage.rule(_LEFT, self._y, _RIGHT, self._y, 0.15, LINE)
        self._y += 0.8


def _row(stage: Stage, y: float, row: Row) -> float:
    top = y
    y = stage.text(_LEFT, y, _WIDTH - _AMOUNT, "sans", row.text, _BODY)
    if row.number:
        y = stage.text(_LEFT, y, _WIDTH - _AMOUNT, "bold", row.number, _BODY)
    for line in row.below:
        y = stage.text(_LEFT, y, _WIDTH - _AMOUNT, "sans", line, _SMALL, QUIET)
    stage.lines(_RIGHT - _AMOUNT, top, _AMOUNT, "sans", [row.amount], _BODY, align="right")
    y += 0.9
    stage.rule(_LEFT, y, _RIGHT, y, 0.1, LINE)
    return y + 0.9


def _amount(stage: Stage, y: float, fact: Fact, size: float, *, bold: bool = False) -> float:
    name, amount = fact
    face: Name = "bold" if bold else "sans"
    stage.lines(_RIGHT - _AMOUNT, y, _AMOUNT, face, [amount], size, align="right")
    return stage.text(_LEFT, y, _WIDTH - _AMOUNT, face, name, size) + 0.5


def _vat(stage: Stage, y: float, head: str, rows: tuple[tuple[str, ...], ...]) -> float:
    y = stage.text(_LEFT, y, _WIDTH, "bold", head, 8.5 * POINT_MM) + 0.6
    names, *sums = rows
    step = _WIDTH / len(names)
    size = setting.fitted(
        max((cell for row in sums for cell in row), key=len, default=""), [8.5 * POINT_MM, 7.5 * POINT_MM, 6.5 * POINT_MM], 1,
        lambda text, at: stage.broken("sans", text, at, step - 2),
    )[0]  # fmt: skip
    for number, row in enumerate([names, *sums]):
        for column, cell in enumerate(row):
            x = _LEFT + step * (column if column == 0 else column + 1)
            stage.line(x, y + 3.2, "sans", cell, size, QUIET if number == 0 else INK, "left" if column == 0 else "right")  # fmt: skip
        y += 4.4
        stage.rule(_LEFT, y, _RIGHT, y, 0.1, LINE)
        y += 0.6
    return y


def _check(stage: Stage, y: float, sheet: ReceiptSheet) -> float:
    side = 30.0
    left = _WIDTH - side - 6
    at = stage.text(_LEFT, y, left, "bold", sheet.check, 8.5 * POINT_MM) + 0.6
    for step in sheet.checks:
        at = stage.text(_LEFT, at, left, "sans", step, 7.6 * POINT_MM) + 0.7
    at = stage.text(_LEFT, at + 1, left, "bold", sheet.signed, 7.2 * POINT_MM) + 0.4
    for name, value in sheet.signed_facts:
        at = stage.text(_LEFT, at, left, "sans", name, 6.4 * POINT_MM, QUIET)
        at = stage.text(_LEFT, at, left, "mono", value, 6.4 * POINT_MM, QUIET)
    x = _RIGHT - side
    stage.code(sheet.code.holds, x, y - 1, side)
    below = stage.text(x - 3, y + side - 1, side + 5, "sans", sheet.code.says, 6.4 * POINT_MM, QUIET, align="middle", leading=1.28)  # fmt: skip
    return max(at, below)
