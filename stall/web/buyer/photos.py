"""The pictures of what was bought, one page each: seen as large as they are, saved by holding them down.

They are counted through all packs of a grant, in the order of its page, and named by that count in the query of the grant's
own address (`?photo=3`), where no file's path can ever be meant. The picture itself is the file under its own address, so
looking at it to its end is a download of it, and asking again for what the phone still has is none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import request

from stall.web import ids
from stall.web.granted import GrantedFile, GrantedPack

#: What every browser of the last years shows by itself.
SHOWN = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp", "image/avif"})
ARGUMENT = "photo"
_DIGITS = 5


@dataclass(frozen=True, slots=True)
class Photo:
    """One picture of a grant: its place, counted from 1, its pack (drop id), and its small one's width and height in pixels."""

    at: int
    pack: str
    granted: GrantedFile
    size: tuple[int, int]

    @property
    def spent(self) -> bool:
        """It was downloaded as often as its creator allows."""
        return self.granted.taken >= self.granted.allowed


def of(packs: Sequence[GrantedPack]) -> list[Photo]:
    """The pictures a grant hands out now; only those that have a small one, made when the pack was imported."""
    found: list[Photo] = []
    for pack in packs:
        for file in () if pack.paused else pack.files:
            if file.file.preview is not None and file.file.type in SHOWN:
                found.append(Photo(len(found) + 1, pack.drop_id, file, file.file.preview))
    return found


def asked(photos: Sequence[Photo]) -> Photo | None:
    """The picture that the address asks for, if it asks for one. Raises Refused `page-unknown`."""
    text = request.args.get(ARGUMENT)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= _DIGITS and 1 <= int(text) <= len(photos)):
        raise ids.unknown_page()
    return photos[int(text) - 1]
