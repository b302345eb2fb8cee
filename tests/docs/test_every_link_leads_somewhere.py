"""Every relative link in the documents leads to a file and to a heading that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.house.sources import ROOT, tracked

LINK = re.compile(r"\[[^\]]*\]\((?P<target>[^)\s]+)(?: \"[^\"]*\")?\)")
HEADING = re.compile(r"^#+ (?P<text>.+?)\s*$", re.MULTILINE)
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def documents() -> list[Path]:
    return [path for path in tracked() if path.suffix == ".md"]


def prose(path: Path) -> str:
    return FENCE.sub("", (ROOT / path).read_text(encoding="utf-8"))


def anchors(path: Path) -> set[str]:
    """The anchors that a hosted page gives to its headings."""
    plain = (re.sub(r"[^\w\- ]", "", heading["text"].lower()) for heading in HEADING.finditer(prose(path)))
    return {text.replace(" ", "-") for text in plain}


def links(path: Path) -> list[str]:
    targets = [link["target"] for link in LINK.finditer(prose(path))]
    return [target for target in targets if not re.match(r"[a-z]+:", target)]


def test_every_relative_link_leads_to_a_file_and_a_heading_of_the_project() -> None:
    for path in documents():
        for target in links(path):
            name, _, anchor = target.partition("#")
            file = (ROOT / path.parent / name).resolve() if name else ROOT / path
            assert file.exists(), f"{path} links to {target}, which does not exist"
            assert file.is_relative_to(ROOT), f"{path} links out of the project: {target}"
            if anchor and file.suffix == ".md":
                assert anchor in anchors(file.relative_to(ROOT)), f"{path} links to {target}: no such heading"


@pytest.mark.parametrize("command", ["./setup.sh demo", "./setup.sh test"])
def test_the_readme_names_both_commands(command: str) -> None:
    assert command in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_readme_starts_a_bare_system_with_what_it_lacks() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    block = re.search(r"^```\w*\n(?P<first>.*)$", text, re.MULTILINE)
    assert block, "the README shows no command"
    assert "git" in block["first"]
    assert "python3-venv" in block["first"]
