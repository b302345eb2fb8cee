"""The short code by which the till finds a buyer's basket. It finds, it never opens or proves."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

from stall.domain.sale import Line
from stall.errors import Refused

#: Crockford's letters and digits without the ones people confuse when reading aloud.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 4


def new_code(draw: Callable[[int], int]) -> str:
    """Draw a code; `draw(n)` must return an unguessable integer in 0..n-1."""
    return "".join(ALPHABET[draw(len(ALPHABET))] for _ in range(LENGTH))


def is_code(text: str) -> bool:
    """Whether a text, as typed in any case, has the form of a code."""
    code = text.strip().upper()
    return len(code) == LENGTH and all(letter in ALPHABET for letter in code)


def read_code(text: str) -> str:
    """Read a code as typed, in any case. Raises Refused `basket-code-malformed`."""
    if not is_code(text):
        raise Refused("basket-code-malformed", "A basket code has four letters or digits, like K7QM. Type it again.")
    return text.strip().upper()


def mark(lines: Sequence[Line]) -> str:
    """Twelve hex digits that change with what is in a basket; not with the numbers that are held for it, which come and go."""
    seen = [
        (line.n, line.pack, line.product, line.sku, line.title, line.qty, line.minor, line.bundle) for line in lines
    ]
    return hashlib.sha256(repr(seen).encode()).hexdigest()[:12]
