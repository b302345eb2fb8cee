"""A page as somebody reads it: the words that can be seen or heard, one piece for each place they stand in."""

from __future__ import annotations

import re
from html.parser import HTMLParser

#: Attributes that are read out or shown.
_SPOKEN = {"alt", "aria-label", "title", "placeholder", "aria-description"}
_VOID = {"img", "input", "link", "meta", "br", "hr", "source", "track", "path", "circle", "rect", "use", "line"}
#: What is in these is no language: programs, keys as they are written.
_SILENT = {"script", "style", "code", "svg"}


class Words(HTMLParser):
    """Collects the pieces; what stands in an element with a language of its own (a maker's words) is left out."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self.lang = ""
        self._quiet: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "html":
            self.lang = given.get("lang") or ""
        elif self._quiet or tag in _SILENT or "lang" in given:
            if tag not in _VOID:
                self._quiet.append(tag)
            return
        self.pieces += [value for name, value in attrs if name in _SPOKEN and value]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if not self._quiet and tag not in _SILENT:
            self.pieces += [value for name, value in attrs if name in _SPOKEN and value]

    def handle_endtag(self, tag: str) -> None:
        if self._quiet and tag == self._quiet[-1]:
            self._quiet.pop()

    def handle_data(self, data: str) -> None:
        if not self._quiet and data.strip():
            self.pieces.append(" ".join(data.split()))


def read(html: str) -> Words:
    """The words of a page."""
    found = Words()
    found.feed(html)
    return found


def words_of(piece: str) -> list[str]:
    """The words in Latin letters of a piece; one letter alone is none."""
    return re.findall(r"[A-Za-zÀ-ž][A-Za-zÀ-ž’'-]+", piece)
