"""Colour that can be read: from one colour of a cover, the accent of a page in light and in dark.

Contrast is that of WCAG 2.2 (1.4.3): at least 4.5:1 for text. Hue and, as far as it can be shown, strength of the colour are
kept; only its lightness moves, in OKLab, where equal steps look equal (Björn Ottosson, "A perceptual color space for image
processing", 2020).
"""

from __future__ import annotations

import math
import re
from typing import NamedTuple

RGB = tuple[int, int, int]

#: What text needs (WCAG 2.2, 1.4.3).
TEXT_CONTRAST = 4.5
#: Grounds an accent lies on as text, of static/tokens.css: paper, sheet.
LIGHT_GROUNDS: tuple[RGB, ...] = ((0xFA, 0xF8, 0xF3), (0xFF, 0xFF, 0xFF))
DARK_GROUNDS: tuple[RGB, ...] = ((0x15, 0x14, 0x12), (0x1F, 0x1D, 0x1A))
#: What is written on the accent: white in light, near black in dark, as in tokens.css.
ON_LIGHT: RGB = (0xFF, 0xFF, 0xFF)
ON_DARK: RGB = (0x12, 0x11, 0x0F)

_HEX = re.compile(r"[0-9a-f]{6}")
_STEPS = 12  # halvings of the way to black or white: finer than 8 bits a channel


class Accent(NamedTuple):
    """A page's accent in one scheme, and what is written on it."""

    colour: RGB
    on: RGB


class Lch(NamedTuple):
    """A colour in OKLab by lightness (0..1), chroma (0..0.4) and hue (radians)."""

    lightness: float
    chroma: float
    hue: float


def parse(text: str) -> RGB | None:
    """Read six hex digits, small letters; None for anything else."""
    if not _HEX.fullmatch(text):
        return None
    value = int(text, 16)
    return value >> 16, value >> 8 & 0xFF, value & 0xFF


def text(colour: RGB) -> str:
    """Write a colour as six hex digits."""
    red, green, blue = colour
    return f"{red:02x}{green:02x}{blue:02x}"


def luminance(colour: RGB) -> float:
    """Relative luminance, 0 (black) to 1 (white), by the formula of WCAG 2.2."""
    red, green, blue = (_linear(part) for part in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: RGB, other: RGB) -> float:
    """Contrast ratio of two colours, 1 to 21, by the formula of WCAG 2.2."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def light(base: RGB) -> Accent:
    """The accent made of `base` for light pages: darkened until it and white on it can be read."""
    return Accent(_moved(base, (*LIGHT_GROUNDS, ON_LIGHT), towards=0.0), ON_LIGHT)


def dark(base: RGB) -> Accent:
    """The accent made of `base` for dark pages: lightened until it and near black on it can be read."""
    return Accent(_moved(base, (*DARK_GROUNDS, ON_DARK), towards=1.0), ON_DARK)


def _moved(base: RGB, against: tuple[RGB, ...], towards: float) -> RGB:
    """The colour of base's hue that is nearest to its lightness and stands out from all of `against`."""
    start = lch(base)

    def at(way: float) -> RGB:
        return of_lch(start._replace(lightness=start.lightness + (towards - start.lightness) * way))

    def reads(colour: RGB) -> bool:
        return all(contrast(colour, ground) >= TEXT_CONTRAST for ground in against)

    if reads(base):
        return base
    near, far = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (near + far) / 2
        near, far = (near, middle) if reads(at(middle)) else (middle, far)
    return at(far)


def lch(colour: RGB) -> Lch:
    """Lightness, chroma and hue of a colour."""
    red, green, blue = (_linear(part) for part in colour)
    long = math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    medium = math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    short = math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    a = 1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short
    b = 0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short
    lightness = 0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short
    return Lch(lightness, math.hypot(a, b), math.atan2(b, a))


def of_lch(wanted: Lch) -> RGB:
    """The colour nearest to `wanted` that a screen can show: of the same lightness and hue, as strong as possible."""
    weak, strong = 0.0, 1.0
    if _shown(wanted) is None:
        for _ in range(_STEPS):
            middle = (weak + strong) / 2
            inside = _shown(wanted._replace(chroma=wanted.chroma * middle)) is not None
            weak, strong = (middle, strong) if inside else (weak, middle)
        wanted = wanted._replace(chroma=wanted.chroma * weak)
    return _shown(wanted) or ((0, 0, 0) if wanted.lightness < 0.5 else (255, 255, 255))  # noqa: PLR2004 - the ends alone are left


def _shown(wanted: Lch) -> RGB | None:
    """The colour of these coordinates, or None where no screen shows it."""
    a, b = wanted.chroma * math.cos(wanted.hue), wanted.chroma * math.sin(wanted.hue)
    long = (wanted.lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (wanted.lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (wanted.lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    parts = (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )
    if not all(-0.0005 <= part <= 1.0005 for part in parts):  # noqa: PLR2004 - what rounds to 0 or 255
        return None
    red, green, blue = (_byte(part) for part in parts)
    return red, green, blue


def _linear(part: int) -> float:
    """One channel without its gamma (IEC 61966-2-1)."""
    share = part / 255
    return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4  # noqa: PLR2004 - of the standard


def _byte(share: float) -> int:
    share = min(1.0, max(0.0, share))
    curved = 12.92 * share if share <= 0.0031308 else 1.055 * share ** (1 / 2.4) - 0.055  # noqa: PLR2004 - of the standard
    return round(curved * 255)
