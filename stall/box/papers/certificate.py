"""A certificate on its page: A4 to be framed, and a picture to be shown on a phone. Where everything stands, and how large."""

from __future__ import annotations

from collections.abc import Callable

from stall.box.papers import setting
from stall.box.papers.colours import ACCENT, INK, LINE, MARKS, QUIET, TONES, Colour
from stall.box.papers.pens import POINT_MM
from stall.box.papers.stage import Stage
from stall.domain.papersheet import CertificateSheet

#: A4 in mm: where text stands, and where it must end.
_LEFT, _WIDTH, _BOTTOM = 22.0, 166.0, 283.0
_FRAMES = ((9.0, 0.4), (10.9, 0.15))
_SCALES = (1.0, 0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.65)
_TITLE_PT = (30, 27, 24, 21, 18, 16, 14, 12.5)
#: The picture in dots.
PICTURE = (1080, 1350)
_EDGE, _INNER = 88.0, 904.0
_PALE: Colour = (150, 172, 166)
_TITLE_DOTS = (68, 60, 54, 48, 42, 37, 32, 28)


def a4(sheet: CertificateSheet) -> Stage:
    """Everything on one page of A4, in mm; smaller where there is much to say."""
    return _fitted(lambda scale, air: _a4(sheet, scale, air), _BOTTOM, 5, 7.0)


def picture(sheet: CertificateSheet) -> Stage:
    """What is looked at, in dots of `PICTURE`."""
    return _fitted(lambda scale, air: _picture(sheet, scale, air), PICTURE[1] - 72.0, 4, 36.0)


def _fitted(make: Callable[[float, float], tuple[Stage, float]], bottom: float, gaps: int, most_air: float) -> Stage:
    """As large as fits; what room is left becomes air between the parts."""
    stage = Stage()
    for scale in _SCALES:
        stage, end = make(scale, 0.0)
        if end <= bottom:
            return make(scale, min(most_air, (bottom - end) / gaps))[0]
    return stage


def _a4(sheet: CertificateSheet, scale: float, air: float) -> tuple[Stage, float]:
    stage = Stage()
    pt = POINT_MM * scale
    for inset, width in _FRAMES:
        stage.box(inset, inset, 210 - 2 * inset, 297 - 2 * inset, None, INK, width)
    stage.line(105, 23 + air / 2, "serif", sheet.kind, 15 * POINT_MM, INK, "middle")
    stage.rule(88, 27.5 + air / 2, 122, 27.5 + air / 2, 0.2, LINE)
    y = _face(stage, sheet, 32 + air, 68 * (0.55 + 0.45 * scale), _LEFT, _WIDTH)
    y = _title(stage, sheet, y + 1.5 * scale + air / 2, _LEFT, _WIDTH, [size * pt for size in _TITLE_PT]) + 4 * scale
    y = _worth(stage, sheet, y + air / 2, _LEFT, _WIDTH, 10 * pt) + 4.5 * scale
    if sheet.proves:
        y = stage.text(_LEFT, y + air / 2, _WIDTH, "serif", sheet.proves, 12.5 * pt, leading=1.4) + 4 * scale
    y = _no_font(stage, sheet, y, 9 * pt)
    y = _facts(stage, sheet, y + air / 2, pt) + 3.5 * scale + air / 2
    stage.rule(_LEFT, y, _LEFT + _WIDTH, y, 0.15, LINE)
    y = _check(stage, sheet, y + 3.5 * scale + air / 2, scale) + 3 * scale + air / 2
    stage.rule(_LEFT, y, _LEFT + _WIDTH, y, 0.15, LINE)
    y = stage.text(_LEFT, y + 2.5 * scale, _WIDTH, "bold", sheet.signed, 8 * pt) + 0.8 * scale
    for name, value in sheet.signed_facts:
        stage.text(_LEFT, y, 27, "sans", name, 7 * pt, QUIET, most=1)
        y = stage.text(_LEFT + 28, y, _WIDTH - 28, "mono", value, 7 * pt, QUIET, leading=1.3)
    y = stage.text(_LEFT, y + 1.6 * scale, _WIDTH, "sans", sheet.foot, 7 * pt, QUIET)
    return stage, y


def _face(stage: Stage, sheet: CertificateSheet, y: float, side: float, left: float, width: float) -> float:
    """The seal, and the number as large as it."""
    colour = ACCENT if sheet.counts else _PALE
    middle, start = left + width / 2, left + (width - side) / 2
    if sheet.number:
        large, small = _size_of_number(sheet.number, side), side * 0.11
        wide = max(setting.width("serif", text) * size for text, size in ((sheet.number, large), (sheet.of, small), (sheet.no, small)))  # fmt: skip
        start = middle - (side * 1.14 + wide) / 2
        at, base = start + side * 1.14 + wide / 2, y + side / 2 + large * 0.36
        ink = INK if sheet.counts else QUIET
        stage.line(at, base - large * 0.73 - small * 0.55, "serif", sheet.no, small * 1.1, ink, "middle")
        line = stage.line(at, base, "serif", sheet.number, large, ink, "middle")
        if not sheet.counts:
            stage.rule(at - line * 0.54, base - large * 0.36, at + line * 0.54, base - large * 0.36, large * 0.045, ink)
        stage.line(at, base + small * 1.5, "serif", sheet.of, small, QUIET, "middle")
    stage.seal(bytes.fromhex(sheet.digest), start, y, side, colour)
    stage.line(start + side / 2, y + side * 1.07, "mono", sheet.called, side * 0.046, QUIET, "middle")
    return y + side * 1.1


def _size_of_number(number: str, side: float) -> float:
    """As large as the seal allows: six digits are as wide as it."""
    widest = side / setting.width("serif", number)
    return min(side * 0.58, widest)


