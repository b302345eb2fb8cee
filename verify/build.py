#!/usr/bin/env python3
"""Put the modules of this folder into one page: static/verify.html. Needs Python alone; run it after every change here.

No bundler and no minifier: comments and indentation go, each module becomes a function that returns its exports, and nothing
else is changed, so that the page can be compared with this folder by eye. Prints what the page weighs, and fails above 40 kB.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
PAGE = ROOT / "static" / "verify.html"
TABLE = HERE / "unassigned.mjs"
ENTRY = HERE / "page.mjs"

MOST = 40_000
"""Bytes of the page by gzip -9."""

BROKEN_BY = ("</script", "<!--", "\n-->", "\u2028", "\u2029")
"""What ends a script inside a page, or reads as something else there."""

_BEFORE_REGEX = re.compile(r"(?:^|[(,=:\[!&|?{};+\-*%~^<>]|\breturn|\btypeof)\s*$")
_TOKEN = re.compile(
    r"""
    (?P<comment>/\*.*?\*/|//[^\n]*)
  | (?P<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
  | (?P<template>`(?:[^`\\]|\\.)*`)
  | (?P<slash>/)
  | (?P<space>\s+)
  | (?P<code>[^/"'`\s]+)
    """,
    re.VERBOSE | re.DOTALL,
)
_REGEX = re.compile(r"/(?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/[a-z]*")
_TIGHT = "(){}[];,:?=<>&|*"
"""Signs beside which a space says nothing."""

_IMPORT = re.compile(r"^import\s*(?P<what>\{[^}]*\}|\*\s*as\s+\w+)\s*from\s*\"(?P<path>[^\"]+)\";?$", re.MULTILINE)
_EXPORT = re.compile(r"^export (?P<kind>const|class|function|async function)(?P<star>\*?) ?(?P<name>\w+)", re.MULTILINE)
_EXPORTS = re.compile(r"^export\s*\{(?P<names>[^}]*)\};?$", re.MULTILINE)


class Unbuildable(Exception):
    """What the page cannot be made of, in one sentence."""


def stripped(code: str) -> str:
    """Take comments, indentation, empty lines and spaces beside signs away. Texts, templates and patterns stay as they are."""
    out: list[str] = []
    at = 0
    while at < len(code):
        found = _TOKEN.match(code, at)
        if found is None:
            raise Unbuildable(f"JavaScript that cannot be read: {code[at : at + 40]!r}")
        piece, kind = found[0], found.lastgroup
        if kind == "slash" and _BEFORE_REGEX.search("".join(out[-3:])):
            found = _REGEX.match(code, at)
            if found is None:
                raise Unbuildable(f"a pattern that does not end: {code[at : at + 40]!r}")
            piece = found[0]
        at += len(piece)
        if kind == "comment":
            piece = "\n" if "\n" in piece else " "
            kind = "space"
        if kind == "space":
            piece = "\n" if "\n" in piece else " "
            if out and out[-1] in (" ", "\n"):
                piece = "\n" if "\n" in (piece, out.pop()) else " "
        out.append(piece)
    return _tight(out)


def _tight(pieces: list[str]) -> str:
    kept: list[str] = []
    for at, piece in enumerate(pieces):
        if piece == " ":
            before, after = pieces[at - 1][-1] if at else "", pieces[at + 1][0] if at + 1 < len(pieces) else ""
            if before in _TIGHT or after in _TIGHT or not before or not after:
                continue
        kept.append(piece)
    return "".join(kept).strip() + "\n"


def _name(path: Path) -> str:
    return "$" + ("noble" if path.stem == "index" else path.stem.replace("-", "_"))


def _module(path: Path) -> tuple[str, list[Path]]:
    """Write one module as a function, and tell whose exports it takes."""
    needed: list[Path] = []
    code = stripped(path.read_text(encoding="utf-8"))

    def taken(found: re.Match[str]) -> str:
        other = (path.parent / found["path"]).resolve()
        needed.append(other)
        what = found["what"]
        if what.startswith("*"):
            return f"const {what.split()[-1].removeprefix('*as')}={_name(other)};"
        return f"const{re.sub(r' as ', ':', what)}={_name(other)};"

    code = _IMPORT.sub(taken, code)
    given = [found["name"] for found in _EXPORT.finditer(code)]
    code = _EXPORT.sub(r"\g<kind>\g<star> \g<name>", code)
    for found in _EXPORTS.finditer(code):
        given += [name.strip() for name in found["names"].split(",") if name.strip()]
    code = _EXPORTS.sub("", code).strip()
    if re.search(r"^(import|export)\b|\bimport\(|\bimport\.meta\b", code, re.MULTILINE):
        raise Unbuildable(f"{path.name} imports or exports in a way that this build does not know")
    return f"const {_name(path)}=(()=>{{\n{code}\nreturn{{{','.join(given)}}}\n}})();\n", needed


def script(entry: Path = ENTRY) -> str:
    """Write the module `entry` and all it needs, each once, after what it needs itself."""
    done: dict[Path, str] = {}
    open_: list[Path] = []

    def add(path: Path) -> None:
        if path in open_:
            raise Unbuildable(f"{path.name} needs itself, by {open_[-1].name}")
        if path in done:
            return
        open_.append(path)
        if path.suffix == ".json":
            text, needed = f"const {_name(path)}={_data(path)};\n", []
        else:
            text, needed = _module(path)
        for other in needed:
            add(other)
        open_.pop()
        done[path] = text

    add(entry)
    names = [_name(path) for path in done]
    if len(set(names)) != len(names):
        raise Unbuildable("two modules have one name")
    return '"use strict";\n' + "".join(done.values())


def _data(path: Path) -> str:
    """The sentences as a module: `names` of all of them, and under each language they themselves, in one line divided by `|`."""
    texts = json.loads(path.read_text(encoding="utf-8"))
    lines = {"names": "|".join(texts)}
    for tongue in next(iter(texts.values())):
        lines[tongue] = "|".join(each[tongue] for each in texts.values())
        if lines[tongue].count("|") != len(texts) - 1:
            raise Unbuildable(f"a sentence in {tongue} holds a |")
    return json.dumps(lines, ensure_ascii=False, separators=(",", ":"))


def style(path: Path = HERE / "page.css") -> str:
    """The style sheet without comments and indentation."""
    code = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    code = re.sub(r"\s+", " ", code)
    return re.sub(r" ?([{};,>]) ?", r"\1", code).replace(": ", ":").replace(";}", "}").strip()


def _hash(text: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


def page() -> str:
    """Write the whole page. Its policy allows this script and this style alone, and no request to anybody."""
    code, looks = script(), style()
    for broken in BROKEN_BY:
        if broken in code:
            raise Unbuildable(f"the script holds {broken!r}, which ends it inside a page")
    policy = (
        f"default-src 'none'; script-src {_hash(code)}; style-src {_hash(looks)}; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'"
    )
    frame = (HERE / "page.html").read_text(encoding="utf-8")
    frame = re.sub(r"<!--.*?-->\n?", "", frame, flags=re.DOTALL)
    frame = re.sub(r"(?m)^\s+|\n\s*(?=\n)", "", frame)
    for name, text in (("policy", policy), ("style", looks), ("script", code)):
        if frame.count(f"%{name}%") != 1:
            raise Unbuildable(f"page.html does not have %{name}% once")
        frame = frame.replace(f"%{name}%", text)
    return frame


def table() -> str:
    """Write unassigned.mjs: docs/unassigned.json as gaps and lengths, in letters, of which the last of a number is small."""
    ranges = json.loads((ROOT / "docs" / "unassigned.json").read_text(encoding="utf-8"))["ranges"]
    packed, before = [], -1
    for first, last in ranges:
        packed += [_letters(first - before - 1), _letters(last - first)]
        before = last
    text = "".join(packed)
    lines = "\n".join(f'  + "{text[at : at + 120]}"' for at in range(0, len(text), 120)).replace("+", " ", 1)
    return f"""\
