"""The recovery lines: a creator's key as four lines that can be printed, typed back, and blamed one by one.

32 bytes are 52 signs of Crockford's base 32, thirteen to a line. Three check signs end each line (`checksigns`); the line's own
number is the first sign they check, though not printed. So up to three wrong signs in a line, two signs swapped, or a line in another's place are noticed without fail, and one wrong sign can be named.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from stall.errors import LocalWireError, Refused
from stall.wire import checksigns, crockford

LINES = 4
SIGNS = 16
CHECKS = 3

_DATA = SIGNS - CHECKS
_SEED_BYTES = 32
_MAX_TYPED = 200
_LABEL = re.compile(r"\s*[1-4][.:)]\s*(?P<signs>.*)")


def encode(seed: bytes) -> tuple[str, ...]:
    """Write the 32-byte seed of a key as four lines, each four groups of four signs. Raises LocalWireError for another size."""
    if len(seed) != _SEED_BYTES:
        raise LocalWireError(
            "recovery-size", "Only a key of 32 bytes can be written down. Restore the key file from your backup."
        )
    spelled = crockford.write(int.from_bytes(seed), LINES * _DATA)
    lines = [spelled[at : at + _DATA] for at in range(0, len(spelled), _DATA)]
    return tuple(_line(number, line) for number, line in enumerate(lines, 1))


def decode(lines: Sequence[str]) -> bytes:
    """Read the four lines as people type them: any case, with or without spaces, O for 0, I and L for 1.

    Raises Refused `recovery-lines` for more or fewer, `recovery-line` naming the one that is wrong, `recovery-no-key`.
    """
    if len(lines) != LINES:
        raise Refused(
            "recovery-lines", f"A recovery sheet has {LINES} lines, and here are {len(lines)}. Give them all."
        )
    signs = [value for number, line in enumerate(lines, 1) for value in read_line(number, line)]
    spelled = crockford.number(signs)
    if spelled >= 1 << 8 * _SEED_BYTES:
        raise Refused(
            "recovery-no-key", "The lines fit together but are no key. Check that they are of a recovery sheet."
        )
    return spelled.to_bytes(_SEED_BYTES)


def read_line(number: int, text: str) -> list[int]:
    """Read line `number` (1 to 4) and give its thirteen values. Raises Refused `recovery-line` saying what is wrong with it."""
    signs = crockford.values(text[:_MAX_TYPED])
    if signs is None or len(text) > _MAX_TYPED:
        raise Refused(
            "recovery-line",
            f"Line {number} has a sign that no sheet has. There are only digits and letters, and never a U: compare it with"
            " the sheet.",
        )
    if len(signs) != SIGNS:
        raise Refused(
            "recovery-line", f"Line {number} has {len(signs)} signs instead of {SIGNS}. Compare it with the sheet."
        )
    if not _fits(number, signs):
        raise Refused("recovery-line", f"Line {number} is not as printed. {_hint(number, signs)}")
    return signs[:_DATA]


def lines_of(text: str) -> list[str]:
    """Pick the lines out of a text: those with a label like `1.` if there are any, else all that are not empty."""
    written = [line for line in text.splitlines() if line.strip()]
    labelled = [found["signs"] for line in written if (found := _LABEL.fullmatch(line))]
    return labelled or written


def _line(number: int, data: str) -> str:
    signs = [number, *(crockford.values(data) or ())]
    checks = crockford.write(crockford.number(checksigns.of(signs, CHECKS)), CHECKS)
    return crockford.grouped(data + checks)


def _fits(number: int, signs: Sequence[int]) -> bool:
    return checksigns.of([number, *signs[:_DATA]], CHECKS) == list(signs[_DATA:])


def _hint(number: int, signs: list[int]) -> str:
    for other in range(1, LINES + 1):
        if _fits(other, signs):
            return f"It is line {other} of a sheet; type line {number} here."
    if (found := checksigns.slip(signs, lambda typed: _fits(number, typed))) is not None:
        at, value = found
        there, here = crockford.ALPHABET[value], crockford.ALPHABET[signs[at]]
        return f"Perhaps its sign {at + 1} is {there} and not {here}: compare it with the sheet."
    return "More than one of its signs is wrong: compare it with the sheet."
