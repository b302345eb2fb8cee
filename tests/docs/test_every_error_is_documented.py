"""docs/errors.md lists exactly the codes the source raises, each with a meaning and something to do."""

from __future__ import annotations

import re

from tests.docs import raised_codes

SLUG = re.compile(r"^[a-z0-9]+(?:-[a-z0-9]+)*$")


def test_every_error_is_raised_with_a_literal_code_and_a_sentence() -> None:
    for site in raised_codes.sites():
        assert SLUG.match(site.code or ""), f"{site.path}:{site.line} has no literal slug as its first argument"


def test_every_sentence_starts_like_one() -> None:
    for site in raised_codes.sites():
        text = site.sentence.strip()
        if not text:
            continue  # made elsewhere, as when a terminal's own words are passed on
        named = "_" in text.split()[0]  # the name of a setting or field stands first
        assert named or text[0].isupper() or not text[0].isalpha(), f"{site.path}:{site.line} {text!r}"


def test_the_page_lists_every_code_that_can_be_raised() -> None:
    assert sorted(raised_codes.raised().keys() - set(raised_codes.documented())) == []


def test_the_page_lists_nothing_that_nobody_raises() -> None:
    assert sorted(set(raised_codes.documented()) - raised_codes.raised().keys()) == []


def test_the_page_is_in_order_and_says_what_each_means_and_what_to_do() -> None:
    listed = raised_codes.documented()
    assert listed == sorted(set(listed))
    for row in raised_codes.ROW.finditer(raised_codes.ERRORS_PAGE.read_text(encoding="utf-8")):
        cells = [cell.strip() for cell in row["rest"].split(" | ")]
        assert [bool(cell) for cell in cells] == [True, True], f"`{row['code']}` needs a meaning and something to do"
