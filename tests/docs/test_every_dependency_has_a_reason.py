"""docs/dependencies.md: one row for each direct package, its reason, and the only places that may import it."""

from __future__ import annotations

import re
import tomllib

import pytest

from tests.house.sources import ROOT, imports, modules

ROW = re.compile(
    r"^\| (?P<name>[\w-]+) \| (?P<why>[^|]+) \| (?P<licence>[^|]+) \| (?P<size>[\d.]+ [KM]iB) \| (?P<where>[^|]+) \|$",
    re.MULTILINE,
)
# The name to import where it is not the name to install.
MODULE = {
    "argon2-cffi": "argon2",
    "fpdf2": "fpdf",
    "fonttools": "fontTools",
    "pillow": "PIL",
    "pyserial": "serial",
    "python-escpos": "escpos",
    "sqlite-utils": "sqlite_utils",
}


def rows() -> dict[str, re.Match[str]]:
    text = (ROOT / "docs/dependencies.md").read_text(encoding="utf-8")
    return {row["name"]: row for row in ROW.finditer(text)}


def direct() -> list[str]:
    with (ROOT / "pyproject.toml").open("rb") as file:
        wanted = tomllib.load(file)["project"]["dependencies"]
    return [re.split(r"[<>=]", line)[0] for line in wanted]


def importers(package: str) -> set[str]:
    top = MODULE.get(package, package)
    return {
        path.as_posix()
        for path, tree in modules().items()
        for name, _ in imports(tree)
        if name == top or name.startswith(top + ".")
    }


def test_the_page_lists_exactly_the_direct_packages() -> None:
    assert sorted(rows()) == sorted(direct())


@pytest.mark.parametrize("package", direct())
def test_a_package_is_imported_and_only_where_the_page_says(package: str) -> None:
    places = re.findall(r"`(stall/[^`]+)`", rows()[package]["where"])
    assert places, f"the page does not say where {package} is used"
    found = importers(package)
    assert found, f"nothing imports {package}: why is it here?"
    assert sorted(path for path in found if not path.startswith(tuple(places))) == []
    assert sorted(place for place in places if not any(path.startswith(place) for path in found)) == []
