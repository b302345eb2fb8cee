"""The files of a folder that go into a pack: which, in what order, under what path, of what type, with what digest.

Reads; changes nothing. What is left out is said, never silently dropped.
"""

from __future__ import annotations

import hashlib
import mimetypes
import os
import stat
import unicodedata
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from stall.creator import answers
from stall.creator import recipe as recipes
from stall.creator.media import places
from stall.creator.recipe import Piece
from stall.errors import Broken, Refused
from stall.wire import pack, paths
from stall.wire.manifest import MAX_FILES, is_reserved

OnBytes = Callable[[int], None]

_CLUTTER = {"thumbs.db", "desktop.ini", "__macosx"}  # what Windows and macOS leave in folders

# Python's own table alone, so that every machine gives a file the same type, with what it lacks.
_TYPES = mimetypes.MimeTypes()
_MORE_TYPES = {
    ".aac": "audio/aac", ".avif": "image/avif", ".cbz": "application/vnd.comicbook+zip", ".dng": "image/x-adobe-dng",
    ".epub": "application/epub+zip", ".flac": "audio/flac", ".glb": "model/gltf-binary", ".heic": "image/heic",
    ".m4a": "audio/mp4", ".m4v": "video/mp4", ".md": "text/markdown", ".mkv": "video/matroska", ".xmp": "application/rdf+xml", ".heif": "image/heif", ".mobi":
    "application/x-mobipocket-ebook", ".ogg": "audio/ogg", ".opus": "audio/ogg", ".otf": "font/otf", ".stl": "model/stl",
    ".ttf": "font/ttf", ".wav": "audio/wav", ".webm": "video/webm", ".webp": "image/webp", ".woff2": "font/woff2",
}  # fmt: skip


@dataclass(frozen=True)
class Found:
    """One file to pack: where it lies, its path in the pack, its size and last change when it was found.

    With a recipe, that is what goes into the pack instead of the file as it lies there. `watched`: it is refused where it
    says in the clear where it was made.
    """

    source: Path
    path: str
    source_size: int
    changed_ns: int
    recipe: tuple[Piece, ...] | None = None
    watched: bool = False

    @property
    def size(self) -> int:
        """How many bytes go into the pack."""
        return self.source_size if self.recipe is None else recipes.size_of(self.recipe)

    @property
    def type(self) -> str:
        """Its media type, told from the name."""
        ending = Path(self.path).suffix.lower()
        return _MORE_TYPES.get(ending) or _TYPES.guess_type(f"x{ending}")[0] or "application/octet-stream"

    @property
    def is_image(self) -> bool:
        """Whether its name says that it is a picture."""
        return self.type.startswith("image/")


@dataclass(frozen=True)
class Measured:
    """A found file that was read once: its SHA-256 in hex and its CRC-32."""

    found: Found
    sha256: str
    crc: int


def find(folder: Path) -> tuple[list[Found], list[str]]:
    """List the files below `folder` in the order of their paths, and what was skipped, for a person.

    Hidden files, system clutter and packs (earlier versions lie beside their files) are skipped. Raises Refused
    `folder-not-found`, `folder-empty`, `folder-too-many-files`, `folder-special-file`, `folder-link-outside`,
    `folder-reserved-name`; Broken `folder-unreadable`; WireError for a name the path rule forbids.
    """
    if not folder.is_dir():
        raise Refused("folder-not-found", f"There is no folder “{folder}”. Name the folder with the files to sell.")
    skipped: list[str] = []
    found = sorted(_walk(folder, folder.resolve(), "", skipped), key=lambda file: file.path)
    if not found:
        raise Refused("folder-empty", f"“{folder}” holds no files to sell. Put them there and try again.")
    if len(found) > MAX_FILES:
        raise Refused(
            "folder-too-many-files", f"“{folder}” holds {len(found)} files; a pack takes 5,000. Make two drops."
        )
    paths.check_all([file.path for file in found])
    return found, skipped


