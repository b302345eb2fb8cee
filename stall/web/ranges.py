"""Which bytes of a file a request asks for: RFC 9110 clauses 13 and 14, as pure functions of header texts.

A representation here has a strong entity tag and no date. Several ranges at once are answered with the
whole (RFC 9110, 14.2 lets a server ignore Range), because no phone asks for them; so is a number of more than
18 digits. Where the clause leaves a choice, it is nginx's, so that both ways to a file answer the same.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_DIGITS = 18  # more than any file has
_ONE_RANGE = re.compile(rf"bytes=([0-9]{{0,{_DIGITS}}})-([0-9]{{0,{_DIGITS}}})", re.IGNORECASE)
_TAG = re.compile(r'[\s,]*(W/)?("[\x21\x23-\x7e\x80-\xff]*")\s*(?:,|\Z)')


@dataclass(frozen=True, slots=True)
class Span:
    """A run of bytes: where it begins and how many there are."""

    first: int
    length: int


@dataclass(frozen=True, slots=True)
class Conditions:
    """The request headers that decide what is sent; None where absent."""

    if_match: str | None = None
    if_none_match: str | None = None
    if_range: str | None = None
    range: str | None = None


WHOLE, PART, UNCHANGED, CHANGED, BEYOND = 200, 206, 304, 412, 416


def answer(wanted: Conditions, etag: str, size: int) -> tuple[int, Span]:
    """Decide status and bytes for a GET of `size` bytes whose quoted tag is `etag`.

    The order is that of RFC 9110, 13.2.2. Statuses without a body come with an empty span.
    """
    nothing = Span(0, 0)
    if wanted.if_match is not None and not _lists(wanted.if_match, etag, weak=False):
        return CHANGED, nothing
    if wanted.if_none_match is not None and _lists(wanted.if_none_match, etag, weak=True):
        return UNCHANGED, nothing
    if wanted.range is None or (wanted.if_range is not None and wanted.if_range.strip() != etag):
        return WHOLE, Span(0, size)
    span = _span(wanted.range, size)
    if span is None:
        return WHOLE, Span(0, size)
    return (PART, span) if span.length else (BEYOND, nothing)


def _span(header: str, size: int) -> Span | None:
    """Read one range; None when it is to be ignored (other units, several, malformed), empty when beyond the end or the wrong way round."""
    match = _ONE_RANGE.fullmatch(header)
    if match is None or match[1] == match[2] == "":
        return None
    if match[1] == "":
        length = min(int(match[2]), size)
        return None if size == 0 and int(match[2]) else Span(size - length, length)
    first, last = int(match[1]), int(match[2]) if match[2] else size - 1
    return Span(first, max(0, min(last, size - 1) - first + 1))  # one that ends before it begins is refused (14.2)


def _lists(header: str, etag: str, *, weak: bool) -> bool:
    """Whether a list of entity tags holds ours; a weak tag counts only in weak comparison (8.8.3.2)."""
    if header.strip() == "*":
        return True
    at = 0
    while (match := _TAG.match(header, at)) is not None:
        if match[2] == etag and (weak or match[1] is None):
            return True
        at = match.end()
    return False
