"""Cut short tastes of a pack's songs and films for the page of its item, where its creator gave none. Outside the door, as the pictures."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from stall import ffmpeg
from stall.domain.contents import Kind, kind_of
from stall.store import snippets
from stall.store.catalogue import Snippet
from stall.wire.manifest import File, Manifest

_PLAYED = {Kind.SONG, Kind.FILM}


class Cut(NamedTuple):
    """What was cut, by place of the file; and how many songs and films have none only because the tool for it is missing."""

    by_file: dict[int, Snippet]
    lacking: int = 0


def make_snippets(folder: Path, signed: Manifest, noted: dict[int, Snippet] | None = None) -> Cut:
    """Cut what is missing for the files of a pack, which lie in the box; `noted` is what was cut of it before.

    None where the creator gave samples to play: they chose what is heard before paying.
    """
    played = {n: file for n, file in enumerate(signed.files) if kind_of(file.type) in _PLAYED}
    if any(file.role == "sample" for file in played.values()):
        return Cut({})
    found: dict[int, Snippet] = {}
    lacking = 0
    for n, file in list(played.items())[: snippets.MOST]:
        if snippets.needs_tool(file.type) and ffmpeg.find() is None:
            lacking += 1
            continue
        one = _there(folder, file, (noted or {}).get(n)) or snippets.cut(folder, file.sha256, file.type)
        if one is not None:
            found[n] = one
    return Cut(found, lacking)


def _there(folder: Path, file: File, noted: Snippet | None) -> Snippet | None:
    return noted if noted is not None and snippets.place(folder, file.sha256, noted.ends).is_file() else None


def room_for(signed: Manifest) -> int:
    """About how many bytes the snippets of a pack take at most."""
    kinds = [kind_of(file.type) for file in signed.files]
    return (
        min(kinds.count(Kind.FILM), snippets.MOST) * snippets.FILM_BYTES
        + min(kinds.count(Kind.SONG), snippets.MOST) * snippets.SONG_BYTES
    )