def measure(found: Found, on_bytes: OnBytes | None = None) -> Measured:
    """Read a file for its digests. Raises Refused `folder-file-changed`, `location-stuck`, Broken `folder-unreadable`."""
    digest, crc = hashlib.sha256(), 0
    watch = places.Watch(found.path) if found.watched else None
    for chunk in read(found):
        if watch is not None:
            watch(chunk)
        digest.update(chunk)
        crc = zlib.crc32(chunk, crc)
        if on_bytes is not None:
            on_bytes(len(chunk))
    if watch is not None:
        watch.end()
    return Measured(found, digest.hexdigest(), crc)


def read(found: Found) -> Iterator[bytes]:
    """Give the bytes that go into the pack in pieces of a megabyte; errors as `measure`."""
    seen = 0
    try:
        with opened(found) as file:
            for chunk in recipes.read(file, found.recipe or (recipes.Span(0, found.source_size),)):
                seen += len(chunk)
                yield chunk
            now = os.fstat(file.fileno())
    except OSError as error:
        raise unreadable(found.path, error) from error
    if (seen, now.st_size, now.st_mtime_ns) != (found.size, found.source_size, found.changed_ns):
        raise changed(found)


def opened(found: Found) -> BinaryIO:
    """Open a file as it lies there; one that became a pipe or a device meanwhile does not keep us waiting. Raises OSError."""
    return open(found.source, "rb", opener=_without_waiting)


def _without_waiting(name: str, flags: int) -> int:
    return os.open(name, flags | getattr(os, "O_NONBLOCK", 0))


def changed(found: Found) -> Refused:
    """Give the error for a file that is not what it was when the pack was begun."""
    return Refused(
        "folder-file-changed", f"“{found.path}” was changed while the pack was built. Nothing was signed; try again."
    )


def _walk(folder: Path, root: Path, inside: str, skipped: list[str]) -> Iterator[Found]:
    """List one folder and those below; `inside` is its path from the root, empty or ending in a slash."""
    try:
        children = list(folder.iterdir())
    except OSError as error:
        raise unreadable(inside or folder.name, error) from error
    for child in children:
        path = inside + child.name
        if child.name.startswith(".") or child.name.casefold() in _CLUTTER:
            skipped.append(f"{path} (hidden)")
        elif path == answers.FILE and not child.is_dir():
            skipped.append(f"{path} (your answers)")
        elif child.suffix.casefold() == pack.SUFFIX and not child.is_dir():
            skipped.append(f"{path} (a pack)")
        elif child.is_dir() and child.is_symlink():
            skipped.append(f"{path} (a link to a folder)")
        elif child.is_dir():
            if path.count("/") >= paths.MAX_SEGMENTS:  # no file in it could go into a pack, and a walk has to end
                paths.check(f"{path}/…")
            yield from _walk(child, root, f"{path}/", skipped)
        else:
            yield _file(child, root, path)


def _file(source: Path, root: Path, path: str) -> Found:
    try:
        target = source.resolve(strict=True)
        facts = target.stat()
    except (OSError, RuntimeError) as error:  # RuntimeError: what Python 3.11 says of links in a circle
        raise unreadable(path, error) from error
    if not target.is_relative_to(root):
        raise Refused("folder-link-outside", f"“{path}” is a link that leaves the folder. Put a copy there instead.")
    if not stat.S_ISREG(facts.st_mode):
        raise Refused("folder-special-file", f"“{path}” is not a plain file. Take it out of the folder.")
    # macOS hands out names taken apart (NFD); in a pack they are whole (formats.md 7.1).
    name = unicodedata.normalize("NFC", path)
    if is_reserved(name):
        raise Refused("folder-reserved-name", f"“{path}” has a name the pack needs itself. Rename the file.")
    return Found(target, name, facts.st_size, facts.st_mtime_ns)


def unreadable(path: str, error: Exception) -> Broken:
    """Give the error for a file or folder that the system does not let us read."""
    circle = "a link in a circle" if isinstance(error, RuntimeError) else "the system does not say why"
    reason = getattr(error, "strerror", None) or circle
    return Broken("folder-unreadable", f"“{path}” cannot be read ({reason}). Correct that or take it out.")
