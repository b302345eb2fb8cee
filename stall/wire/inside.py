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
_EMBEDDED = re.compile(
    rb"<<(?:(?!endobj).){0,2000}?/Type\s*/EmbeddedFile(?:(?!endobj).){0,2000}?>>\s*stream\r?\n", re.DOTALL
)
_LENGTH = re.compile(rb"/Length\s+(\d{1,8})(?![\d\s]*R)")
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
    while len(found) < MOST:
        mark = data.find(b"/EmbeddedFile", at)
        if mark < 0:
            break
        at = mark + 1
        begin = data.rfind(b" obj", max(0, mark - 2000), mark)
        head = _EMBEDDED.search(data, max(0, begin), mark + 2100) if begin >= 0 else None
        length = None if head is None else _LENGTH.search(head[0])
        if head is None or length is None or head.end() <= mark or b"/Filter" in head[0]:
            continue
        end = head.end() + int(length[1])
        if end <= len(data):
            found.append(data[head.end() : end])
            at = end
    return found


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
