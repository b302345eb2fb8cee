"""Edition numbers as ranges: text in, text out, and the arithmetic of taking some away. Pure.

A range is a pair of its first and its last number; a list of them is ascending and never touches itself twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from stall.errors import Refused

Range = tuple[int, int]

_ONE = re.compile(r"([0-9]{1,6})(?:-([0-9]{1,6}))?", re.ASCII)


def parse(text: str) -> list[Range]:
    """Read `1-25,40,60-64`. Raises Refused `ranges-malformed` for anything else, or numbers named twice."""
    found: list[Range] = []
    for part in text.replace(" ", "").split(","):
        match = _ONE.fullmatch(part)
        low, high = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
        if not 0 < low <= high:
            raise Refused("ranges-malformed", f"“{text}” is not a list of numbers. Write it like 1-25,40,60-64.")
        found.append((low, high))
    found.sort()
    if sum(map(length, found)) != sum(map(length, joined(found))):
        raise Refused("ranges-malformed", f"“{text}” names a number twice. Write it like 1-25,40,60-64.")
    return joined(found)


def text(ranges: Iterable[Range]) -> str:
    """Write ranges for a person: `1-25, 40`."""
    return ", ".join(str(low) if low == high else f"{low}-{high}" for low, high in ranges)


def length(one: Range) -> int:
    """Count the numbers of one range."""
    return one[1] - one[0] + 1


def joined(ranges: Iterable[Range]) -> list[Range]:
    """Sort ranges and join those that overlap or follow each other at once."""
    result: list[Range] = []
    for low, high in sorted(ranges):
        if result and low <= result[-1][1] + 1:
            result[-1] = (result[-1][0], max(high, result[-1][1]))
        else:
            result.append((low, high))
    return result


def without(ranges: Iterable[Range], taken: Iterable[Range]) -> list[Range]:
    """Give the numbers of `ranges` that are not in `taken`."""
    left = joined(ranges)
    for low, high in joined(taken):
        left = [part for a, b in left for part in ((a, min(b, low - 1)), (max(a, high + 1), b)) if part[0] <= part[1]]
    return left


def first(ranges: Sequence[Range], count: int) -> list[Range]:
    """Give the lowest `count` numbers of `ranges`, or all of them when they are fewer."""
    result: list[Range] = []
    for low, high in ranges:
        if count <= 0:
            break
        result.append((low, min(high, low + count - 1)))
        count -= length(result[-1])
    return result
