"""The decision records: numbered without a gap, all in the index, all in one shape."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.house.sources import ROOT

FOLDER = ROOT / "docs/adr"
RECORDS = sorted(FOLDER.glob("[0-9]*.md"))


def test_records_are_numbered_without_a_gap() -> None:
    assert [int(path.name[:4]) for path in RECORDS] == list(range(len(RECORDS)))


@pytest.mark.parametrize("path", RECORDS[1:], ids=lambda path: path.stem)
def test_a_record_says_context_options_decision_and_consequences(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert headings == ["Context", "Options", "Decision", "Consequences"]
    assert re.search(r"^Status: (?:accepted|replaced by \[\d{4}\]\(.+\)), \d{4}-\d{2}-\d{2}$", text, re.MULTILINE)
    assert len(text.split()) <= 450, "half a page says it"


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.stem)
def test_a_record_is_in_the_index_under_its_own_title(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    name, title = path.name, text.splitlines()[0].removeprefix("# ")
    number, words = title.split(". ", 1)
    assert number == name[:4]
    assert f"[{number}]({name}) {words}" in (FOLDER / "README.md").read_text(encoding="utf-8")
