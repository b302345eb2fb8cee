"""The picture a drop is known by, made once at import: small, upright, and free of what a camera writes into it.

Loads Pillow: import this module only where a cover is made.
"""

from __future__ import annotations

import warnings
from pathlib import Path

from PIL import Image, ImageOps

from stall import disk

PIXELS_MAX = 80_000_000  # a larger picture is not decoded: it would fill the memory of a small board
JPEG_QUALITY = 82
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "TIFF")

# What Pillow raises for a file that is no picture, a broken one, or one that unpacks to far more than it is.
_NOT_A_PICTURE = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)


def make_cover(source: Path, out: Path, size: int = 640) -> Path | None:
    """Write `source` as a progressive JPEG at `out`, `size` pixels at its longer side at most, and give `out`.

    Orientation is respected, every kind of metadata left behind. Gives None, and writes nothing, when `source` is not a
    picture that can be read or has more than 80 megapixels. Raises the errors of `disk.whole_file`.
    """
    try:
        small = _opened(source, size)
    except _NOT_A_PICTURE:
        return None
    if small is None:
        return None
    with disk.whole_file(out) as file:
        small.save(file, "JPEG", quality=JPEG_QUALITY, progressive=True, optimize=True)
    return out


def _opened(source: Path, size: int) -> Image.Image | None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        with Image.open(source, formats=FORMATS) as picture:
            if picture.width * picture.height > PIXELS_MAX:
                return None
            picture.draft("RGB", (size, size))  # a JPEG is decoded at an eighth where that is enough
            picture.thumbnail((size, size), Image.Resampling.LANCZOS)  # before it is turned, which makes a copy
            return _on_white(ImageOps.exif_transpose(picture))


def _on_white(picture: Image.Image) -> Image.Image:
    """Give a plain RGB copy, white where it was transparent; a new picture carries no metadata."""
    layered = picture.convert("RGBA")
    flat = Image.new("RGB", layered.size, (255, 255, 255))
    flat.paste(layered, (0, 0), layered)
    return flat
