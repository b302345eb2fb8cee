"""Hands a file to the server that sends it: the one seam between the pages and the bytes.

Nothing is hashed, zipped or streamed through Python here. The files lie under their SHA-256, verified at
import; the answer is a seeked file given to `wsgi.file_wrapper`, so a slow phone holds no thread.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import BinaryIO, cast
from urllib.parse import quote

from flask import Response, request
from werkzeug.wsgi import FileWrapper

from stall.errors import Broken, Retry
from stall.flows.record_transfer import Transfer
from stall.store.catalogue import PackFile
from stall.web import ranges
from stall.web.ranges import Conditions, Span
from stall.web.transfers import SpanFile

_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9.+-]{0,60}/[a-z0-9][a-z0-9.+-]{0,60}")
#: A file of the maker's is data, never a page of ours: it may run nothing and load nothing.
_POLICY = "default-src 'none'; sandbox"


def path_of(folder: Path, file: PackFile) -> Path:
    """Where a file lies in the data folder."""
    return folder / "zips" / f"{file.sha256}.zip" if file.role == "zip" else folder / "files" / file.sha256


def send(folder: Path, file: PackFile, grant: int, report: Callable[[Transfer], None]) -> Response:
    """Answer a GET or HEAD for a file under a grant, whole or in part.

    `report` is told when the bytes are gone. Raises Broken `file-missing`, Retry `file-unopened`.
    """
    etag = f'"sha256-{file.sha256}"'
    status, span = ranges.answer(_conditions(), etag, file.size)
    body: BinaryIO | None = None
    if request.method == "GET" and status in {ranges.WHOLE, ranges.PART} and span.length:
        body = _opened(path_of(folder, file), span, file, grant, report)
    response = Response(_wrapped(body), status, mimetype=_media_type(file), direct_passthrough=body is not None)
    _head(response, file, etag, status, span)
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

    try:
        if path.stat().st_size != file.size:
            raise Broken("file-missing", _MISSING)
        return cast(BinaryIO, SpanFile(path, span, gone))
    except FileNotFoundError as error:
        raise Broken("file-missing", _MISSING) from error
    except OSError as error:  # too many files open, or the disk hiccups: the phone asks again
        raise Retry("file-unopened", "The stall is very busy. Start the download again in a moment.", 3) from error


_MISSING = "A file of this drop is damaged or gone from the box. Ask at the stall: the pack must be imported again."


def _wrapped(body: BinaryIO | None) -> Iterable[bytes]:
    """What the server sends best: its own wrapper of the file, which it recognises by its type."""
    if body is None:
        return ()
    wrapper: Callable[[BinaryIO], Iterable[bytes]] = request.environ.get("wsgi.file_wrapper", FileWrapper)
    return wrapper(body)


def _head(response: Response, file: PackFile, etag: str, status: int, span: Span) -> None:
    headers = response.headers
    headers["ETag"] = etag
    headers["Accept-Ranges"] = "bytes"
    headers["Cache-Control"] = "private, no-cache"  # the phone may keep it, and asks before using it again
    headers["Content-Security-Policy"] = _POLICY
    if status in {ranges.WHOLE, ranges.PART}:
        headers["Content-Length"] = str(span.length)
        headers["Content-Disposition"] = disposition(file.name)
    if status == ranges.PART:
        headers["Content-Range"] = f"bytes {span.first}-{span.first + span.length - 1}/{file.size}"
    if status == ranges.BEYOND:
        headers["Content-Range"] = f"bytes */{file.size}"


def disposition(name: str) -> str:
    """Name a download for old and new browsers (RFC 6266): plain letters, and the real name in UTF-8."""
    plain = re.sub(r"[^A-Za-z0-9._ -]", "_", name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _media_type(file: PackFile) -> str:
    """The type its creator signed, if it is one."""
    return file.type if _MEDIA_TYPE.fullmatch(file.type) else "application/octet-stream"
