"""How far a run is, told by many processes to the one that prints: a line for each point in one file."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path

FILE = "points.txt"


def mark(root: Path, what: str, found: Sequence[str]) -> None:
    """Write down that one point was judged, and what was found."""
    line = " | ".join([f"{time.strftime('%H:%M:%S')} {os.getpid()} {what}", *found]).replace("\n", " ") + "\n"
    with (root / FILE).open("ab", buffering=0) as out:  # one write, appended: lines of two processes never mix
        out.write(line.encode())


def points(root: Path) -> int:
    """How many points were judged until now."""
    try:
        return (root / FILE).read_bytes().count(b"\n")
    except FileNotFoundError:
        return 0
