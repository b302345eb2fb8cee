"""The smallest QR code (ISO/IEC 18004: version 1, level M), for a text of up to 20 letters and digits. Pure.

An order page shows its four letters as one, to hundreds of phones; the library that draws the others would bring an imaging
library into the process that serves them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from stall.errors import LocalWireError

#: Modules of a side, without the quiet zone.
SIDE = 21
LONGEST = 20
_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_MODE_ALPHANUMERIC, _COUNT_BITS = 0b0010, 9
_DATA_WORDS, _CHECK_WORDS = 16, 10
_PADDING = (0xEC, 0x11)
_FIELD = 0x11D  # x^8 + x^4 + x^3 + x^2 + 1
_FORMAT_GENERATOR, _FORMAT_MASK = 0x537, 0x5412
#: Level M (00) with mask 000, under which a module is turned where row and column add up to an even number.
_FORMAT = 0b00_000
_FINDER = 8  # with the light line around it
_TIMING = 6


def rows(text: str) -> list[list[bool]]:
    """The dark modules of the code, row by row. Raises LocalWireError `qr-not-small` for a text it does not take."""
    if len(text) > LONGEST or any(letter not in _LETTERS for letter in text):
        raise LocalWireError("qr-not-small", f"A small QR code takes up to {LONGEST} capital letters and digits.")
    data = _words(text)
    bits = iter([bool(word >> shift & 1) for word in (*data, *_check(data)) for shift in range(7, -1, -1)])
    made = _frame()
    for row, column in _way():
        if made[row][column] is None:
            made[row][column] = next(bits) ^ ((row + column) % 2 == 0)
    return [[bool(cell) for cell in line] for line in made]


def _words(text: str) -> list[int]:
    """Mode, length and letters, two in 11 bits, filled up to the size of the code."""
    bits = f"{_MODE_ALPHANUMERIC:04b}{len(text):0{_COUNT_BITS}b}"
    for at in range(0, len(text), 2):
        pair = [_LETTERS.index(letter) for letter in text[at : at + 2]]
        bits += f"{pair[0] * len(_LETTERS) + pair[1]:011b}" if len(pair) > 1 else f"{pair[0]:06b}"
    bits += "0" * min(4, _DATA_WORDS * 8 - len(bits))
    bits += "0" * (-len(bits) % 8)
    words = [int(bits[at : at + 8], 2) for at in range(0, len(bits), 8)]
    return words + [_PADDING[n % 2] for n in range(_DATA_WORDS - len(words))]


def _check(data: Iterable[int]) -> list[int]:
    """The Reed-Solomon words: what is left of the data divided by (x - 1)(x - a)...(x - a^9)."""
    divisor = [1]
    root = 1
    for _ in range(_CHECK_WORDS):
        divisor = [a ^ _times(b, root) for a, b in zip([*divisor, 0], [0, *divisor], strict=True)]
        root = _times(root, 2)
    left = [0] * _CHECK_WORDS
    for word in data:
        factor = word ^ left[0]
        left = [a ^ _times(b, factor) for a, b in zip([*left[1:], 0], divisor[1:], strict=True)]
    return left


def _times(a: int, b: int) -> int:
    """Multiply in the field of 256 elements."""
    product = 0
    while b:
        if b & 1:
            product ^= a
        a = a << 1 ^ (_FIELD if a & 0x80 else 0)
        b >>= 1
    return product


def _frame() -> list[list[bool | None]]:
    """What is the same in every such code; None where the data goes."""
    made: list[list[bool | None]] = [[None] * SIDE for _ in range(SIDE)]
    for top, left in ((0, 0), (0, SIDE - 7), (SIDE - 7, 0)):
        for row in range(max(0, top - 1), min(SIDE, top + _FINDER)):
            for column in range(max(0, left - 1), min(SIDE, left + _FINDER)):
                ring = max(abs(row - top - 3), abs(column - left - 3))
                made[row][column] = ring in {0, 1, 3}
    for at in range(_FINDER, SIDE - _FINDER):
        made[_TIMING][at] = made[at][_TIMING] = at % 2 == 0
    for place, bit in enumerate(_format_bits()):
        (row, column), (row_too, column_too) = _format_places(place)
        made[row][column] = made[row_too][column_too] = bit
    made[SIDE - _FINDER][_FINDER] = True
    return made


def _format_bits() -> list[bool]:
    """Level and mask with their check bits, the lowest first."""
    left = _FORMAT << 10
    for shift in range(4, -1, -1):
        if left >> 10 + shift & 1:
            left ^= _FORMAT_GENERATOR << shift
    told = (_FORMAT << 10 | left) ^ _FORMAT_MASK
    return [bool(told >> place & 1) for place in range(15)]


def _format_places(place: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """Where the bit stands that has this place from the right: down the eighth column, and along the eighth row."""
    down = place if place < _TIMING else place + 1 if place < _FINDER else SIDE - 15 + place
    along = SIDE - 1 - place if place < _FINDER else 15 - place if place < 9 else 14 - place  # noqa: PLR2004 - the timing column is stepped over
    return (down, _FINDER), (_FINDER, along)


def _way() -> Iterator[tuple[int, int]]:
    """From the lower right corner up and down in strips of two columns; the timing column is left out."""
    upwards = True
    for right in (20, 18, 16, 14, 12, 10, 8, 5, 3, 1):
        for step in range(SIDE):
            row = SIDE - 1 - step if upwards else step
            yield row, right
            yield row, right - 1
        upwards = not upwards
