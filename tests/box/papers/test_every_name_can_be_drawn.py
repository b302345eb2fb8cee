"""Names as anybody may write them: each sign drawn is in a font, nothing leaves the page, and what is missing is said."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from stall.box.papers import certificate, faces, letters, receipt, setting
from stall.box.papers.stage import Stage
from stall.domain.papersheet import Row
from stall.i18n import letters as of_system
from tests.box.papers.ruler import Ruler
from tests.fakes import sheets

LONG = "Donaudampfschifffahrtsgesellschaft" * 5
SIGNS = st.characters(codec="utf-8") | st.sampled_from(
    "Ж漢字かな한글مرحباשלום\u0301\u0302🙂ﷺAbc def—“”…\u00a0\u200d\ufe0f"
)
#: Where the frame of a sheet and of a picture stands at the bottom.
INSIDE_MM, INSIDE_DOTS = 286.0, 1308.0
TITLES = st.text(SIGNS, min_size=1, max_size=200)


def outside(stages: list[Stage], width: float, height: float) -> Iterator[str]:
    """What leaves the page, of lines and boxes."""
    for stage in stages:
        ruler = Ruler()
        stage.replay(ruler)
        yield from (text for left, right, text in ruler.wide if left < 0 or right > width)
        if ruler.low > height:
            yield f"{ruler.low} of {height}"


@settings(max_examples=4)
@given(TITLES)
@example(LONG)
@example("漢" * 200)
@example("مرحبا " * 33)
@example("\u0301" * 200)
def test_no_title_leaves_the_page(title: str) -> None:
    sheet = replace(sheets.CERTIFICATE, title=title, proves=title, facts=(("Licence", title), ("Stall", title)))
    assert list(outside([certificate.a4(sheet)], 210, INSIDE_MM)) == []
    assert list(outside([certificate.picture(sheet)], certificate.PICTURE[0], INSIDE_DOTS)) == []


@settings(max_examples=4)
@given(TITLES)
@example(LONG)
def test_no_line_of_a_receipt_leaves_its_page(title: str) -> None:
    sheet = replace(sheets.RECEIPT, stall=title, rows=(Row(title, (title,), "€1,234,567.89"),) * 5)
    assert list(outside(receipt.pages(sheet), *receipt.SIZE)) == []


@settings(max_examples=60)
@given(TITLES)
def test_what_is_set_is_in_a_font_and_nothing_unseen(title: str) -> None:
    text, whole = faces.drawable("serif", title)
    assert all(faces.placed("serif", sign) or faces.placed("sans", sign) for sign in text)
    assert not [sign for sign in text if unicodedata.category(sign) in {"Cc", "Cf", "Zl", "Zp"}]
    assert whole or faces.MISSING in text or not text


@pytest.mark.parametrize(
    ("title", "set_as"),
    [
        ("Hafen", "Hafen"),
        ("नमस्ते", "…"),
        ("Hafen नमस्ते am Abend", "Hafen … am Abend"),
        ("a\u202eb", "ab"),
        ("e\u0301", "é"),
        ("न\u0301x", "…x"),
        ("A\u0300\u0301\u0302\u0303\u0304\u0305", "À\u0301\u0302\u0303"),
    ],
)
def test_signs_that_no_font_has_are_left_out_and_stood_for(title: str, set_as: str) -> None:
    assert faces.drawable("serif", title)[0] == set_as


@pytest.mark.parametrize("make", [certificate.a4, certificate.picture])
def test_a_sheet_says_that_signs_are_missing_and_only_then(make: object) -> None:
    assert callable(make)
    said = Ruler()
    make(replace(sheets.CERTIFICATE, title="नमस्ते")).replay(said)
    assert any("no font" in text for _, _, text in said.wide)
    plain = Ruler()
    make(sheets.CERTIFICATE).replay(plain)
    assert not any("no font" in text for _, _, text in plain.wide)


def test_japanese_without_its_font_is_said_to_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(of_system, "CJK", ())
    for kept in (faces.face, faces.placed):
        kept.cache_clear()
    monkeypatch.setattr(of_system, "cjk", lambda: None)
    assert faces.drawable("serif", "港 Hafen") == ("… Hafen", False)
    assert not of_system.can_set("ja")
    assert of_system.can_set("de")
    monkeypatch.undo()
    for kept in (faces.face, faces.placed):
        kept.cache_clear()


def test_a_line_from_the_right_is_as_wide_as_it_is_drawn() -> None:
    drawn, _, _ = letters.line("صور الميناء", 200, (0, 0, 0), (255, 255, 255))
    assert setting.width("serif", "صور الميناء") * 200 == pytest.approx(drawn.width, rel=0.1)