def _title(stage: Stage, sheet: CertificateSheet, y: float, left: float, width: float, sizes: list[float]) -> float:
    size, lines = setting.fitted(
        sheet.title, sizes, 2, lambda text, at: stage.broken("serif", text, at, width)
    )  # fmt: skip
    return stage.lines(left, y, width, "serif", lines, size, leading=1.22, align="middle")


def _worth(stage: Stage, sheet: CertificateSheet, y: float, left: float, width: float, size: float) -> float:
    """The grade in words, in a box of its tone."""
    ink, paper = TONES[sheet.tone]
    pad, indent = size * 0.9, size * 1.9
    inner = width - 2 * pad - indent
    written = Stage()
    at = written.text(left + pad + indent, y + pad, inner, "bold", sheet.head, size * 1.1, ink)
    for sentence in sheet.why:
        at = written.text(left + pad + indent, at, inner, "sans", sentence, size, INK)
    stage.box(left, y, width, at + pad - y, paper, ink, size * 0.07)
    stage.line(left + pad, y + pad + size * 1.16, "sans", MARKS[sheet.mark], size * 1.5, ink)
    stage.marks += written.marks
    stage.missing += written.missing
    return at + pad


def _no_font(stage: Stage, sheet: CertificateSheet, y: float, size: float) -> float:
    """Where a name holds signs that no face here has, say so."""
    if not stage.missing:
        return y
    return stage.text(_LEFT, y, _WIDTH, "sans", sheet.no_font, size, TONES["warn"][0]) + size * 0.8


def _facts(stage: Stage, sheet: CertificateSheet, y: float, pt: float) -> float:
    """Three beside one another; the creator's key last, over two."""
    wide, gap = (_WIDTH - 12) / 3, 6.0
    for at in range(0, len(sheet.facts), 3):
        ends = []
        for column, (name, value) in enumerate(sheet.facts[at : at + 3]):
            x = _LEFT + column * (wide + gap)
            below = stage.text(x, y, wide, "sans", name, 7.5 * pt, QUIET)
            ends.append(stage.text(x, below, wide, "sans", value, 9.5 * pt))
        y = max(ends) + 5 * pt
    name, value = sheet.key
    y = stage.text(_LEFT, y, _WIDTH, "sans", name, 7.5 * pt, QUIET)
    return stage.text(_LEFT, y, _WIDTH, "mono", value, 9.5 * pt)


def _check(stage: Stage, sheet: CertificateSheet, y: float, scale: float) -> float:
    """How to check it, and beside it the code with its own sentence."""
    pt, side = POINT_MM * scale, 33.0
    left = _WIDTH - side - 8
    at = stage.text(_LEFT, y, left, "bold", sheet.check, 10 * pt) + 0.8 * scale
    for step in sheet.checks:
        stage.line(_LEFT, at + 8.5 * pt * 1.05, "sans", "·", 11 * pt, QUIET)
        at = stage.text(_LEFT + 3.2, at, left - 3.2, "sans", step, 8.5 * pt) + 0.7 * scale
    x = _LEFT + _WIDTH - side
    stage.code(sheet.code.holds, x, y, side)
    below = stage.text(x - 3, y + side + 0.5, side + 6, "sans", sheet.code.says, 6.8 * pt, QUIET, align="middle", leading=1.28)  # fmt: skip
    return max(at, below)


def _picture(sheet: CertificateSheet, scale: float, air: float) -> tuple[Stage, float]:
    stage = Stage()
    width, height = PICTURE
    for inset, line in ((30.0, 3.0), (42.0, 1.0)):
        stage.box(inset, inset, width - 2 * inset, height - 2 * inset, None, INK, line)
    stage.line(width / 2, 106 + air / 2, "serif", sheet.kind, 37, INK, "middle")
    y = _face(stage, sheet, 132 + air, 372 * (0.5 + 0.5 * scale), _EDGE, _INNER)
    y = _title(stage, sheet, y + 2 + air / 2, _EDGE, _INNER, [size * scale for size in _TITLE_DOTS]) + 16 * scale
    y = _worth(stage, sheet, y + air / 2, _EDGE, _INNER, 24 * scale) + 18 * scale
    if sheet.proves:
        y = stage.text(_EDGE, y + air / 2, _INNER, "serif", sheet.proves, 27 * scale, leading=1.3) + 14 * scale
    return stage, _below(stage, sheet, y + air, scale)


def _below(stage: Stage, sheet: CertificateSheet, y: float, scale: float) -> float:
    """Licence, day, place and the creator's key, and beside them the code; then how to check it."""
    side, at = 252.0, y
    wide = _INNER - side - 34
    if stage.missing:
        at = stage.text(_EDGE, at, wide, "sans", sheet.no_font, 18 * scale, TONES["warn"][0]) + 6 * scale
    for name, value in sheet.facts[:3]:
        at = stage.text(_EDGE, at, wide, "sans", name, 17 * scale, QUIET)
        at = stage.text(_EDGE, at, wide, "sans", value, 25 * scale, most=3) + 6 * scale
    name, value = sheet.key
    at = stage.text(_EDGE, at, wide, "sans", name, 17 * scale, QUIET)
    at = stage.text(_EDGE, at, wide, "mono", value, 24 * scale) + 6 * scale
    x = _EDGE + _INNER - side
    stage.code(sheet.code.holds, x + 12, y - 14, side)
    below = stage.text(x - 10, y + side - 11, side + 22, "sans", sheet.code.says, 16 * scale, QUIET, align="middle", leading=1.25)  # fmt: skip
    return stage.text(_EDGE, max(at, below) + 8 * scale, _INNER, "sans", sheet.checks[0], 18 * scale, QUIET, leading=1.3)  # fmt: skip
