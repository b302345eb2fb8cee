"""Hands a file to the server that sends it: the one seam between the pages and the bytes.

Nothing is hashed, zipped or streamed through Python here. The files lie under their SHA-256, verified at
import. On waitress alone the answer is a seeked file given to `wsgi.file_wrapper`, so a slow phone holds no
thread; behind nginx it is a signed link, or the place where nginx finds the file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast
from urllib.parse import quote

from flask import Response, redirect, request
from werkzeug.datastructures import Headers
from werkzeug.utils import get_content_type
from werkzeug.wrappers import Response as AnyResponse
from werkzeug.wsgi import FileWrapper

from stall.errors import Broken, Retry
from stall.flows.record_transfer import Transfer
from stall.store.catalogue import PackFile
from stall.web import links, ranges
from stall.web.links import Links
from stall.web.ranges import Conditions, Span
from stall.web.transfers import SpanFile

_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9.+-]{0,60}/[a-z0-9][a-z0-9.+-]{0,60}")
#: A file of the maker's is data, never a page of ours: it may run nothing and load nothing.
_POLICY = "default-src 'none'; sandbox"
#: Conditions that nginx would judge by the file's date or by a tag of its own: what passes them is sent from here.
NOT_FOR_NGINX = ("If-Match", "If-Unmodified-Since")
#: What nginx says itself of bytes that it sends; everything else is said by us, and passed on by it.
_NGINX_SAYS = ("Content-Length", "Content-Range", "Accept-Ranges")
#: The phone may keep it, and asks before using it again.
_CACHE = "private, no-cache"
FOUND = 302
#: Instead of a grant's name, where there is none: nginx reports nothing of it.
NOBODY = "-"
#: Where nginx finds a file that the app hands back (locations of stall-buyers.conf): with the range asked for, or without.
_PART, _WHOLE = "/-/part", "/-/whole"


@dataclass(frozen=True, slots=True)
class Asked:
    """A file somebody may have: the grant's name and number, and what the file is called in the address."""

    grant: str
    grant_no: int
    name: str
    file: PackFile


def path_of(folder: Path, file: PackFile) -> Path:
    """Where a file lies in the data folder."""
    return folder / _kept(file)


def _kept(file: PackFile) -> str:
    if file.role == "snippet":
        return f"previews/{file.path}"
    return f"zips/{file.sha256}.zip" if file.role == "zip" else f"files/{file.sha256}"


def link(asked: Asked, signed: Links, at_s: int) -> AnyResponse | None:
    """Lead to the signed link of a file, if nginx by itself would send all of it as it was signed: its type and its bytes."""
    file = asked.file
    if not file.size or _media_type(file) != links.type_by_name(asked.name):
        return None
    where = signed.address(asked.grant, file.sha256, asked.name, at_s, zipped=file.role == "zip")
    answer = redirect(where, FOUND)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def hand_back(folder: Path, asked: Asked, report: Callable[[Transfer], None]) -> Response:
    """Answer as `send` does, but have nginx send the bytes (X-Accel-Redirect) and report them where there is a grant.

    What nginx would judge anew and wrongly is sent from here. Raises as `send`.
    """
    if not asked.file.size or any(name in request.headers for name in NOT_FOR_NGINX):
        return send(folder, asked.file, asked.grant_no, report)
    status, headers = handed_back(folder, asked, _conditions(), "Range" in request.headers)
    return Response((), status, headers)


def handed_back(folder: Path, asked: Asked, conditions: Conditions, ranged: bool) -> tuple[int, dict[str, str]]:
    """Status and headers by which nginx sends a file that has bytes. Raises Broken `file-missing`."""
    file = asked.file
    etag = f'"{file.tag}"'
    status, span = ranges.answer(conditions, etag, file.size)
    headers = {"Content-Type": get_content_type(_media_type(file), "utf-8")}
    _head(headers, file, etag, status, span)
    if status in {ranges.WHOLE, ranges.PART}:
        _check(path_of(folder, file), file)
        kind = _WHOLE if status == ranges.WHOLE and ranged else _PART
        status = ranges.WHOLE  # which of them it is, nginx says
        for name in _NGINX_SAYS:
            headers.pop(name, None)
        headers["X-Accel-Redirect"] = quote(f"{kind}/{asked.grant}/{_kept(file)}/{asked.name}")
    return status, headers


