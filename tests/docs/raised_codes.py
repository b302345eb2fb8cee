"""Every error code the source can raise, read from the source itself."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from tests.house.sources import ROOT, modules

ERRORS_PAGE = ROOT / "docs/errors.md"
ROW = re.compile(r"^\| `(?P<code>[^`]+)` \|(?P<rest>.*)\|\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Site:
    """One place that makes an error: the code if it is a literal, the sentence as far as it is one, its class and the facts it names."""

    path: Path
    line: int
    code: str | None
    sentence: str
    kind: str
    facts: frozenset[str]


def error_classes() -> set[str]:
    """Names of StallError and all classes derived from it, wherever they stand."""
    names = {"StallError"}
    classes = [node for tree in modules().values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    while True:
        more = {node.name for node in classes if {_last_name(base) for base in node.bases} & names} - names
        if not more:
            return names
        names |= more


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _text(node: ast.expr | None) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
    return ""


def sites() -> list[Site]:
    """Every call that makes an error of ours, outside stall/errors.py."""
    classes = error_classes()
    found: list[Site] = []
    for path, tree in modules().items():
        if path.as_posix() == "stall/errors.py":
            continue
        found += [_site(path, node) for node in ast.walk(tree) if isinstance(node, ast.Call) and _makes(node, classes)]
    return found


def _makes(call: ast.Call, classes: set[str]) -> bool:
    return _last_name(call.func) in classes


def _site(path: Path, call: ast.Call) -> Site:
    arguments = [*call.args, *(keyword.value for keyword in call.keywords)]
    code = _text(arguments[0]) if arguments and isinstance(arguments[0], ast.Constant) else None
    facts = frozenset(keyword.arg for keyword in call.keywords if keyword.arg)
    sentence = _text(arguments[1]) if len(arguments) > 1 else ""
    return Site(path, call.lineno, code or None, sentence, _last_name(call.func), facts)


def raised() -> dict[str, list[Site]]:
    """The sites of each code."""
    by_code: defaultdict[str, list[Site]] = defaultdict(list)
    for site in sites():
        if site.code:
            by_code[site.code].append(site)
    return dict(by_code)


def documented() -> list[str]:
    """The codes of docs/errors.md in their order there."""
    return [row["code"] for row in ROW.finditer(ERRORS_PAGE.read_text(encoding="utf-8"))]
