#!/usr/bin/env python3
"""Put the modules of this folder into one page: static/verify.html, and some into scripts of the box's pages.

Needs Python alone; run it after every change here.

No bundler from elsewhere: comments and spaces go, functions that nothing names go, and names are shortened (squeeze.py), nothing
else is changed, and the same files give the same page. Prints what the page weighs, and fails above 40 kB.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # run as a program, as in: python verify/build.py

from verify import squeeze, tokens  # found by the line above

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
PAGE = ROOT / "static" / "verify.html"
TABLE = HERE / "unassigned.mjs"
ENTRY = HERE / "page.mjs"
KEY, KEY_ENTRY = ROOT / "static" / "ownerkey.js", HERE / "ownerkey.mjs"
"""What a page of the box loads where a buyer makes an owner code."""

MOST = 40_000
"""Bytes of the page by gzip -9."""

BROKEN_BY = ("</script", "<!--", "-->", "\u2028", "\u2029")
"""What ends a script inside a page, or reads as something else there."""

_IMPORT = re.compile(r'import\s*(?P<what>\{[^}]*\}|\* ?as \w+) ?from ?"(?P<path>[^"]+)";\n?')
_EXPORT = re.compile(r"(?<![\w$.])export (?=(?:const|class|function|async function)\*? ?(\w+))")
_EXPORTS = re.compile(r"(?<![\w$.])export ?\{(?P<names>[^}]*)\};?")
_NOTICE = re.compile(r"/\*!.*?\*/", re.DOTALL)
_WRONG = re.compile(r"(?<![\w$.\"'`])(?:import|export)\b(?![\"'`:])")


class Unbuildable(Exception):
    """What the page cannot be made of, in one sentence."""


@dataclass
class Module:
    """One file: what it takes from others, what it gives, and its statements."""

    path: Path
    taken: list[tuple[Path, dict[str, str]]]
    """Module, and name there to name here; `*` for all of it."""
    given: list[str]
    units: list[squeeze.Unit]

    @property
    def name(self) -> str:
        """The constant that holds its exports in the page."""
        return "$" + ("noble" if self.path.stem == "index" else self.path.stem.replace("-", "_"))

    def uses(self) -> Counter[str]:
        """How often each name stands in its statements."""
        uses = Counter[str]()
        for unit in self.units:
            uses.update(unit.names)
        return uses


def read(path: Path) -> Module:
    """Read one module; of a JSON file each member is an export. Raises Unbuildable for what this build does not know."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".json":
        return Module(path, [], [], [squeeze.Unit("", [tokens.Token("text", _data(text))], may_go=False)])
    code = tokens.written(tokens.tokens(text))
    taken = []
    for found in _IMPORT.finditer(code):
        what = found["what"].strip("{}").split(",")
        pairs = [re.split(r" ?\bas ", one) for one in what if one]
        taken.append(((path.parent / found["path"]).resolve(), {pair[0]: pair[-1] for pair in pairs}))
    code = _IMPORT.sub("", code)
    given = _EXPORT.findall(code)
    for found in _EXPORTS.finditer(code):
        given += [name for name in found["names"].split(",") if name]
    code = _EXPORTS.sub("", _EXPORT.sub("", code))
    if _WRONG.search(code) or any(" as " in name for name in given):
        raise Unbuildable(f"{path.name} imports or exports in a way that this build does not know")
    return Module(path, taken, given, list(squeeze.units(tokens.tokens(code))))


def _data(text: str) -> str:
    """The sentences as a module: `names` of all of them, and under each language they themselves, in one line divided by `|`."""
    texts = json.loads(text)
    lines = {"names": "|".join(texts)}
    for tongue in next(iter(texts.values())):
        lines[tongue] = "|".join(each[tongue] for each in texts.values())
        if lines[tongue].count("|") != len(texts) - 1:
            raise Unbuildable(f"a sentence in {tongue} holds a |")
    return json.dumps(lines, ensure_ascii=False, separators=(",", ":"))


