"""A printed document as plain values: blocks from top to bottom. What they look like is for `layout`; nothing here is drawn.

Words are in logical order, whatever way they are read. Amounts come as people read them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Roll:
    """A width of paper, as a printer of 203 dpi prints on it: letters of 12 by 24 dots in one line, and dots."""

    width_mm: int
    columns: int
    dots: int


#: The two widths there are, by what the settings call them.
ROLLS = {58: Roll(58, 32, 384), 80: Roll(80, 48, 576)}


@dataclass(frozen=True, slots=True)
class Heading:
    """A line in letters of twice the size, in the middle."""

    text: str


@dataclass(frozen=True, slots=True)
class Text:
    """Words that run over as many lines as they need."""

    text: str
    bold: bool = False
    centred: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """Words on the left, an amount on the right of their last line. `large` is twice as high."""

    left: str
    right: str
    bold: bool = False
    large: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Columns of amounts under their names; the first column is on the left. Too wide for the paper, it stands in rows."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """A line across the paper."""


@dataclass(frozen=True, slots=True)
class Gap:
    """An empty line."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A word nobody may overlook, like COPY: large between two rules."""

    word: str


@dataclass(frozen=True, slots=True)
class Qr:
    """A code to scan."""

    text: str


@dataclass(frozen=True, slots=True)
class Cut:
    """Here the paper is cut."""


@dataclass(frozen=True, slots=True)
class Kick:
    """Here the drawer opens."""


Block = Heading | Text | Row | Table | Rule | Gap | Mark | Qr | Cut | Kick
Document = tuple[Block, ...]
