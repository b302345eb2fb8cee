"""The files of a folder as lines for a terminal: what each is, what stands in it, what is done with it. Prints nothing itself."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from stall.domain import shown
from stall.domain.contents import Kind

if TYPE_CHECKING:
    from stall.creator.survey import Look, Survey

MOST_FILES, MOST_COLUMNS, FEWEST_COLUMNS = 40, 120, 40
_NAME_SHARE, _SIZE, _ROLE = 0.34, 9, 8
_KILO = 1000


def lines(looked: Survey, roles: Mapping[str, str], cover: str | None, columns: int) -> Iterator[str]:
    """Give the table, `columns` wide at most: name, size, role, facts, of forty files and the number of the others."""
    columns = max(FEWEST_COLUMNS, min(columns, MOST_COLUMNS))
    names = max(
        12, min(int(columns * _NAME_SHARE), max((width(shown.line(one.found.path)) for one in looked.looks), default=0))
    )
    with_roles = bool(roles) or cover is not None
    before = names + _SIZE + (_ROLE if with_roles else 0) + 2
    for look in looked.looks[:MOST_FILES]:
        role = "cover" if look.found.path == cover else roles.get(look.found.path, "")
        head = padded(fitted(shown.line(look.found.path), names), names) + size(look.found.size).rjust(_SIZE) + "  "
        head += padded(role, _ROLE) if with_roles else ""
        yield from _wrapped(head, shown.line(", ".join(_facts(look))), before, columns)
    if more := looked.looks[MOST_FILES:]:
        yield f"… and {len(more)} more, {size(sum(one.found.size for one in more))}"


def _wrapped(head: str, facts: str, before: int, columns: int) -> Iterator[str]:
    parts = textwrap.wrap(facts, max(20, columns - before)) or [""]
    yield (head + parts[0]).rstrip()
    yield from (" " * before + part for part in parts[1:])


def _facts(look: Look) -> Iterator[str]:
    facts = look.seen.facts
    for name in ("pixels", "length", "pages", "bit rate"):
        if name in facts:
            yield facts[name]
    if look.kind is Kind.SONG:
        if title := facts.get("title"):
            yield f"“{title}”" + (f" by {facts['artist']}" if "artist" in facts else "")
        if "album" in facts:
            yield f"{facts['album']}" + (f", track {facts['track']}" if "track" in facts else "")
        if "cover inside" in facts:
            yield "cover inside"
        return
    made, camera = facts.get("made by", ""), facts.get("camera", "")
    if camera:
        yield camera if camera.startswith(made.split(" ")[0]) else f"{made} {camera}"
    if "taken" in facts:
        yield facts["taken"][:10].replace(":", "-")
    if "author" in facts:
        yield f"by {facts['author']}"
    if "copyright" in facts:
        yield facts["copyright"]
    if look.kind is Kind.FILM and look.remark is None:
        yield "starts at once"


def notices(looked: Survey, *, keep_gps: bool) -> Iterator[str]:
    """Give what its maker has to know before signing: what was taken out, what stays and tells of people, what cannot be shown."""
    from stall.creator import survey

    cleaned = [one.found.path for one in looked.looks if one.cleaned]
    kept = [one.found.path for one in looked.looks if keep_gps and one.seen.place]
    started = [one.found.path for one in looked.looks if one.started]
    if cleaned:
        yield f"Where it was made is taken out of {named(cleaned)}; --keep-gps leaves it in. Your own files stay as they are."
    if kept:
        yield f"Where it was made stays in {named(kept)}, for every buyer to see."
    for what, words, paths in islice(survey.personal(looked), 10):
        yield f"Buyers will see the {what} {shown.quoted(words)} in {named(paths)}."
    if started:
        yield f"Put in order to play while it loads: {named(started)}."
    for look in looked.looks:
        if look.remark is not None:
            yield f"{shown.quoted(look.found.path)}: {look.remark}."


def named(paths: Sequence[str]) -> str:
    """Name one file, or how many and one of them."""
    return shown.quoted(paths[0]) if len(paths) == 1 else f"{len(paths)} files, like {shown.quoted(paths[0])}"


def size(count: int) -> str:
    """Write a number of bytes for a person."""
    if count < _KILO:
        return f"{count} B"
    amount = float(count)
    for unit in ("kB", "MB", "GB"):
        amount /= _KILO
        if amount < _KILO or unit == "GB":
            break
    return f"{amount:.0f} {unit}" if amount >= 100 else f"{amount:.1f} {unit}"  # noqa: PLR2004 - three digits say enough


def width(text: str) -> int:
    """How many columns a terminal takes for it: two for letters of East Asia and most pictures, none for marks on letters."""
    return sum(_width(letter) for letter in text)


def _width(letter: str) -> int:
    if unicodedata.combining(letter) or letter in "\u200c\u200d\ufe0f":
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def padded(text: str, columns: int) -> str:
    """Fill with spaces up to so many columns."""
    return text + " " * (columns - width(text))


def fitted(text: str, columns: int) -> str:
    """Shorten in the middle, so that the ending of a file's name stays."""
    if width(text) <= columns:
        return text
    tail = text[-8:]
    head = ""
    for letter in text:
        if width(head + letter + "…" + tail) > columns:
            break
        head += letter
    return f"{head}…{tail}"
