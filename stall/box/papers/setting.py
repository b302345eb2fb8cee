"""Text set in lines: how wide it is, where it may break, and at which size a title fits. No page, no ink."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from stall.box.papers import faces
from stall.box.papers.faces import Name
from stall.i18n.letters import is_right_to_left

#: Signs that no line begins with in Japanese, and those it does not end with (JIS X 4051, the common ones).
_NOT_FIRST = frozenset(
    ",.:;?!)]}"  # and full stop, comma, brackets that close, small kana, as code points: many look like others
    "\u3001\u3002\uff0c\uff0e\u30fb\uff1a\uff1b\uff1f\uff01\u309b\u309c\u30fc\u3005\u3009\u300b\u300d\u300f\u3011\u3015\uff09\uff3d\uff5d"
    "\u2019\u201d\u203a\u2026\u3041\u3043\u3045\u3047\u3049\u3063\u3083\u3085\u3087\u30a1\u30a3\u30a5\u30a7\u30a9\u30c3\u30e3\u30e5\u30e7\u00bb"
)
_NOT_LAST = frozenset("([{\u3008\u300a\u300c\u300e\u3010\u3014\uff08\uff3b\uff5b\u2018\u201c\u00ab\u2039")
_BREAKS_AFTER = frozenset("-–—/·_")
_WIDE = frozenset({"W", "F"})

Measure = Callable[[str], float]


class Run(NamedTuple):
    """Signs of one face that stand side by side."""

    face: Name
    text: str
    width: float


def runs(face: Name, text: str) -> list[Run]:
    """Cut a line, of signs that can be drawn, into runs; widths as shares of the size. A mark is of its letter's face."""
    found: list[tuple[Name, float, str]] = []
    for sign in text:
        where = faces.placed(found[-1][0] if found and faces.is_mark(sign) else face, sign)
        if where is not None:
            found.append((*where, sign))
    made = []
    for name, group in groupby(found, key=lambda one: one[0]):
        signs = list(group)
        made.append(Run(name, "".join(sign for *_, sign in signs), sum(wide for _, wide, _ in signs)))
    return made


def width(face: Name, text: str) -> float:
    """How wide a line is, as a share of its size."""
    if is_right_to_left(text):
        from stall.box.papers import letters  # noqa: PLC0415 - the imaging library shapes such lines; few are

        return letters.width(text)
    return sum(wide for _, _, wide in runs(face, text))


def wrap(text: str, most: float, measure: Measure) -> list[str]:
    """Break a text into lines no wider than `most`: at spaces, behind hyphens, between signs of Chinese and Japanese, else anywhere."""
    lines: list[str] = []
    line = ""
    for piece in _pieces(text):
        if measure((line + piece).rstrip(" ")) <= most:
            line += piece
            continue
        if line.strip():
            lines.append(line.strip(" "))
        line = piece
        while measure(line.rstrip(" ")) > most:
            cut = _longest(line, most, measure)
            lines.append(line[:cut])
            line = line[cut:]
    return [*lines, line.strip(" ")] if line.strip() or not lines else lines


def fitted(text: str, sizes: Sequence[float], most_lines: int, lines_at: Callable[[str, float], list[str]]) -> tuple[float, list[str]]:  # fmt: skip
    """The largest size at which a text takes at most `most_lines`; at the smallest it takes what it takes."""
    for size in sizes:
        lines = lines_at(text, size)
        if len(lines) <= most_lines:
            return size, lines
    return sizes[-1], lines_at(text, sizes[-1])


def _pieces(text: str) -> Iterator[str]:
    """What is never broken while there is another place: words with the space behind them, single wide signs."""
    piece = ""
    for at, sign in enumerate(text):
        piece += sign
        after = text[at + 1] if at + 1 < len(text) else ""
        if not after:
            break
        if _may_break(sign, after):
            yield piece
            piece = ""
    if piece:
        yield piece


def _may_break(sign: str, after: str) -> bool:
    if after == " " or after in _NOT_FIRST or unicodedata.combining(after):
        return False
    if sign == " ":
        return True
    if sign in _NOT_LAST:
        return False
    return sign in _BREAKS_AFTER or _is_wide(sign) or _is_wide(after)


def _is_wide(sign: str) -> bool:
    return unicodedata.east_asian_width(sign) in _WIDE


def _longest(text: str, most: float, measure: Measure) -> int:
    """How many signs fit, one at least; a mark stays with its letter."""
    low, high = 1, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if measure(text[:middle]) <= most else (low, middle - 1)
    cut = low
    while cut > 1 and cut < len(text) and unicodedata.combining(text[cut]):
        cut -= 1
    return cut


def cut_to(lines: Iterable[str], most: int) -> list[str]:
    """The first lines, the last of them with a sign that there was more."""
    found = list(lines)
    return found if len(found) <= most else [*found[: most - 1], found[most - 1].rstrip(" .,…") + "…"]
