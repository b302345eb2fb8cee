"""Whatever colour a cover has, its accent can be read: as text, and under text, in light and in dark."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stall.domain import colour
from stall.domain.colour import RGB

TOKENS = Path(colour.__file__).parents[2] / "static" / "tokens.css"
part = st.integers(0, 255)
colours = st.tuples(part, part, part)


@given(colours)
def test_every_accent_has_the_contrast_that_text_needs(base: RGB) -> None:
    for made, grounds in ((colour.light(base), colour.LIGHT_GROUNDS), (colour.dark(base), colour.DARK_GROUNDS)):
        assert colour.contrast(made.colour, made.on) >= 4.5
        assert min(colour.contrast(made.colour, ground) for ground in grounds) >= 4.5


@given(colours)
def test_a_colour_that_can_be_read_already_stays_itself(base: RGB) -> None:
    if all(colour.contrast(base, ground) >= 4.5 for ground in (*colour.LIGHT_GROUNDS, colour.ON_LIGHT)):
        assert colour.light(base).colour == base


@given(colours)
def test_the_accent_keeps_the_hue_it_came_from(base: RGB) -> None:
    before = colour.lch(base)
    for made in (colour.light(base).colour, colour.dark(base).colour):
        after = colour.lch(made)
        if min(before.chroma, after.chroma) > 0.03:  # what is nearly grey has no hue to keep
            turned = abs(math.remainder(after.hue - before.hue, math.tau))
            assert turned < math.radians(12)


@given(colours)
def test_a_colour_survives_the_way_there_and_back(base: RGB) -> None:
    assert max(abs(a - b) for a, b in zip(base, colour.of_lch(colour.lch(base)), strict=True)) <= 1
    assert colour.parse(colour.text(base)) == base


def test_contrast_is_that_of_the_guidelines() -> None:
    assert colour.contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
    assert colour.contrast((0x76, 0x76, 0x76), (255, 255, 255)) == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize(
    "wrong", ["", "12345", "1234567", "12345G", "ABCDEF", "12345\n", "/../../", "\uff11\uff12\uff13456"]
)
def test_what_is_no_colour_is_none(wrong: str) -> None:
    assert colour.parse(wrong) is None


def test_the_grounds_are_those_of_the_pages() -> None:
    light, dark = TOKENS.read_text().split("@media (prefers-color-scheme: dark)")[:2]
    for scheme, grounds in ((light, colour.LIGHT_GROUNDS), (dark, colour.DARK_GROUNDS)):
        said = [re.search(rf"--{name}: #([0-9a-f]{{6}});", scheme) for name in ("paper", "sheet")]
        assert [found[1] for found in said if found] == [colour.text(ground) for ground in grounds]
