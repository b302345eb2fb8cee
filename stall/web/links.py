"""Signed links to files: who has one may have that file, from nginx alone, until it is over. Pure functions of texts.

nginx checks the same with `secure_link_md5` (firmware_config/nginx/stall-buyers.conf), so the digest is MD5 over a text that
ends in a secret: good for a capability of minutes, and nothing else is signed so.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from urllib.parse import quote

from stall.wire import b64

#: A link is good for so long, and up to a step longer: within a step a file keeps its address, so that a browser that has it,
#: or a part of it, asks for the rest alone.
LIFETIME_S, STEP_S = 15 * 60, 5 * 60
OTHER = "application/octet-stream"
#: What nginx takes a file for by the end of its name: the table of stall-buyers.conf, which a test compares.
TYPES = {
    "aac": "audio/aac", "avif": "image/avif", "cbz": "application/vnd.comicbook+zip", "css": "text/css", "csv": "text/csv",
    "dng": "image/x-adobe-dng", "epub": "application/epub+zip", "flac": "audio/flac", "gif": "image/gif",
    "glb": "model/gltf-binary", "heic": "image/heic", "htm": "text/html", "html": "text/html", "jpeg": "image/jpeg",
    "jpg": "image/jpeg", "js": "text/javascript", "json": "application/json", "m4a": "audio/mp4", "m4v": "video/mp4",
    "md": "text/markdown", "mkv": "video/matroska", "mobi": "application/x-mobipocket-ebook", "mov": "video/quicktime",
    "mp3": "audio/mpeg", "mp4": "video/mp4", "ogg": "audio/ogg", "opus": "audio/ogg", "otf": "font/otf",
    "pdf": "application/pdf", "png": "image/png", "stl": "model/stl", "svg": "image/svg+xml", "tif": "image/tiff",
    "tiff": "image/tiff", "ttf": "font/ttf", "txt": "text/plain", "wav": "audio/wav", "webm": "video/webm",
    "webp": "image/webp", "woff2": "font/woff2", "zip": "application/zip",
}  # fmt: skip
_ENDING = re.compile(r"[^/]\.([A-Za-z0-9]+)\Z")
_SECONDS = re.compile(r"[0-9]{1,12}")
_SIGNED_CHARS = 22  # base64url of 16 bytes


def type_by_name(path: str) -> str:
    """The media type nginx derives from a name."""
    found = _ENDING.search(path)
    return OTHER if found is None else TYPES.get(found[1].lower(), OTHER)


def plain(name: str) -> str:
    """A file's name in the letters every browser can save."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", name)


class Links:
    """Writes and checks the links of one box."""

    def __init__(self, secret: str) -> None:
        """Sign with `secret`, the one nginx has."""
        self._secret = secret

    def address(self, grant: str, sha256: str, path: str, at_s: int, *, zipped: bool = False) -> str:
        """The address of a file under a grant, good for 15 to 20 minutes from `at_s` (UTC seconds by the machine's clock, as nginx's)."""
        ends = str((at_s // STEP_S + 1) * STEP_S + LIFETIME_S)
        more = f"&n={_other_name(path)}" if _other_name(path) else ""
        kept = "&z=1" if zipped else ""
        return f"/f/{grant}/{sha256}/{quote(path)}?e={ends}{more}{kept}&s={self._sign(grant, sha256, path, ends)}"

    def good(self, grant: str, sha256: str, path: str, ends: str, signed: str) -> bool:
        """Whether that was once written here, be it over or not."""
        if _SECONDS.fullmatch(ends) is None or len(signed) != _SIGNED_CHARS or not signed.isascii():
            return False
        return hmac.compare_digest(self._sign(grant, sha256, path, ends), signed)

    def _sign(self, grant: str, sha256: str, path: str, ends: str) -> str:
        text = f"{ends} {_other_name(path)} /f/{grant}/{sha256}/{path} {self._secret}"
        return b64.encode(hashlib.md5(text.encode(), usedforsecurity=False).digest())


def _other_name(path: str) -> str:
    """The plain letters of a name that has others; empty where it is plain, as nginx takes it from the address then."""
    name = path.rpartition("/")[2]
    return "" if plain(name) == name else plain(name)
