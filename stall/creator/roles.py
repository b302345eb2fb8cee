"""What the files of a drop are for: its cover, what anybody may see of it, what comes on top. Reads none of them."""

from __future__ import annotations

import fnmatch
from collections.abc import Container, Sequence
from pathlib import Path
from typing import Literal

from stall.creator.folder import Found
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
        roles |= dict.fromkeys(check_pattern(found, pattern), role)
    return roles


def check_pattern(found: Sequence[Found], pattern: str) -> list[str]:
    """Give the paths a pattern means. Raises Refused `role-matches-nothing`."""
    hits = [file.path for file in found if fnmatch.fnmatchcase(file.path, pattern)]
    if not hits:
        raise Refused("role-matches-nothing", f"No file in the folder matches “{pattern}”. Check the pattern.")
    return hits


def cover(found: Sequence[Found], wanted: str | None, undrawn: Container[str] = ()) -> Found | None:
    """Choose the picture the drop is known by: the one asked for, else `cover.*`, else the first, else none.

    Pictures of the paths `undrawn` are chosen last: no small one can be drawn of them.

    Raises Refused `cover-not-in-folder`.
    """
    if wanted is not None:
        return asked_cover(found, wanted)
    pictures = [file for file in found if file.is_image]
    named = [file for file in pictures if _is_cover(file)]
    wished = [*named, *pictures]
    return next((file for file in wished if file.path not in undrawn), next(iter(wished), None))


def asked_cover(found: Sequence[Found], wanted: str, undrawn: Container[str] = ()) -> Found:
    """Give the picture at a path, or the one whose path begins so. Raises Refused `cover-not-in-folder`, and `cover-not-drawn` where it is among `undrawn`."""
    pictures = [file for file in found if file.is_image]
    asked = [file for file in pictures if file.path == wanted]
    asked = asked or [file for file in pictures if wanted and file.path.casefold().startswith(wanted.casefold())]
    if len(asked) > 1:
        raise Refused(
            "cover-not-in-folder", f"{len(asked)} pictures in the folder begin with “{wanted}”. Write more of its name."
        )
    if not asked:
        raise Refused("cover-not-in-folder", f"There is no picture “{wanted}” in the folder. Put the cover there.")
    if asked[0].path in undrawn:
        raise Refused("cover-not-drawn", f"No small picture can be drawn of “{asked[0].path}”. Choose another cover.")
    return asked[0]


def _is_cover(found: Found) -> bool:
    return found.is_image and Path(found.path.casefold()).stem == "cover" and "/" not in found.path
