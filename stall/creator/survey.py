"""A folder as its maker sees it before signing: each file with its facts, and what will be taken out of it or put in order.

What is told here is what is packed: the files come with their recipes. Reads; changes nothing.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from stall.creator import folder as folders
from stall.creator import recipe
from stall.creator.folder import Found
from stall.creator.media import facts, faststart, places
from stall.creator.media.places import Looked
from stall.creator.media.stretch import Damaged, Seen, Stretch
from stall.domain.contents import Kind, kind_of

Progress = Callable[[int, int], None]  # files looked at, files in all


@dataclass(frozen=True)
class Look:
    """One file: how it goes into the pack, what it says, and what is done with it.

    `cleaned`: it said where it was made and does so no more. `started`: its list was put in front. `remark` is for its maker.
    """

    found: Found
    kind: Kind
    seen: Seen
    cleaned: bool = False
    started: bool = False
    remark: str | None = None


@dataclass(frozen=True)
class Survey:
    """All files of a folder, and what was left out."""

    looks: tuple[Look, ...]
    skipped: tuple[str, ...] = field(default=())

    @property
    def found(self) -> list[Found]:
        """The files as they go into the pack."""
        return [look.found for look in self.looks]

    @property
    def undrawn(self) -> frozenset[str]:
        """The paths of pictures no small one will be drawn of."""
        return frozenset(one.found.path for one in self.looks if one.kind is Kind.PICTURE and one.remark)

    @property
    def total_bytes(self) -> int:
        """How many bytes go into the pack."""
        return sum(look.found.size for look in self.looks)


def survey(folder: Path, *, keep_gps: bool = False, progress: Progress | None = None) -> Survey:
    """Look at all files of a folder.

    Raises what `folder.find` raises, Refused `location-stuck` unless `keep_gps`, Broken `folder-unreadable`.
    """
    found, skipped = folders.find(folder)
    looks = []
    for done, one in enumerate(found, 1):
        looks.append(_look(one, keep_gps=keep_gps))
        if progress is not None:
            progress(done, len(found))
    return Survey(tuple(looks), tuple(skipped))


def _look(found: Found, *, keep_gps: bool) -> Look:
    kind = kind_of(found.type)
    try:
        with folders.opened(found) as file:
            return _of_file(found, file, kind, keep_gps=keep_gps)
    except OSError as error:
        raise folders.unreadable(found.path, error) from error


def _of_file(found: Found, file: BinaryIO, kind: Kind, *, keep_gps: bool) -> Look:
    tells = _may_tell(found, kind)
    looked = places.look(file, found.size, found.type) if tells else Looked(Seen(), ())
    if looked.stuck and not keep_gps:
        raise places.stuck(found.path, looked.stuck)
    patches = () if keep_gps else looked.patches
    block, seen, remark, started = Stretch(file, 0, found.size), looked.seen, None, False
    pieces = list(recipe.pieces(patches, 0, found.size)) if patches else None
    if kind is Kind.PICTURE:
        why = facts.of_picture(file, seen)
        remark = f"no preview of it will be drawn: {why}" if why else None
    elif kind is Kind.SONG:
        facts.of_sound(file, found.path, seen)
    elif kind is Kind.FILM:
        facts.of_film(block, seen)
        moved, remark = _started(block, patches)
        pieces, started = moved or pieces, moved is not None
    elif found.type == "application/pdf":
        facts.of_pdf(file, found.size, seen)
    whole = dataclasses.replace(found, recipe=tuple(pieces)) if pieces else found
    watched = dataclasses.replace(whole, watched=not keep_gps and tells)
    return Look(watched, kind, seen, cleaned=bool(patches) and seen.place, started=started, remark=remark)


def _may_tell(found: Found, kind: Kind) -> bool:
    """Whether a file is one that a camera makes, or that goes beside one."""
    return kind in {Kind.PICTURE, Kind.FILM, Kind.SONG} or found.type == "application/rdf+xml" or _is_raw(found)


def _is_raw(found: Found) -> bool:
    return Path(found.path).suffix.casefold() in {
        ".dng", ".cr2", ".cr3", ".nef", ".nrw", ".arw", ".srf", ".sr2", ".raf", ".rw2", ".orf", ".pef", ".x3f", ".mrw", ".srw",
        ".heic", ".heif", ".hif", ".avif", ".jxl", ".xmp", ".psd", ".insv", ".lrv", ".360",
    }  # fmt: skip


def _started(block: Stretch, patches: tuple[recipe.Patch, ...]) -> tuple[list[recipe.Piece] | None, str | None]:
    """The recipe of a film that begins to play while it loads, if it did not so far; and what is to be said where there is none."""
    try:
        if not faststart.is_film(block) or faststart.is_fast(block):
            return None, None
        moved = faststart.moved(block, patches)
    except Damaged:
        return None, "it is damaged, or ends too early"
    if moved is None:
        return None, "it will not begin to play before it is loaded; export it anew “for the web” (fast start)"
    return moved, None


def personal(looked: Survey) -> Iterator[tuple[str, str, list[str]]]:
    """What the files tell of people and their machines: what it is, the words, and in which files."""
    found: dict[tuple[str, str], list[str]] = {}
    for look in looked.looks:
        for name, words in look.seen.personal.items():
            found.setdefault((name, words), []).append(look.found.path)
    for (name, words), paths in found.items():
        yield name, words, paths