// What Unicode 14.0 does not assign (protocol.md 2.4, rule 10), made by build.py from docs/unassigned.json.
// How many code points are assigned, how many more than one are not, and so on; numbers in base 26, the last digit small.
const PACKED =
{lines};
let at = -1;
const sign = (n) => `\\\\u{{${{n.toString(16)}}}}`;
const numbers = PACKED.match(/[A-Z]*[a-z]/g).map((digits) => Array.from(digits.toUpperCase()).reduce((n, d) => n * 26 + d.charCodeAt(0) - 65, 0));
const ranges = numbers.map((n, i) => (i % 2 ? "-" : "") + sign(at += i % 2 ? n : n + 1));
export const UNASSIGNED = new RegExp(`[${{ranges.join("")}}]`, "u");
"""


def _letters(number: int) -> str:
    text = chr(ord("a") + number % 26)
    while number := number // 26:
        text = chr(ord("A") + number % 26) + text
    return text


def weight(text: str) -> int:
    """Bytes by gzip -9, the same everywhere."""
    return len(gzip.compress(text.encode(), 9, mtime=0))


def main() -> int:
    """Write the table and the page, and say what the page weighs."""
    TABLE.write_text(table(), encoding="utf-8")
    try:
        made = page()
    except Unbuildable as error:
        print(f"verify.html cannot be built: {error}", file=sys.stderr)
        return 1
    PAGE.write_text(made, encoding="utf-8")
    size = weight(made)
    print(f"static/verify.html: {len(made.encode())} bytes, {size} by gzip -9, of {MOST}")
    if size > MOST:
        print("verify.html is too large: take something away", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
