"""The project's own source as trees, for tests that state rules about it."""

from __future__ import annotations

import ast
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@cache
def modules(package: str = "stall") -> dict[Path, ast.Module]:
    """Parse every module below `package` (a path like stall/domain); keys are relative to the project."""
    found = sorted((ROOT / package).rglob("*.py"))
    return {path.relative_to(ROOT): ast.parse(path.read_text(encoding="utf-8"), str(path)) for path in found}


@cache  # a tree is asked once for each package there is
def imports(tree: ast.Module) -> tuple[tuple[str, int], ...]:
    """Every imported module of one tree, at any depth, with its line."""
    return tuple(_imports(tree))


def _imports(tree: ast.Module) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or "", node.lineno


@cache
def tracked() -> tuple[Path, ...]:
    """Every file under version control, relative to the project; skips where this is not a checkout."""
    git = shutil.which("git")
    if not git or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    listed = subprocess.run([git, "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return tuple(path for name in listed.split("\0") if name and (ROOT / (path := Path(name))).is_file())
