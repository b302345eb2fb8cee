"""The signed papers that travel in a PDF or a picture we drew: found by their marks, taken out as they are. Pure.

A PDF holds them as embedded files whose bytes stand as they are; a PNG in a chunk `iTXt` of our keyword, not compressed (docs/protocol.md
9.3). Whoever drew the rest proves nothing by it, and nothing of the rest is read.
"""

from __future__ import annotations

import re
import zlib

PDF, PNG = b"%PDF-", b"\x89PNG\r\n\x1a\n"
KEYWORD = b"stall-certificate"
#: More than this a file of ours never holds; of how long they are the reader of papers decides.
MOST = 10
#: Places of a PDF that are looked at, and bytes around each.
_MOST_PLACES, _AROUND = 64, 2000
_TYPE = re.compile(rb"/Type\s{0,8}/EmbeddedFile")
_LENGTH = re.compile(rb"/Length\s{1,8}(\d{1,8})(?!\d|\s{1,8}\d{1,8}\s{1,8}R)")
_CHUNK, _MOST_CHUNKS = 12, 4096
#: A compressed chunk begins so after its keyword, ours with noughts: not compressed, no language, no translation.
_PLAIN = b"\x00\x00\x00\x00\x00"


def is_drawn(data: bytes) -> bool:
    """Whether a file is a PDF or a PNG by how it begins."""
    return data.startswith((PDF, PNG))


def papers(data: bytes) -> list[bytes]:
    """The papers in it, as many as there are, ten at most; those of a broken file as far as it goes."""
    return _of_png(data) if data.startswith(PNG) else _of_pdf(data)


def _of_pdf(data: bytes) -> list[bytes]:
    found: list[bytes] = []
    at = 0
    for _ in range(_MOST_PLACES):
        mark = data.find(b"/EmbeddedFile", at)
        if mark < 0 or len(found) == MOST:
            break
        at = mark + 1
        begin, end = _stream(data, mark)
        if end:
            found.append(data[begin:end])
            at = end
    return found


def _stream(data: bytes, mark: int) -> tuple[int, int]:
    """Where the stream of the object around a place begins and ends; (0, 0) where there is none whose bytes stand as they are."""
    begin, stream = data.rfind(b" obj", max(0, mark - _AROUND), mark), data.find(b"stream", mark, mark + _AROUND)
    head = data[begin:stream].rstrip()
    if begin < 0 or stream < 0 or not head.endswith(b">>") or b"endobj" in head or b"/Filter" in head:
        return 0, 0
    length = _LENGTH.search(head)
    first = stream + len(b"stream")
    line = b"\r\n" if data.startswith(b"\r\n", first) else b"\n"
    if length is None or _TYPE.search(head) is None or not data.startswith(line, first):
        return 0, 0
    first += len(line)
    end = first + int(length[1])
    return (first, end) if end <= len(data) else (0, 0)


def _of_png(data: bytes) -> list[bytes]:
    found: list[bytes] = []
    at = len(PNG)
    for _ in range(_MOST_CHUNKS):
        length = int.from_bytes(data[at : at + 4], "big")
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        if len(data) < at + _CHUNK + length or len(found) == MOST:
            break
        whole = zlib.crc32(kind + body) == int.from_bytes(data[at + 8 + length : at + _CHUNK + length], "big")
        if kind == b"iTXt" and whole and body.startswith(KEYWORD + _PLAIN):
            found.append(body[len(KEYWORD + _PLAIN) :])
        at += _CHUNK + length
    return found
