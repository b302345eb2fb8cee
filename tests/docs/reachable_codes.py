"""Which error codes the buyers' app can raise: followed through the source, from its routes on.

A function reaches what it names: functions, and classes with all they do. A parameter's type counts as named, so a method called on
it is found. What is named and never called counts too; rather a text too many than a page in the wrong language.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

from tests.docs.raised_codes import Site, sites
from tests.house.sources import modules


@dataclass
class Module:
    """One module: its own top-level definitions, and what its imported names stand for."""

    name: str
    path: str
    tree: ast.Module
    own: dict[str, ast.stmt] = field(default_factory=dict)
    imported: dict[str, str] = field(default_factory=dict)


def _dotted(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


@cache
def all_modules() -> dict[str, Module]:
    """Every module of the package by its dotted name."""
    found = {}
    for path, tree in modules().items():
        if not path.as_posix().startswith("stall/"):
            continue
        module = Module(_dotted(path.as_posix()), path.as_posix(), tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module:
                module.imported |= {name.asname or name.name: f"{node.module}.{name.name}" for name in node.names}
        for stmt in tree.body:
            if isinstance(stmt, ast.FunctionDef | ast.ClassDef):
                module.own[stmt.name] = stmt
            elif isinstance(stmt, ast.Assign | ast.AnnAssign):
                targets = stmt.targets if isinstance(stmt, ast.Assign) else [stmt.target]
                module.own |= {target.id: stmt for target in targets if isinstance(target, ast.Name)}
        found[module.name] = module
    return found


def reached(starts: list[tuple[str, str]]) -> set[tuple[str, str]]:
    """Every definition (module, name) that is named from these on."""
    every = all_modules()
    seen: set[tuple[str, str]] = set()
    waiting = list(starts)
    while waiting:
        at = waiting.pop()
        if at in seen or at[0] not in every or at[1] not in every[at[0]].own:
            continue
        seen.add(at)
        waiting += _named(every, every[at[0]], every[at[0]].own[at[1]])
    return seen


def _named(every: dict[str, Module], module: Module, stmt: ast.stmt) -> Iterator[tuple[str, str]]:
    for node in ast.walk(stmt):
        if isinstance(node, ast.Name):
            yield module.name, node.id
            whole = module.imported.get(node.id, "")
            yield whole.rpartition(".")[0], whole.rpartition(".")[2]
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            whole = module.imported.get(node.value.id, "")
            if whole in every:
                yield whole, node.attr


def sites_within(starts: list[tuple[str, str]]) -> list[Site]:
    """Every place within reach that makes an error of ours with a literal code."""
    every = all_modules()
    spans = defaultdict(list)
    for name, own in reached(starts):
        stmt = every[name].own[own]
        spans[every[name].path].append((stmt.lineno, stmt.end_lineno or stmt.lineno))
    return [
        site
        for site in sites()
        if site.code and any(first <= site.line <= last for first, last in spans[site.path.as_posix()])
    ]


@cache
def of_buyers() -> list[Site]:
    """What can go wrong in the buyers' app: from every definition of its modules on, and those that put it together."""
    starts = [("stall.web.factory", "create_buyer_app")]
    starts += [
        (module.name, own)
        for module in all_modules().values()
        if module.name.startswith(("stall.web.buyer", "stall.web.captive"))
        for own in module.own
    ]
    return sites_within(starts)
