"""What the files of a drop are for: its cover, what anybody may see of it, what comes on top. Reads none of them."""

from __future__ import annotations

import fnmatch
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from stall.creator.folder import Found, Measured
from stall.errors import Refused

Role = Literal["sample", "bonus"]


def of(found: Sequence[Found], samples: Sequence[str], bonus: Sequence[str]) -> dict[str, Role]:
    """Say which files are more than plain content. A cover of its own is a sample: everybody sees it anyway.

    Raises Refused `role-matches-nothing`.
    """
    roles: dict[str, Role] = {file.path: "sample" for file in found if _is_cover(file)}
    wanted: list[tuple[Role, str]] = [("sample", p) for p in samples]
    wanted += [("bonus", p) for p in bonus]
    for role, pattern in wanted:
        hits = [file.path for file in found if fnmatch.fnmatchcase(file.path, pattern)]
        if not hits:
            raise Refused("role-matches-nothing", f"No file in the folder matches “{pattern}”. Check the pattern.")
        roles |= dict.fromkeys(hits, role)
    return roles


def cover(measured: Sequence[Measured], wanted: str | None) -> Measured | None:
    """Choose the picture the drop is known by: the one asked for, else `cover.*`, else the first, else none.

    Raises Refused `cover-not-in-folder`.
    """
    if wanted is not None:
        asked = [m for m in measured if m.found.path == wanted]
        if not asked or not asked[0].found.is_image:
            raise Refused("cover-not-in-folder", f"There is no picture “{wanted}” in the folder. Put the cover there.")
        return asked[0]
    pictures = [m for m in measured if m.found.is_image]
    named = [m for m in pictures if _is_cover(m.found)]
    return next(iter([*named, *pictures]), None)


def _is_cover(found: Found) -> bool:
    return found.is_image and Path(found.path.casefold()).stem == "cover" and "/" not in found.path
