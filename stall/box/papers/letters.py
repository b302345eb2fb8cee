"""Lines of text as pictures, for the pen of pictures, and in a PDF for what is read from the right."""

from __future__ import annotations

from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont, features

from stall.box.papers import faces
from stall.box.papers.colours import Colour
from stall.box.papers.faces import Name

_MEASURED = 200


def line(text: str, size: int, colour: Colour, paper: Colour) -> tuple[Image.Image, int, int]:
    """A line from right to left on paper of one colour: the picture, how far left it begins, and how far above its baseline."""
    own = font("sans", max(1, size))
    left, top, right, bottom = own.getbbox(text, anchor="ls")
    picture = Image.new("RGB", (max(1, int(right - left)), max(1, int(bottom - top))), paper)
    ImageDraw.Draw(picture).text((-left, -top), text, fill=colour, font=own, anchor="ls")
    return picture, int(left), -int(top)


def width(text: str) -> float:
    """How wide a line from right to left is, as a share of its size."""
    return font("sans", _MEASURED).getlength(text) / _MEASURED


@lru_cache(maxsize=64)
def font(name: Name, size: int) -> ImageFont.FreeTypeFont:
    """A face at a size in dots, shaped where the imaging library can."""
    engine = ImageFont.Layout.RAQM if features.check("raqm") else ImageFont.Layout.BASIC
    return ImageFont.truetype(str(faces.file_of(name)), size, layout_engine=engine)
