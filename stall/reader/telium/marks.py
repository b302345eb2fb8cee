"""The number an ask bears in its private field, which some terminals say again: made from the number of the attempt.

So it is the same after a restart and needs no memory: every mark of an earlier attempt is known for one. The numbers
are spread over all ten digits, because terminals that answer with numbers of their own count from 1.
"""

from __future__ import annotations

_MARKS = 10**10
_SPREAD = 6_180_339_887
_BACK = pow(_SPREAD, -1, _MARKS)


def mark_of(attempt: int) -> str:
    """The ten digits of an attempt's ask."""
    return f"{attempt * _SPREAD % _MARKS:010d}"


def attempt_of(private: str) -> int | None:
    """The attempt whose mark an answer bears, had it one of ours; None where there is no number but blanks or zeros."""
    digits = private.strip()
    if not (digits.isascii() and digits.isdecimal() and int(digits)):
        return None
    return int(digits) * _BACK % _MARKS
