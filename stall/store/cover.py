"""Small pictures, made once at import: covers and previews, upright, and free of what a camera writes into them.

Loads Pillow: import this module only where a picture is made.
"""

from __future__ import annotations

import io
import math
import struct
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path

from PIL import Image

from stall import disk
from stall.domain import colour
from stall.domain.colour import RGB
from stall.store import previews
from stall.store.previews import Wanted

PIXELS_MAX = 80_000_000  # a larger picture is not decoded: it would fill the memory of a small board
#: From the best on, until a picture is light enough: what is drawn finely or is full of grain takes three times the bytes of another.
JPEG_QUALITIES = (82, 74, 66, 58, 50, 42)
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "TIFF")

#: Hues a cover's colours are sorted into, and the side of the square it is looked at in.
_HUES, _LOOKED_AT = 24, 64
#: Lightness in OKLab within which a colour counts as one: neither a shadow nor a highlight.
_SEEN = (0.25, 0.93)
#: Chroma in OKLab below which a colour is a grey, and how much (of its square) there must be all in all for one to stand out.
_GREY, _ENOUGH = 0.035, 0.0004

_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

# What Pillow raises for a file that is no picture, a broken one, or one that unpacks to far more than it is.
_NOT_A_PICTURE = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    TypeError,
    LookupError,
    struct.error,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)


def make_cover(source: Path, out: Path, size: int = previews.COVER) -> Path | None:
    """Write `source` as a progressive JPEG at `out`, `size` pixels at its longer side at most, and give `out`.

    As `make_pictures` in all else.
    """
    return None if make_pictures(source, [Wanted(out, size)]) is None else out


def make_pictures(source: Path, wanted: Sequence[Wanted]) -> tuple[int, int] | None:
    """Write `source` as progressive JPEGs of several sizes, decoded once; give width and height of the largest.

    Orientation is respected, every kind of metadata left behind. Gives None, and writes nothing, when `source` is not a
    picture that can be read or has more than 80 megapixels. Raises the errors of `disk.whole_file`.
    """
    falling = sorted(wanted, key=lambda one: -one.side)
    try:
        picture = _opened(source, falling[0].side)
    except _NOT_A_PICTURE:
        return None
    if picture is None:
        return None
    size = picture.size
    for one in falling:
        picture.thumbnail((one.side, one.side), Image.Resampling.LANCZOS)
        data = _encoded(picture, one.most_bytes)
        with disk.whole_file(one.out) as file:
            file.write(data)
    return size


def _encoded(picture: Image.Image, most_bytes: int) -> bytes:
    """The picture as a JPEG, as good as fits; the least good where none does."""
    data = b""
    for quality in JPEG_QUALITIES:
        out = io.BytesIO()
        picture.save(out, "JPEG", quality=quality, progressive=True, optimize=True)
        data = out.getvalue()
        if len(data) <= most_bytes:
            break
    return data


def size_of(made: Path) -> tuple[int, int] | None:
    """Width and height of a picture that was made here; None when it cannot be read."""
    try:
        with Image.open(made, formats=("JPEG",)) as picture:
            return picture.size
    except _NOT_A_PICTURE:
        return None


def accent(cover: Path) -> RGB | None:
    """The colour a cover is remembered by: the hue of which it has most, the stronger the colour the more it counts.

    None for a cover without a colour that stands out, or one that cannot be read.
    """
    try:
        picture = _opened(cover, _LOOKED_AT)
    except _NOT_A_PICTURE:
        return None
    return None if picture is None else _dominant(picture.convert("RGB").getcolors(_LOOKED_AT**2) or ())


def _dominant(counted: Iterable[tuple[int, object]]) -> RGB | None:
    """The middle of the most colourful stretch of hues; a stretch is three neighbours of the circle, so that no border cuts it."""
    weights = [0.0] * _HUES
    colours: list[list[tuple[float, colour.Lch]]] = [[] for _ in range(_HUES)]
    pixels = 0
    for count, value in counted:
        assert isinstance(value, tuple)  # noqa: S101 - of an RGB picture; tells the type checker
        seen = colour.lch(value)
        pixels += count
        if seen.chroma >= _GREY and _SEEN[0] <= seen.lightness <= _SEEN[1]:
            hue = int((seen.hue / math.tau % 1) * _HUES) % _HUES
            weight = count * seen.chroma**2  # the strong colours of a hue say more than its pale ones
            weights[hue] += weight
            colours[hue].append((weight, seen))
    best = max(range(_HUES), key=lambda hue: weights[hue - 1] + 2 * weights[hue] + weights[(hue + 1) % _HUES])
    around = [one for hue in (best - 1, best, (best + 1) % _HUES) for one in colours[hue]]
    total = sum(weight for weight, _ in around)
    if not pixels or total / pixels < _ENOUGH:
        return None
    a = sum(weight * one.chroma * math.cos(one.hue) for weight, one in around) / total
    b = sum(weight * one.chroma * math.sin(one.hue) for weight, one in around) / total
    lightness = sum(weight * one.lightness for weight, one in around) / total
    return colour.of_lch(colour.Lch(lightness, math.hypot(a, b), math.atan2(b, a)))


def _opened(source: Path, size: int) -> Image.Image | None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        with Image.open(source, formats=FORMATS) as picture:
            if picture.width * picture.height > PIXELS_MAX:
                return None
            picture.draft("RGB", (size, size))  # a JPEG is decoded at an eighth where that is enough
            picture.thumbnail((size, size), Image.Resampling.LANCZOS)  # before it is turned, which makes a copy
            return _on_white(_upright(picture))


def _upright(picture: Image.Image) -> Image.Image:
    """Turn it as its EXIF says; what else stands there, often damaged, is neither read nor written anew."""
    try:
        turn = _TURNS.get(picture.getexif().get(_ORIENTATION, 1))
    except _NOT_A_PICTURE:  # only its EXIF is none
        turn = None
    return picture if turn is None else picture.transpose(turn)


def _on_white(picture: Image.Image) -> Image.Image:
    """Give a plain RGB copy, white where it was transparent; a new picture carries no metadata."""
    layered = picture.convert("RGBA")
    flat = Image.new("RGB", layered.size, (255, 255, 255))
    flat.paste(layered, (0, 0), layered)
    return flat
