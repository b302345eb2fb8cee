"""The pictures of what was bought, one page each: seen as large as they are, saved by holding them down.

They are counted through all packs of a grant, in the order of its page, and named by that count in the query of the grant's
own address (`?photo=3`, `?thumb=3`), where no file's path can ever be meant. The picture itself is the file under its own address, so
looking at it to its end is a download of it, and asking again for what the phone still has is none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Response, request, send_from_directory

from stall.store import previews
from stall.store.box import Box
from stall.web import ids
from stall.web.granted import GrantedFile, GrantedPack

#: What every browser of the last years shows by itself.
SHOWN = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp", "image/avif"})
_DIGITS = 5
_HOUR_S = 3600


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


def asked(photos: Sequence[Photo], argument: str) -> Photo | None:
    """The picture that the address asks for by `argument`, if it asks for one. Raises Refused `page-unknown`."""
    text = request.args.get(argument)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= _DIGITS and 1 <= int(text) <= len(photos)):
        raise ids.unknown_page()
    return photos[int(text) - 1]


def small(box: Box, photo: Photo) -> Response:
    """The small one, which this phone alone may keep for a while."""
    kept = previews.thumb(box.folder, photo.granted.file.sha256)
    answer = send_from_directory(kept.parent, kept.name, mimetype="image/jpeg", max_age=_HOUR_S)
    answer.headers["Cache-Control"] = f"private, max-age={_HOUR_S}, immutable"
    return answer
