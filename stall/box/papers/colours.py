"""Colours of the papers, and what marks a grade: the same as on pages (static/tokens.css)."""

from __future__ import annotations

Colour = tuple[int, int, int]
INK: Colour = (25, 23, 20)
QUIET: Colour = (98, 92, 82)
LINE: Colour = (208, 202, 188)
ACCENT: Colour = (18, 89, 75)
PAPER: Colour = (255, 255, 255)
#: Ink and paper of what is said of the grade, by its tone.
TONES: dict[str, tuple[Colour, Colour]] = {
    "good": ((28, 106, 55), (230, 242, 230)),
    "warn": ((125, 79, 0), (251, 240, 214)),
    "bad": ((160, 33, 25), (251, 231, 227)),
}
#: The glyph of each mark; DejaVu has them all.
MARKS = {"ok": "✓", "part": "◐", "wait": "◔", "cross": "✗", "stop": "⊘"}