def modules(entry: Path) -> list[Module]:
    """The module `entry` and all it needs, each once, after what it needs itself."""
    done: dict[Path, Module] = {}
    begun: list[Path] = []

    def add(path: Path) -> None:
        if path in begun:
            raise Unbuildable(f"{path.name} needs itself, by {begun[-1].name}")
        if path not in done:
            begun.append(path)
            module = read(path)
            for other, _ in module.taken:
                add(other)
            done[begun.pop()] = module

    add(entry)
    if len({module.name for module in done.values()}) != len(done):
        raise Unbuildable("two modules have one name")
    # The sentences first: what is like each other lies nearer then, and gzip looks back 32 kB.
    return sorted(done.values(), key=lambda module: module.path.suffix != ".json")


def shake(found: list[Module]) -> None:
    """Leave out functions, and members of classes, that nothing names: of what is vendored, a third."""
    while True:
        before = sum(len(module.units) for module in found)
        uses = {module.path: module.uses() for module in found}
        uses[found[-1].path].update(found[-1].given)
        everywhere = Counter[str]()
        for own in uses.values():
            everywhere.update(own)
        for module in found:
            used = uses[module.path] + _uses_by_others(module, found, uses)
            module.units = [
                unit for unit in module.units
                if not unit.may_go or (everywhere if unit.inside else used)[unit.name] > unit.names[unit.name]
            ]  # fmt: skip
        if sum(len(module.units) for module in found) == before:
            return


def _uses_by_others(module: Module, found: list[Module], all_uses: Mapping[Path, Counter[str]]) -> Counter[str]:
    uses = Counter[str]()
    for other in found:
        own = all_uses[other.path]
        for pairs in (pairs for path, pairs in other.taken if path == module.path):
            if "*" in pairs:
                whole = _is_handed_on(other, pairs["*"])
                uses.update(name for name in module.given if whole or own[name])
            uses.update(there for there, here in pairs.items() if own[here])
    return uses


def _is_handed_on(module: Module, name: str) -> bool:
    """Whether the whole of an imported module is used as a value, not only members of it by name."""
    texts = [token.text for unit in module.units for token in unit.cut if token.kind != "space"]
    around = zip(["", *texts], texts, [*texts[1:], ""], strict=False)
    return any(
        text == name and after != "." and before != "." and not (after == ":" and before in ("{", ","))
        for before, text, after in around
    )


def script(entry: Path = ENTRY) -> str:
    """Write `entry` and all it needs as one script, in which every name of every module is another."""
    notices, body, _ = _written(entry)
    return f'{notices}"use strict";(()=>{{{body}}})();\n'


def module(entry: Path = KEY_ENTRY) -> str:
    """Write `entry` and all it needs as one module for a page of the box, with the exports that `entry` has itself."""
    notices, body, given = _written(entry)
    exports = ",".join(f"{name} as {there}" for there, name in given.items())
    return (
        f"// Made by verify/build.py from verify/{entry.name} and what it needs.\n{notices}{body}export{{{exports}}};\n"
    )


def _written(entry: Path) -> tuple[str, str, dict[str, str]]:
    """Licences of what is vendored, the program, and what the exports of `entry` are called in it."""
    found = modules(entry)
    shake(found)
    by_path = {one.path: one for one in found}
    short = _short_names(found)
    notices = "".join(
        notice + "\n" for one in found for notice in _NOTICE.findall(one.path.read_text(encoding="utf-8"))
    )
    given = {name: short[found[-1].path][name] for name in found[-1].given}
    cuts = {one.path: _renamed(one, by_path, short) for one in found}
    squeeze.put_where_used([unit for units in cuts.values() for unit in units], kept=given.values())
    return notices, "".join(_body(one, cuts[one.path], by_path, short) for one in found), given


