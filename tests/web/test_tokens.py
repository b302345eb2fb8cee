"""The colours of both schemes can be read: 4.5 to 1 or better (WCAG 2.2, 1.4.3)."""

from __future__ import annotations

import re

import pytest

from stall.web.factory import STATIC

LINEAR_BELOW = 0.04045


def schemes() -> dict[str, dict[str, str]]:
    """The colours by name, light and dark; dark changes what it names."""
    light, dark = (STATIC / "tokens.css").read_text(encoding="utf-8").split("prefers-color-scheme: dark")
    found = {
        name: dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", text))
        for name, text in (("light", light), ("dark", dark))
    }
    return {"light": found["light"], "dark": {**found["light"], **found["dark"]}}


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= LINEAR_BELOW else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read_on_every_ground_it_stands_on(scheme: str) -> None:
    colours = schemes()[scheme]
    pairs = [
        (text, ground) for text in ("ink", "quiet", "accent", "good", "warn", "bad") for ground in ("paper", "sheet")
    ]
    pairs += [("on-accent", "accent"), *((tone, f"{tone}-paper") for tone in ("good", "warn", "bad"))]
    pairs += [("ink", f"{tone}-paper") for tone in ("good", "warn", "bad")]
    assert {
        pair: round(contrast(*(colours[name] for name in pair)), 1)
        for pair in pairs
        if contrast(*(colours[name] for name in pair)) < 4.5
    } == {}


def test_the_ratio_is_that_of_the_standard() -> None:
    assert round(contrast("#000000", "#ffffff"), 2) == 21.0
    assert round(contrast("#767676", "#ffffff"), 2) == 4.54
