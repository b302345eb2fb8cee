"""A card that a terminal tells everything of, and a search for any trace of it in whatever was written or served.

The number passes its check digit, so that nothing can tell it from a real one; nobody was given it.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from functools import cache

NUMBER, LAST4 = "4929137508627411", "7411"
HOLDER = "HOLDER/LOOSE"
EXPIRY = bytes.fromhex("3109")
DISCRETIONARY = "201583906472"
TRACK_2 = f"{NUMBER}D3109{DISCRETIONARY}F"
TRACK_1 = f"B{NUMBER}^{HOLDER}^3109{DISCRETIONARY}"
TEXTS = (
    "4929137508627411", "4929 1375 0862 7411", "4929-1375-0862-7411", "4929.1375.0862.7411", "4929  1375  0862  7411",
    "492913750862XXXX", "492913******7411", "XXXXXXXX08627411", "Nr4929137508627411/3109",
)  # fmt: skip
"""The number as a slip or a display may spell it."""

_RUN = 7
"""So many digits in a row are more than anybody may keep; the last four alone are allowed."""
_PACKED_RUN = 9
"""Of packed digits: in a megabyte of keys and signatures seven in a row come by chance."""
_SQUEEZED = re.compile(rb"[\s\-.:,/*_=]")
_FRAMES = (
    NUMBER.encode(), bytes.fromhex(NUMBER), TRACK_1.encode(), bytes.fromhex(TRACK_2),
)  # fmt: skip


def _runs(digits: str, length: int) -> Iterator[str]:
    return (digits[at : at + length] for at in range(len(digits) - length + 1))


@cache
def _written() -> dict[bytes, str]:
    """What to look for in text from which everything between digits was taken out."""
    runs = {run for digits in (NUMBER, DISCRETIONARY) for run in _runs(digits, _RUN)}
    plain = {run.encode(): "digits" for run in runs}
    spelt = {run.encode().hex().encode(): "digits as hexadecimal text" for run in runs}
    return {**plain, **spelt, HOLDER.replace("/", "").encode(): "holder", HOLDER.encode().hex().encode(): "holder"}


@cache
def _packed() -> dict[str, str]:
    return {run: "packed digits" for digits in (NUMBER, DISCRETIONARY) for run in _runs(digits, _PACKED_RUN)}


@cache
def _encoded() -> set[bytes]:
    """The middle of each frame in base 64, wherever in a longer one it may stand."""
    found = set()
    for frame in _FRAMES:
        for skip in range(3):
            inner = frame[skip : skip + (len(frame) - skip) // 3 * 3]
            found |= {base64.b64encode(inner), base64.urlsafe_b64encode(inner)}
    return found


def traces(data: bytes) -> set[str]:
    """In what ways the card is in there; empty when it is not."""
    squeezed, nibbles = _SQUEEZED.sub(b"", data), data.hex()
    found = {how for what, how in _written().items() if what in squeezed}
    found |= {how for what, how in _packed().items() if what in nibbles}
    if repr(bytes.fromhex(NUMBER))[2:-1].encode() in data:
        found.add("packed digits, as Python shows bytes")
    if any(each in data for each in _encoded()):
        found.add("base 64")
    if re.search(rb"\b(?:31/09|09/31|2031-09)\b|\b0e ?31 ?09\b", data):
        found.add("expiry")
    return found
