"""XMP, the XML that programs put into pictures and films: places are overwritten with spaces, all else stays where it is.

XML is read by expat, which says at which byte a tag stands. A packet with a document type is not read at all.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from xml.parsers import expat

from stall.creator.media.stretch import Seen, Stuck

HEAD = b"http://ns.adobe.com/xap/1.0/\0"
MORE_HEAD = b"http://ns.adobe.com/xmp/extension/\0"

_PLACE = (
    r"(?:[\w-]+:)?[\w-]*(?:gps|latitude|longitude|longtitude)[\w-]*"
    r"|photoshop:(?:City|State|Country)"
    r"|Iptc4xmpCore:(?:Location|CountryCode)"
    r"|Iptc4xmpExt:(?:LocationCreated|LocationShown|City|CountryCode|CountryName|ProvinceState|Sublocation|WorldRegion)"
)
_IS_PLACE = re.compile(_PLACE, re.IGNORECASE)
_PREFIXES = {
    "http://ns.adobe.com/photoshop/1.0/": "photoshop",
    "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/": "Iptc4xmpCore",
    "http://iptc.org/std/Iptc4xmpExt/2008-02-29/": "Iptc4xmpExt",
}
_MOST_NAME = 256  # a longer name is judged by what it holds alone: to match it whole takes too long
_HINT = re.compile(
    rb"gps|latitude|longt?itude|photoshop:(?:city|state|country)|iptc4xmpcore:|iptc4xmpext:", re.IGNORECASE
)
_ATTRIBUTE = re.compile(rb"\s+([^\s=/>\"']+)\s*=\s*(?:\"[^\"]*\"|'[^']*')")
_PATH = re.compile(r"(?:file:///?|[A-Z]:[\\/]|/Users/|/home/)[^\s<>\"']{3,}")
_OF_PEOPLE = {
    "aux:SerialNumber": "camera's serial number",
    "exifEX:BodySerialNumber": "camera's serial number",
    "exifEX:LensSerialNumber": "lens's serial number",
    "aux:LensSerialNumber": "lens's serial number",
    "aux:OwnerName": "owner's name",
    "exifEX:CameraOwnerName": "owner's name",
}
_FACTS = {"dc:creator": "author", "dc:rights": "copyright", "xmp:CreatorTool": "program", "dc:title": "title"}


def clean(data: bytes, seen: Seen) -> bytes:
    """Give a packet without places, as long as it was, and note what it tells. Raises Stuck."""
    body = data.rstrip(b"\0")
    if b"\0" in body:  # UTF-16 or UTF-32: rare, and the places of tags are not those of its bytes
        if _HINT.search(body.replace(b"\0", b"")):
            seen.place = True
            raise Stuck("its XMP is not UTF-8")
        return data
    _note_paths(body, seen)
    reader = _Reader(body, seen)
    try:
        reader.parse()
    except (expat.ExpatError, ValueError, LookupError):  # the last two of an encoding it cannot read
        if _HINT.search(body):
            seen.place = True
            raise Stuck("its XMP is damaged") from None
        return data
    return bytes(reader.cleaned) + data[len(body) :]


class _Reader:
    """One packet being read; `cleaned` is it without places."""

    def __init__(self, body: bytes, seen: Seen) -> None:
        self.cleaned = bytearray(body)
        self._body, self._seen = body, seen
        self._path: list[str] = []
        self._text = ""
        self._prefixes: dict[str, str] = {}  # what a file calls a namespace, by what all the world calls it
        self._blank: tuple[int, int] | None = None  # depth and first byte of the element being taken out
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._words
        self._parser.StartDoctypeDeclHandler = self._doctype

    def parse(self) -> None:
        self._parser.Parse(self._body, True)

    def _doctype(self, *_args: object) -> None:
        raise Stuck("its XMP has a document type")

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        at = self._parser.CurrentByteIndex
        self._path.append(name)
        self._text = ""
        if self._blank is not None:
            return
        self._learn_prefixes(attributes)
        if self._is_place(name):
            self._blank = (len(self._path), at)
            return
        for attribute, value in attributes.items():
            self._note(attribute, value)
        if any(map(self._is_place, attributes)):
            self._seen.place = True
            self._blank_attributes(at)

    def _learn_prefixes(self, attributes: Mapping[str, str]) -> None:
        for name, value in attributes.items():
            if name.startswith("xmlns:") and value in _PREFIXES:
                self._prefixes[name.removeprefix("xmlns:")] = _PREFIXES[value]

    def _is_place(self, name: str) -> bool:
        prefix, colon, rest = name.partition(":")
        return _is_place(f"{self._prefixes.get(prefix, prefix)}{colon}{rest}")

    def _blank_attributes(self, at: int) -> None:
        tag = self._body[at : self._tag_end(at)]
        for found in _ATTRIBUTE.finditer(tag):
            if self._is_place(found[1].decode("utf-8", "replace")):
                self._fill(at + found.start(), at + found.end())

    def _tag_end(self, at: int) -> int:
        """The first byte behind the tag that begins at `at`; a `>` within a value ends none."""
        quote = 0
        for place in range(at, len(self._body)):
            letter = self._body[place]
            if quote:
                quote = 0 if letter == quote else quote
            elif letter in b"\"'":
                quote = letter
            elif letter == ord(">"):
                return place + 1
        return len(self._body)

    def _end(self, name: str) -> None:
        if self._blank is not None and self._blank[0] == len(self._path):
            self._fill(self._blank[1], self._tag_end(self._parser.CurrentByteIndex))
            self._blank, self._seen.place = None, True
        elif self._blank is None:
            for one in reversed(self._path):  # the words of a list belong to what the list is of
                if not one.startswith("rdf:"):
                    self._note(one, self._text)
                    break
        self._text = ""
        self._path.pop()

    def _words(self, text: str) -> None:
        self._text += text

    def _note(self, name: str, words: str) -> None:
        if name in _OF_PEOPLE:
            self._seen.note_personal(_OF_PEOPLE[name], words)
        elif name in _FACTS:
            self._seen.note(_FACTS[name], words)

    def _fill(self, start: int, end: int) -> None:
        self.cleaned[start:end] = b" " * (end - start)


def _is_place(name: str) -> bool:
    if len(name) > _MOST_NAME:
        return _HINT.search(name.encode()) is not None
    return _IS_PLACE.fullmatch(name) is not None


def _note_paths(body: bytes, seen: Seen) -> None:
    if found := _PATH.search(body.decode("utf-8", "replace")):
        seen.note_personal("path on a computer", found[0])
