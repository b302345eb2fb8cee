"""Blocks set in lines for one width of paper: what is broken where, what stands left and right. Nothing is drawn here.

Widths are in dots. A letter the printer has takes 12; of what it has not, the lettering says how wide it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from stall.box.printer.paper import (
    Block,
    Cut,
    Document,
    Gap,
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

#: Says how many dots a piece of a line takes in letters of the usual size.
Measure = Callable[[str], int]

_LARGE = 2


@dataclass(frozen=True, slots=True)
class Line:
    """One line of letters; `scale` 2 is twice as wide and high."""

    left: str
    right: str = ""
    bold: bool = False
    centred: bool = False
    scale: int = 1


Strip = Line | Rule | Qr | Cut | Kick


def lines(document: Document, roll: Roll, measure: Measure) -> Iterator[Strip]:
    """The strips of a document from top to bottom."""
    for block in document:
        yield from _set(block, roll, measure)


def _set(block: Block, roll: Roll, measure: Measure) -> Iterator[Strip]:
    match block:
        case Heading(text):
            for piece in wrapped(text, roll.dots // _LARGE, measure):
                yield Line(piece, centred=True, bold=True, scale=_LARGE)
        case Text(text, bold, centred):
            for piece in wrapped(text, roll.dots, measure):
                yield Line(piece, bold=bold, centred=centred)
        case Row(left, right, bold, large):
            yield from _row(left, right, roll.dots, measure, bold=bold, scale=_LARGE if large else 1)
        case Table(head, rows):
            yield from _table(head, rows, roll, measure)
        case Mark(word):
            yield Rule()
            yield Line(word, centred=True, bold=True, scale=_LARGE)
            yield Rule()
        case Gap():
            yield Line("")
        case Rule() | Qr() | Cut() | Kick():
            yield block


def _row(left: str, right: str, dots: int, measure: Measure, *, bold: bool, scale: int) -> Iterator[Line]:
    """The amount stands on the last line, or on one of its own where there is no room beside the words."""
    room = dots // scale
    broken = wrapped(left, room, measure) or [""]
    if measure(f"{broken[-1]} {right}") > room:
        broken.append("")
    for piece in broken[:-1]:
        yield Line(piece, bold=bold, scale=scale)
    yield Line(broken[-1], right, bold=bold, scale=scale)


def _table(head: tuple[str, ...], rows: tuple[tuple[str, ...], ...], roll: Roll, measure: Measure) -> Iterator[Line]:
    widths = [max(len(cell) for cell in column) for column in zip(head, *rows, strict=True)]
    spare = roll.columns - sum(widths)
    if spare < len(widths) - 1:
        for row in rows:
            yield Line(f"{head[0]} {row[0]}")
            for name, cell in zip(head[1:], row[1:], strict=True):
                yield from _row(f"  {name}", cell, roll.dots, measure, bold=False, scale=1)
        return
    each, more = divmod(spare, len(widths) - 1)
    for row in (head, *rows):
        cells = [row[0].ljust(widths[0])]
        for n, (cell, width) in enumerate(zip(row[1:], widths[1:], strict=True)):
            cells.append(cell.rjust(width + each + (n < more)))
        yield Line("".join(cells))


def wrapped(text: str, room: int, measure: Measure) -> list[str]:
    """Text broken into pieces no wider than `room`, between words where that can be; none for no text."""
    indent = text[: len(text) - len(text.lstrip(" "))]
    pieces: list[str] = []
    for word in text.split():
        joined = f"{pieces[-1]} {word}" if pieces else indent + word
        if pieces and measure(joined) > room:
            joined = indent + word
        elif pieces:
            pieces.pop()
        pieces += _cut(joined, room, measure)
    return pieces


def _cut(word: str, room: int, measure: Measure) -> Sequence[str]:
    """A word wider than the paper, cut where it must be; every piece keeps the margin in front of it."""
    margin = word[: len(word) - len(word.lstrip(" "))]
    pieces: list[str] = []
    rest = word
    while measure(rest) > room and len(rest) > len(margin) + 1:
        fits = next(
            (n for n in range(len(rest) - 1, len(margin) + 1, -1) if measure(rest[:n]) <= room), len(margin) + 1
        )
        pieces.append(rest[:fits])
        rest = margin + rest[fits:]
    return [*pieces, rest]
