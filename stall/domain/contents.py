"""What a pack holds, as a person counts it: pictures, songs, films, things to read, and other files."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum

#: Types a browser shows or plays in a page of ours without running anything of them. SVG is not among them: it is a program.
_PICTURES = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif", "image/avif"})
_BOOKS = frozenset(
    {
        "application/pdf",
        "application/epub+zip",
        "application/x-mobipocket-ebook",
        "application/vnd.comicbook+zip",
        "text/plain",
        "text/markdown",
    }
)


_NUMBERED = re.compile(r"^[\W\d_]+(?=[^\W\d_])")


class Kind(StrEnum):
    """What a file is to its buyer. The order is that in which they are told."""

    PICTURE = "picture"
    SONG = "song"
    FILM = "film"
    READING = "reading"
    OTHER = "other"


def kind_of(media_type: str) -> Kind:
    """What a file of a media type is."""
    match media_type.partition("/")[0]:
        case "image":
            return Kind.PICTURE
        case "audio":
            return Kind.SONG
        case "video":
            return Kind.FILM
    return Kind.READING if media_type in _BOOKS else Kind.OTHER


def shown_inline(media_type: str) -> bool:
    """Whether a browser may show it where it stands; everything else is handed out as a file."""
    return media_type in _PICTURES or kind_of(media_type) in {Kind.SONG, Kind.FILM}


def counted(media_types: Iterable[str]) -> dict[Kind, int]:
    """How many files of each kind there are, in the order of the kinds; kinds of which there are none are left out."""
    kinds = [kind_of(each) for each in media_types]
    return {kind: count for kind in Kind if (count := kinds.count(kind))}


def spoken_name(path: str) -> str:
    """What a file is called when it is read out: `photos/03_sea-glass.jpg` is `sea glass`."""
    name = path.rsplit("/", 1)[-1]
    stem = name.rsplit(".", 1)[0]
    return " ".join(_NUMBERED.sub("", stem).replace("_", " ").replace("-", " ").split()) or stem or name
