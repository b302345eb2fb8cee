"""Small files of the kernel, read as text or number; whatever cannot be read is unknown, never an error."""

from __future__ import annotations

from pathlib import Path

#: No file of sysfs is longer (bytes).
MOST = 4096


def text(path: Path) -> str | None:
    """A file's text without its line end; None where there is none or it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(MOST).decode("ascii", errors="replace").strip("\0\n\t ")
    except OSError:
        return None


def number(path: Path, base: int = 10) -> int | None:
    """A file's one number, also with 0x before it; None for anything else."""
    found = text(path)
    try:
        return None if found is None else int(found, base)
    except ValueError:
        return None


def numbers(path: Path) -> list[int]:
    """All numbers of a file, decimal or with 0x before them; an empty list for anything else."""
    try:
        return [int(word, 0 if word.lower().startswith("0x") else 10) for word in (text(path) or "").split()]
    except ValueError:
        return []