def show(folder: Path, file: PackFile, *, behind_nginx: bool) -> Response:
    """Answer for a file that anybody may have; nobody counts it. Raises as `send`."""
    if behind_nginx:
        return hand_back(folder, Asked(NOBODY, 0, file.name, file), nobody_counts)
    return send(folder, file, 0, nobody_counts)


def nobody_counts(_: Transfer) -> None:
    """A file that anybody may have is no download."""


def send(folder: Path, file: PackFile, grant: int, report: Callable[[Transfer], None]) -> Response:
    """Answer a GET or HEAD for a file under a grant, whole or in part.

    `report` is told when the bytes are gone. Raises Broken `file-missing`, Retry `file-unopened`.
    """
    etag = f'"{file.tag}"'
    status, span = ranges.answer(_conditions(), etag, file.size)
    body: BinaryIO | None = None
    if request.method == "GET" and status in {ranges.WHOLE, ranges.PART} and span.length:
        body = _opened(path_of(folder, file), span, file, grant, report)
    response = Response(_wrapped(body), status, mimetype=_media_type(file), direct_passthrough=body is not None)
    _head(response.headers, file, etag, status, span)
    return response


def _conditions() -> Conditions:
    """The conditional headers; Range means something for GET alone (RFC 9110, 14.2)."""
    headers = request.headers
    return Conditions(
        if_match=headers.get("If-Match"),
        if_none_match=headers.get("If-None-Match"),
        if_range=headers.get("If-Range"),
        range=headers.get("Range") if request.method == "GET" else None,
    )


def _opened(path: Path, span: Span, file: PackFile, grant: int, report: Callable[[Transfer], None]) -> BinaryIO:
    def gone(sent: int) -> None:
        report(Transfer(grant, file.id, file.size, span.first, sent))

    _check(path, file)
    try:
        return cast(BinaryIO, SpanFile(path, span, gone))
    except FileNotFoundError as error:
        raise Broken("file-missing", _MISSING) from error
    except OSError as error:  # too many files open, or the disk hiccups: the phone asks again
        raise Retry("file-unopened", "The stall is very busy. Start the download again in a moment.", 3) from error


def _check(path: Path, file: PackFile) -> None:
    """See that a file is there, whole. Raises Broken `file-missing`."""
    try:
        if path.stat().st_size == file.size:
            return
    except OSError as error:
        raise Broken("file-missing", _MISSING) from error
    raise Broken("file-missing", _MISSING)


_MISSING = "A file of this drop is damaged or gone from the box. Ask at the stall: the pack must be imported again."


def _wrapped(body: BinaryIO | None) -> Iterable[bytes]:
    """What the server sends best: its own wrapper of the file, which it recognises by its type."""
    if body is None:
        return ()
    wrapper: Callable[[BinaryIO], Iterable[bytes]] = request.environ.get("wsgi.file_wrapper", FileWrapper)
    return wrapper(body)


def _head(headers: Headers | dict[str, str], file: PackFile, etag: str, status: int, span: Span) -> None:
    headers["ETag"] = etag
    if status == ranges.WHOLE:  # as nginx does
        headers["Accept-Ranges"] = "bytes"
    headers["Cache-Control"] = _CACHE
    headers["Content-Security-Policy"] = _POLICY
    if status not in {ranges.UNCHANGED, ranges.CHANGED}:
        headers["Content-Disposition"] = disposition(file.name)
    if status in {ranges.WHOLE, ranges.PART}:
        headers["Content-Length"] = str(span.length)
    if status == ranges.PART:
        headers["Content-Range"] = f"bytes {span.first}-{span.first + span.length - 1}/{file.size}"
    if status == ranges.BEYOND:
        headers["Content-Range"] = f"bytes */{file.size}"


def disposition(name: str, *, inline: bool = False) -> str:
    """Name a download for old and new browsers (RFC 6266): plain letters, and the real name in UTF-8. `inline`: shown, not kept."""
    return f"{'inline' if inline else 'attachment'}; filename=\"{links.plain(name)}\"; filename*=UTF-8''{quote(name, safe='')}"


def _media_type(file: PackFile) -> str:
    """The type its creator signed, if it is one."""
    return file.type if _MEDIA_TYPE.fullmatch(file.type) else "application/octet-stream"
