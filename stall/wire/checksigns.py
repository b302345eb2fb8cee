"""Check signs: what is written after the signs of a secret on paper, so that a slip in typing it is noticed.

A Reed-Solomon code over GF(32), the field of x⁵ + x² + 1: read as a polynomial, highest power first, signs and check signs
together are zero at 2, 4, 8 and so on, at as many powers of 2 as there are check signs. So as many wrong signs are noticed
without fail in up to 31 signs. Knows values from 0 to 31, not how they are spelled.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

_FIELD = 31  # as many powers of 2 as there are values but zero


def _powers() -> list[int]:
    """2⁰ to 2³⁰ in the field: doubled, and reduced by x⁵ + x² + 1 where it leaves five bits."""
    found = [1]
    while len(found) < _FIELD:
        doubled = found[-1] << 1
        found.append(doubled ^ 0b100101 if doubled > _FIELD else doubled)
    return found


_POWER = _powers()
_LOG = {value: at for at, value in enumerate(_POWER)}


def of(signs: Sequence[int], count: int) -> list[int]:
    """Give the check signs of `signs`: what is left of them, times x to the power of `count`, when divided by the generator."""
    generator, left = _generator(count), [0] * count
    for sign in signs:
        factor = sign ^ left[0]
        left = [a ^ _times(factor, b) for a, b in zip([*left[1:], 0], generator, strict=True)]
    return left


def slip(signs: Sequence[int], fits: Callable[[Sequence[int]], bool]) -> tuple[int, int] | None:
    """Find the one sign that makes the rest fit when it is another: its place from 0 and what it should be. None if there is none."""
    for at in range(len(signs)):
        for value in range(_FIELD + 1):
            if fits([*signs[:at], value, *signs[at + 1 :]]):
                return at, value
    return None


def _times(one: int, other: int) -> int:
    return _POWER[(_LOG[one] + _LOG[other]) % _FIELD] if one and other else 0


def _generator(count: int) -> list[int]:
    """(x − 2)(x − 4)(x − 8)… without its leading 1, highest power first."""
    found = [1]
    for root in _POWER[1 : count + 1]:
        found = [a ^ _times(root, b) for a, b in zip([*found, 0], [0, *found], strict=True)]
    return found[1:]
