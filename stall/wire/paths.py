"""Names of files in a pack: one grammar, safe on every system that may unpack it. Touches no file system."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from stall.domain import shown
from stall.errors import WireError
from stall.wire import assigned

MAX_BYTES = 512
MAX_SEGMENTS = 8
MAX_SEGMENT_CHARS = 100
MAX_SEGMENT_BYTES = 255

_FORBIDDEN = frozenset('\\:*?"<>|')
# Invisible, private or line-breaking characters: an override (U+202E) could hide the real file type.
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
# Windows opens a device instead of a file under these names, whatever the extension; superscript digits count too.
_DEVICE = re.compile(r"(con|prn|aux|nul|(com|lpt)[0-9])\s*(\.|\Z)")


def check(path: str) -> str:
    """Return `path` if it obeys the grammar of formats 7.1.

    1 to 8 segments joined by `/`, each up to 100 code points and 255 bytes, in all up to 512 bytes, NFC, nothing that
    climbs, hides or means something special to Windows. Raises WireError naming the path.
    """
    if not isinstance(path, str):
        raise WireError("path-not-text", "The path of a file is not text. Name the file in letters.")
    segments = path.split("/")
    if len(segments) > MAX_SEGMENTS or len(_utf8(path)) > MAX_BYTES:
        raise WireError("path-too-long", f"The path “{_shown(path)}” is too long or too deep. Shorten it.")
    if (char := assigned.first_unassigned(path)) is not None:  # first: NFC and folding say nothing certain of it
        raise WireError(
            "path-unassigned",
            f"“{_shown(path)}” holds U+{ord(char):04X}, a character newer than Unicode {assigned.UNICODE}. Rename the file.",
        )
    if not unicodedata.is_normalized("NFC", path):
        raise WireError("path-not-nfc", f"The path “{_shown(path)}” is not in Unicode form NFC. Rename the file.")
    for segment in segments:
        _check_segment(segment, path)
    return path


def check_all(paths: list[str]) -> list[str]:
    """Return `paths` if each is allowed and no two would collide on a system that ignores case or width.

    A file may not also be the folder of another. Raises WireError naming the path.
    """
    taken: set[str] = set()
    folders: set[str] = set()
    for path in paths:
        folded = _fold(check(path))
        if folded in taken:
            raise WireError(
                "path-not-unique",
                f"On some systems the path “{_shown(path)}” is the same as another: they tell no capitals, wide letters or ways to"
                " write an accent apart. Rename one.",
            )
        taken.add(folded)
        folders.update(_folders(folded))
    if taken & folders:
        clash = min(taken & folders)
        raise WireError("path-is-folder", f"“{_shown(clash)}” names a file and also a folder. Rename one of them.")
    return paths


def _check_segment(segment: str, path: str) -> None:
    if not segment or segment in {".", ".."}:
        raise WireError("path-escapes", f"The path “{_shown(path)}” leaves its folder. Use plain folder names.")
    if len(segment) > MAX_SEGMENT_CHARS or len(_utf8(segment)) > MAX_SEGMENT_BYTES:
        raise WireError("path-too-long", f"A name in “{_shown(path)}” is too long. Shorten it.")
    if segment[0] == " " or segment[-1] in " .":
        raise WireError(
            "path-bad-edge", f"A name in “{_shown(path)}” starts or ends with a space or dot. Rename the file."
        )
    bad = next((char for char in segment if char in _FORBIDDEN or unicodedata.category(char) in _UNPRINTABLE), None)
    if bad is not None:
        named = f"“{bad}”" if bad.isprintable() else f"the invisible U+{ord(bad):04X}"
        raise WireError(
            "path-bad-character", f"“{_shown(path)}” holds {named}, which no file name here may. Rename the file."
        )
    if _DEVICE.match(_fold(segment)):
        raise WireError("path-reserved", f"A name in “{_shown(path)}” is reserved by Windows. Rename the file.")


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _folders(path: str) -> Iterable[str]:
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path


def _utf8(text: str) -> bytes:
    # A lone surrogate has no UTF-8; it is counted here and refused by its category.
    return text.encode("utf-8", "surrogatepass")


def _shown(path: str) -> str:
    return shown.line(path, 80)
