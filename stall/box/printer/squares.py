"""QR codes as pictures of whole dots: a module is four dots or more, with its quiet zone, in the middle of the paper."""

from __future__ import annotations

from PIL import Image

from stall.errors import Refused

#: Half a millimetre at 203 dpi; smaller ones are not read by every phone.
LEAST_DOTS = 4
#: Three quarters of a millimetre: larger ones only use up paper.
MOST_DOTS = 6
QUIET = 4


def module_dots(text: str, dots: int) -> int:
    """How large a module of this code can be on paper `dots` wide. Raises Refused `print-code-too-long`."""
    return _fitting(len(_matrix(text)), dots)


def drawn(text: str, dots: int) -> Image.Image:
    """The code black on white, with the margin to its left that puts it in the middle. Raises Refused `print-code-too-long`."""
    rows = _matrix(text)
    size = _fitting(len(rows), dots)
    plain = Image.new("1", (len(rows), len(rows)), 1)
    plain.putdata([0 if cell else 1 for row in rows for cell in row])
    large = plain.resize((len(rows) * size,) * 2, Image.Resampling.NEAREST)
    margin = (dots - large.width) // 2
    paper = Image.new("1", (margin + large.width, large.height), 1)
    paper.paste(large, (margin, 0))
    return paper


def _matrix(text: str) -> list[list[bool]]:
    from qrcode import constants  # noqa: PLC0415 - loaded where a code is drawn
    from qrcode.main import QRCode  # noqa: PLC0415 - as above

    code = QRCode(error_correction=constants.ERROR_CORRECT_M, border=QUIET)
    code.add_data(text)
    return [[bool(cell) for cell in row] for row in code.get_matrix()]


def _fitting(modules: int, dots: int) -> int:
    size = min(MOST_DOTS, dots // modules)
    if size < LEAST_DOTS:
        raise Refused(
            "print-code-too-long",
            "The address behind the code is too long for this paper. Shorten `address` under [web] in settings.toml.",
        )
    return size
