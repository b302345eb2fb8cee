"""The seal of a certificate: a line pattern drawn from what the certificate names (docs/protocol.md 5.13).

The same from the same names, whoever signed; another at a glance from others. Everything is integers and one table of
sines, so that it can be drawn again in any language, line for line.
"""

from __future__ import annotations

import hashlib
import html
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, NamedTuple, TypeVar

from stall.wire import canonical

#: Length and breadth of the paper, its middle at half of it.
BOX = 1000
#: How many steps a turn has, and what a sine of 1 is written as.
TURN, ONE = 2880, 1 << 14
_MIDDLE = BOX // 2
_T = TypeVar("_T")
_DRAWN = b"stall-seal-1"

_RIM = (47, 53, 59, 61)
_HEART_OUT, _RING_OUT, _HOLE = (150, 175, 200, 230), (280, 305, 330, 360), (15, 40, 65, 90)
_RING_IN, _LACE_IN = (-50, -25, 0, 25), (-100, -65, -30, 5)
_LACE_OUT, _RIM_IN, _RIM_OUT = 452, 469, 495
_TONES = ((0, 0, 2), (0, 0, 5), (0, 2, 0), (0, 2, 5), (1, 0, 0), (1, 0, 5), (2, 0, 2), (0, 1, 3))
_LACE = (
    (9, 4), (11, 4), (13, 4), (15, 4), (11, 5), (12, 5), (13, 5), (14, 5), (16, 5), (17, 5), (18, 5), (19, 5), (13, 6), (17, 6), (19, 6), (23, 6),
    (15, 7), (16, 7), (17, 7), (18, 7), (19, 7), (20, 7), (22, 7), (23, 7), (24, 7), (25, 7), (17, 8), (19, 8), (21, 8), (23, 8), (25, 8), (27, 8),
)  # fmt: skip
_RING = (
    (7, 2), (9, 2), (11, 2), (13, 2), (8, 3), (10, 3), (11, 3), (13, 3), (14, 3), (9, 4), (11, 4), (13, 4), (15, 4), (12, 5), (14, 5), (16, 5)
)  # fmt: skip
_HEART = (
    (5, 1), (6, 1), (7, 1), (8, 1), (9, 1), (10, 1), (12, 1), (5, 2), (7, 2), (9, 2), (11, 2), (7, 3), (8, 3), (10, 3), (11, 3), (9, 4)
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Curve:
    """What one closed curve is drawn from: `lobes` on `turns` around the middle, between two radii.

    `share` percent of the swing go into a second wave, `phase` behind; `lean` tilts the lobes, in 24ths of one; `turn` is
    where it begins; every `step` it has a point. Angles in steps of a turn.
    """

    lobes: int
    turns: int
    low: int
    high: int
    width: int
    tone: int = 0
    share: int = 0
    phase: int = 0
    lean: int = 0
    turn: int = 0
    step: int = 4


class Line(NamedTuple):
    """One closed line: how wide, how dark it is filled (even-odd, in tenths; 0 not at all), and its points."""

    width: int
    tone: int
    points: tuple[tuple[int, int], ...]


def digest_of(document: Mapping[str, Any]) -> bytes:
    """What a certificate's seal is drawn from. A countersignature, a settlement, an owner change nothing in it."""
    subject = document["credentialSubject"]
    return digest(subject["creator"], subject["drop"], subject["manifest"], subject.get("edition"), subject["receipt"])


def digest(creator: str, drop: str, manifest: str, edition: int | None, receipt: str) -> bytes:
    """SHA-256 of RFC 8785 of the list of these five, each as the certificate writes it; null without a number."""
    return hashlib.sha256(canonical.dumps([creator, drop, manifest, edition, receipt])).digest()


def name(digest: bytes) -> str:
    """What a seal is called: the first eight bytes of its digest in hex, in fours, to be compared aloud."""
    text = digest[:8].hex()
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def curves(digest: bytes) -> list[Curve]:
    """The four curves of a seal from the outside in: rim, lace, ring, heart."""
    drawn = iter(hashlib.sha256(_DRAWN + digest).digest())
    rim, heart_out, ring_out, hole = (_one(drawn, of) for of in (_RIM, _HEART_OUT, _RING_OUT, _HOLE))
    ring_in, lace_in = heart_out + _one(drawn, _RING_IN), ring_out + _one(drawn, _LACE_IN)
    lace, ring, heart = _TONES[next(drawn) % len(_TONES)]
    return [
        Curve(rim, 2, _RIM_IN, _RIM_OUT, 3),
        _figure(drawn, _LACE, (lace_in, _LACE_OUT), (2, 3), lace, share=2, step=4),
        _figure(drawn, _RING, (ring_in, ring_out), (3, 5), ring, share=5, step=8),
        _figure(drawn, _HEART, (hole, heart_out), (4, 7), heart, share=4, step=8),
    ]


def lines(digest: bytes) -> list[Line]:
    """The closed lines of a seal, from the outside in, in a box of 1000 by 1000 with y downwards."""
    return [Line(curve.width, curve.tone, tuple(_points(curve))) for curve in curves(digest)]


@lru_cache(maxsize=16)
def svg(digest: bytes, label: str) -> str:
    """The seal as one SVG of class `seal` in the colour of its text, at most 12 kB; `label` is what a screen reader says."""
    drawn = "".join(_drawn(line) for line in lines(digest))
    return (
        f'<svg class="seal" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {BOX} {BOX}" role="img" aria-label="{html.escape(label)}"'
        f' fill="none" stroke="currentColor" stroke-linejoin="round" fill-rule="evenodd">{drawn}</svg>'
    )


def path(points: Sequence[tuple[int, int]]) -> str:
    """A closed line as SVG path data: one absolute point, then how far each next one is."""
    (x, y), said = points[0], []
    for to_x, to_y in points[1:]:
        said.append(f"{to_x - x} {to_y - y}")
        x, y = to_x, to_y
    return f"M{points[0][0]} {points[0][1]}l{' '.join(said).replace(' -', '-')}z"


def _drawn(line: Line) -> str:
    filled = f' fill="currentColor" fill-opacity="0.{line.tone}"' if line.tone else ""
    return f'<path stroke-width="{line.width}"{filled} d="{path(line.points)}"/>'


def _one(drawn: Iterator[int], of: Sequence[_T]) -> _T:
    """What the next byte chooses. Every list is as long as a power of two, so none of it is likelier."""
    return of[next(drawn) % len(of)]


def _figure(
    drawn: Iterator[int], shapes: Sequence[tuple[int, int]], between: tuple[int, int], widths: tuple[int, int], tone: int,
    *, share: int, step: int,
) -> Curve:  # fmt: skip
    """One of the three figures inside the rim, of the next six bytes."""
    (lobes, turns), width = _one(drawn, shapes), _one(drawn, widths)
    wave, phase, lean, turn = next(drawn) % 8, next(drawn) % 16, next(drawn) % 16, next(drawn)
    return Curve(lobes, turns, *between, width, tone, share * wave, 180 * phase, lean - 8, 11 * turn, step)


def _points(curve: Curve) -> Iterator[tuple[int, int]]:
    middle, swing = (curve.low + curve.high) // 2, (curve.high - curve.low) // 2
    second = swing * curve.share // 100
    tilt = _rounded(120 * curve.lean, curve.lobes)
    for t in range(0, TURN, curve.step):
        wave = _sine(curve.lobes * t)
        radius = middle * ONE + (swing - second) * wave + second * _sine(2 * curve.lobes * t + curve.phase)
        angle = curve.turns * t + curve.turn + _rounded(tilt * wave, ONE)
        yield (
            _MIDDLE + _rounded(radius * _sine(angle + TURN // 4), ONE * ONE),
            _MIDDLE + _rounded(radius * _sine(angle), ONE * ONE),
        )


def _rounded(value: int, by: int) -> int:
    """`value` / `by` to the nearest integer, halves up."""
    return (2 * value + by) // (2 * by)


@cache
def _table() -> tuple[int, ...]:
    return tuple(round(ONE * math.sin(math.tau * step / TURN)) for step in range(TURN))


def _sine(step: int) -> int:
    return _table()[step % TURN]