def _short_names(found: list[Module]) -> dict[Path, dict[str, str]]:
    """What each name of each module is called in the script, the most used shortest."""
    used = Counter[tuple[Path, str]]()
    for module in found:
        own = module.uses()
        for unit in module.units:
            used.update({(module.path, name): own[name] for name in squeeze.declared(unit)})
        for other, pairs in module.taken:
            used.update({(other, there): own[here] for there, here in pairs.items()})
    free = squeeze.upper()
    short: dict[Path, dict[str, str]] = {module.path: {} for module in found}
    for (path, name), _ in sorted(used.items(), key=lambda pair: (-pair[1], pair[0])):
        short[path][name] = next(free)
    return short


def _renamed(
    module: Module, by_path: dict[Path, Module], short: dict[Path, dict[str, str]]
) -> list[list[tokens.Token]]:
    names, spaces = dict(short[module.path]), {}
    for other, pairs in module.taken:
        if "*" in pairs and by_path[other].path.suffix != ".json":
            spaces[pairs["*"]] = short[other]
        names |= {here: short[other][there] for there, here in pairs.items()}
    return [squeeze.renamed(unit, names, spaces) for unit in module.units]


def _body(
    module: Module, cuts: list[list[tokens.Token]], by_path: dict[Path, Module], short: dict[Path, dict[str, str]]
) -> str:
    cut = [token for unit in cuts for token in (*unit, tokens.Token("space", "\n"))]
    text = tokens.written(squeeze.shortened(cut))
    everything = short[module.path].get("*")
    if module.path.suffix == ".json":
        return f"const {everything}={text};\n"
    if everything and any(
        _is_handed_on(one, pairs["*"])
        for one in by_path.values()
        for path, pairs in one.taken
        if path == module.path and "*" in pairs
    ):
        text += f"\nconst {everything}={{{','.join(f'{name}:{short[module.path][name]}' for name in module.given)}}};"
    return text + "\n"


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
    """Write unassigned.mjs: docs/unassigned.json as gaps and lengths, in letters, of which the last of a number is small.

    The digits that end most numbers are the letters that are frequent in the page anyway.
    """
    ranges = json.loads((ROOT / "docs" / "unassigned.json").read_text(encoding="utf-8"))["ranges"]
    numbers, before = [], -1
    for first, last in ranges:
        numbers += [first - before - 1, last - first]
        before = last
    common = Counter(number % len(squeeze.FREQUENT) for number in numbers).most_common()
    digit_of = {digit: letter for (digit, _), letter in zip(common, squeeze.FREQUENT, strict=True)}
    digits = "".join(digit_of[digit] for digit in range(len(digit_of)))
    return f"""\
// What Unicode 14.0 does not assign (protocol.md 2.4, rule 10), made by build.py from docs/unassigned.json.
// How many code points are assigned, how many more than one are not, and so on; numbers in base 26, the last digit small.
const DIGITS = "{digits}";
const PACKED = "{"".join(_letters(number, digits) for number in numbers)}";
let at = -1;
const sign = (n) => `\\\\u{{${{n.toString(16)}}}}`;
const ranges = PACKED.match(/[A-Z]*[a-z]/g).map((letters, i) => {{
  const n = Array.from(letters.toLowerCase()).reduce((n, c) => n * 26 + DIGITS.indexOf(c), 0);
  return (i % 2 ? "-" : "") + sign(at += i % 2 ? n : n + 1);
}});
export const UNASSIGNED = new RegExp(`[${{ranges.join("")}}]`, "u");
"""


def _letters(number: int, digits: str) -> str:
    text = digits[number % len(digits)]
    while number := number // len(digits):
        text = digits[number % len(digits)].upper() + text
    return text


def weight(text: str) -> int:
    """Bytes by gzip -9, the same everywhere."""
    return len(gzip.compress(text.encode(), 9, mtime=0))


def main() -> int:
    """Write the table and the page, and say what the page weighs."""
    TABLE.write_text(table(), encoding="utf-8")
    try:
        if KEY_ENTRY.exists():
            KEY.write_text(module(), encoding="utf-8")
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
