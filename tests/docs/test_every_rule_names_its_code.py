"""Whatever code a golden vector is refused with, the section it names says so, in a table of rules."""

from __future__ import annotations

import json
import re

import pytest

from tests.house.sources import ROOT

PAGE = (ROOT / "docs/protocol.md").read_text(encoding="utf-8")
VECTORS = sorted(path.stem for path in (ROOT / "tests/wire/vectors").glob("*.json"))
#: Codes that stand in one table for all: the members (5), JSON (2.4), base64 and tokens inside other papers (2), keys (3).
EVERYWHERE = ("member-", "json-", "token-", "base64-", "key-", "did-")
FAMILY = re.compile(r"`([a-z0-9-]+)-…`")


def said_in(number: str) -> str:
    """A numbered section with those inside it."""
    found = re.search(rf"^(#+) {re.escape(number)}\.? .*?(?=^#{{1,3}} |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    if found is None:
        return ""
    inner = re.findall(rf"^### {re.escape(number)}\.\d+ .*?(?=^#{{1,3}} |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    return "".join([found[0], *inner])


@pytest.mark.parametrize("name", VECTORS)
def test_the_section_of_every_refused_case_names_its_code(name: str) -> None:
    vectors = json.loads((ROOT / f"tests/wire/vectors/{name}.json").read_text(encoding="utf-8"))
    lacking = set()
    for case in vectors["invalid"]:
        said, code = said_in(case["section"]), case["code"]
        families = tuple(f"{family}-" for family in FAMILY.findall(said))
        if f"`{code}`" not in said and not code.startswith((*EVERYWHERE, *families)):
            lacking.add((case["section"], code))
    assert lacking == set()


@pytest.mark.parametrize("family", EVERYWHERE)
def test_the_codes_of_every_document_stand_on_the_page_once_for_all(family: str) -> None:
    assert re.search(rf"`{family}[a-z0-9-]+`", PAGE)
