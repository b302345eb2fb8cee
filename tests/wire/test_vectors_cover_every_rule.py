"""The vector files are worth having: enough cases for each document, each for a rule of its own that the page describes."""

from __future__ import annotations

import re

import pytest

from tests.docs import raised_codes
from tests.house.sources import ROOT
from tests.wire import casebook

VALID, INVALID, CODES = 3, 10, 10
# Codes that people type are no documents but a spelling: however one is wrong, who typed it does the same, so one code says it.
ONE_CODE = {"claimcode", "owner_code"}
# A seal is a picture: whatever it is drawn from has one, so nothing is refused.
PICTURES = {"seal"}
HEADING = re.compile(r"^#{2,4} (?P<number>\d+(?:\.\d+)*)\.? ", re.MULTILINE)

DOCUMENTS = casebook.documents()
SECTIONS = set(HEADING.findall((ROOT / "docs/protocol.md").read_text(encoding="utf-8")))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_each_document_has_enough_cases(name: str) -> None:
    document = DOCUMENTS[name]
    assert len(document.valid) >= VALID
    if name in PICTURES:
        assert not document.invalid
        return
    assert len(document.invalid) >= INVALID
    assert len({case.code for case in document.invalid}) >= (1 if name in ONE_CODE else CODES)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_no_two_cases_break_the_same_rule_or_are_the_same(name: str) -> None:
    invalid = DOCUMENTS[name].invalid
    assert len({case.rule for case in invalid}) == len(invalid)
    assert all(one.given != other.given for at, one in enumerate(invalid) for other in invalid[:at])


@pytest.mark.parametrize("name", DOCUMENTS)
def test_each_rule_stands_in_a_numbered_section_of_the_page(name: str) -> None:
    document = DOCUMENTS[name]
    assert {document.section, *(case.section for case in document.invalid)} <= SECTIONS


@pytest.mark.parametrize("name", DOCUMENTS)
def test_each_code_is_documented(name: str) -> None:
    assert {case.code for case in DOCUMENTS[name].invalid} <= set(raised_codes.documented())
