"""What draws: a few marks that both PDF and picture can make.

Lengths are those of the page (mm in a PDF, dots in a picture), y goes down, text stands on its baseline.
"""

from __future__ import annotations

from functools import cache
from typing import Protocol

from stall.box.papers.colours import Colour
from stall.box.papers.faces import Name

#: A point in mm.
POINT_MM = 25.4 / 72
#: The tone of a part of a seal is given in tenths of its colour.
TENTHS = 10


class Pen(Protocol):
    """Makes marks on a page."""

    def write(self, x: float, y: float, face: Name, text: str, size: float, colour: Colour) -> None:
        """Write a line that can be drawn, from `x` on."""

    def rule(self, x: float, y: float, to_x: float, to_y: float, width: float, colour: Colour) -> None:
        """Draw a line."""

    def box(self, x: float, y: float, width: float, height: float, fill: Colour | None, edge: Colour | None, line: float) -> None:  # fmt: skip
        """Draw a rectangle, filled or edged or both."""

    def seal(self, digest: bytes, x: float, y: float, side: float, colour: Colour) -> None:
        """Draw a certificate's seal."""

    def code(self, holds: str, x: float, y: float, side: float) -> None:
        """Draw a QR code, quiet zone included."""


@cache
def squares(holds: str) -> list[list[bool]]:
    """The dark squares of a QR code with four light ones around (ISO/IEC 18004); level M, or L where that keeps it small."""
    from qrcode import constants  # noqa: PLC0415 - only where a code is drawn
    from qrcode.main import QRCode  # noqa: PLC0415 - as above

    for level in (constants.ERROR_CORRECT_M, constants.ERROR_CORRECT_L):
        code = QRCode(error_correction=level, border=4)
        code.add_data(holds, optimize=0)
        code.make(fit=True)
        if code.version <= LARGEST_CODE:
            break
    return [[bool(cell) for cell in row] for row in code.get_matrix()]


#: 41 squares a side: what a phone reads off a phone, and off paper of 30 mm.
LARGEST_CODE = 6
