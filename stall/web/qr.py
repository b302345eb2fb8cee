"""QR codes as inline SVG. The library is loaded at the first code drawn, without the imaging library it would drag in.

A claim's address is written in capitals: host and path of `/T/…` do not mind, and QR packs capitals
tighter, which makes larger modules and an easier scan.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Literal

from markupsafe import Markup

from stall.wire import small_qr

Ecc = Literal["L", "M", "Q", "H"]

#: Light modules around the code (ISO/IEC 18004 asks for four).
QUIET_ZONE = 4


@lru_cache(maxsize=32)
def svg(text: str, ecc: Ecc = "M", label: str = "QR code") -> Markup:
    """Draw `text` as one SVG of class `qr`, black on white with its quiet zone, in module units.

    The caller's stylesheet gives it a size; `label` is what a screen reader says.
    """
    with _without_pictures():
        from qrcode import constants  # noqa: PLC0415 - large, so only where a code is drawn
        from qrcode.main import QRCode  # noqa: PLC0415 - as above

    level = {"L": constants.ERROR_CORRECT_L, "M": constants.ERROR_CORRECT_M, "Q": constants.ERROR_CORRECT_Q,
             "H": constants.ERROR_CORRECT_H}[ecc]  # fmt: skip
    code = QRCode(error_correction=level, border=QUIET_ZONE)
    code.add_data(text)
    return _drawn([[bool(cell) for cell in row] for row in code.get_matrix()], label)


@lru_cache(maxsize=512)
def small_svg(text: str, label: str) -> Markup:
    """Draw up to 20 capital letters and digits as the smallest code, without the library; as `svg`."""
    side = [False] * QUIET_ZONE
    above = [[False] * (small_qr.SIDE + 2 * QUIET_ZONE)] * QUIET_ZONE
    return _drawn([*above, *([*side, *row, *side] for row in small_qr.rows(text)), *above], label)


def _drawn(rows: list[list[bool]], label: str) -> Markup:
    return Markup(
        '<svg class="qr" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0} {0}" role="img" aria-label="{1}"'
        ' shape-rendering="crispEdges"><path fill="#fff" d="M0 0h{0}v{0}H0z"/><path fill="#000" d="{2}"/></svg>'
    ).format(len(rows), label, _path(rows))


@contextmanager
def _without_pictures() -> Iterator[None]:
    """Let the library find no Pillow: it takes it along where it can, 10 MB for pictures we never draw, and does without."""
    if "PIL" in sys.modules:  # loaded already
        yield
        return
    sys.modules["PIL"] = None  # type: ignore[assignment]  # the language's own way to say that there is no such module
    try:
        yield
    finally:
        sys.modules.pop("PIL", None)


def _path(rows: list[list[bool]]) -> str:
    """One path of horizontal runs, so that no hairlines show between modules."""
    parts: list[str] = []
    for y, row in enumerate(rows):
        x = 0
        while x < len(row):
            end = x
            while end < len(row) and row[end]:
                end += 1
            if end > x:
                parts.append(f"M{x} {y}h{end - x}v1h-{end - x}z")
            x = max(end, x + 1)
    return "".join(parts)
