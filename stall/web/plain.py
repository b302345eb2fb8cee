"""The plainest of requests, read with one look: a small POST or a GET that came in one piece.

Stricter than the server's own reader and never in its place: what is not exactly of this shape is left to that one, and
what is means the same to both (a test compares them). RFC 9112 clauses 2 to 6.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

#: One request line, fields of a name, one space and visible ASCII, an empty line, a body; no proxy's address. A POST has no
#: query, and a GET no body.
_PLAIN = re.compile(
    rb"(?:POST (?P<form>/[A-Za-z0-9/_-]{1,200})|GET (?P<page>/[A-Za-z0-9/_.-]{0,200})(?:\?(?P<query>[A-Za-z0-9=&._-]{1,400}))?) HTTP/1\.1\r\n"
    rb"(?P<fields>(?:[A-Za-z0-9-]{1,64}: [\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?\r\n){1,40})\r\n"
    rb"(?P<body>[\x20-\x7e]{0,1024})"
)
_PAGE = re.compile(r"/[A-Za-z0-9/_.-]{0,200}")
_QUERY = re.compile(r"[A-Za-z0-9=&._-]{0,400}")
#: Fields that change how a request is framed or what is done with its connection: not plain.
_FRAMING = frozenset({"TRANSFER_ENCODING", "EXPECT", "UPGRADE", "TE", "TRAILER"})
_KEEP = "keep-alive"


@dataclass(slots=True)
class Plain:
    """A GET or POST to be answered on a connection that stays open. Names of `headers` like CONTENT_TYPE; `raw` is all of it, if kept."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    raw: bytes | None = None

    def close(self) -> None:
        """Nothing to let go of; the server calls it at the end of a request."""


def read(data: bytes) -> Plain | None:
    """Read what came; None unless it is exactly one plain request."""
    found = _PLAIN.fullmatch(data)
    if found is None:
        return None
    lines = found["fields"].decode("ascii").split("\r\n")
    del lines[-1]
    fields = [line.split(": ", 1) for line in lines]
    headers = {name.upper().replace("-", "_"): value for name, value in fields}
    form, page, query = found["form"], found["page"], found["query"]
    if form is not None:
        plain = Plain("POST", form.decode("ascii"), "", headers, found["body"], data)
    else:
        plain = Plain("GET", page.decode("ascii"), (query or b"").decode("ascii"), headers, found["body"], data)
    return plain if len(headers) == len(lines) and _is_plain(plain) else None


def of(request: Any) -> Plain | None:
    """The same of what the server's reader has read (HTTPRequestParser); None unless it is a plain one."""
    if (
        request.error is not None
        or request.version != "1.1"
        or request.chunked
        or request.fragment
        or request.proxy_netloc
        or not _addressed(request)
    ):
        return None
    stream = request.get_body_stream()
    stream.seek(0)
    plain = Plain(request.command, request.path, request.query, request.headers, stream.read())
    stream.seek(0)
    return plain if _is_plain(plain) else None


def _addressed(request: Any) -> bool:
    if request.command == "GET":
        return bool(_PAGE.fullmatch(request.path) and _QUERY.fullmatch(request.query))
    return request.command == "POST" and not request.query


def _is_plain(plain: Plain) -> bool:
    headers = plain.headers
    length = headers.get("CONTENT_LENGTH")
    return (
        (length == str(len(plain.body)) if plain.method == "POST" else length is None and not plain.body)
        and headers.get("CONNECTION", _KEEP).lower() == _KEEP
        and _FRAMING.isdisjoint(headers)
    )
