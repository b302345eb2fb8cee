"""JSON read strictly: one meaning per document, or an error. Does not write JSON (see canonical).

Two readers must never disagree about signed text, so whatever readers differ on is refused: duplicate names,
floats, integers beyond 2^53-1, byte order marks, lone surrogates, characters that not every version of Unicode has, text
that is not NFC, deep nesting.
"""

from __future__ import annotations

import json
import re
import unicodedata
from itertools import accumulate
from typing import NoReturn

from stall.errors import WireError
from stall.wire import assigned

MAX_INTEGER = 2**53 - 1
"""Largest magnitude every JSON reader keeps exactly (RFC 8259 clause 6, RFC 7493 clause 2.2)."""

MAX_DEPTH = 8
"""Levels of arrays and objects where nobody says otherwise."""

_MAX_DIGITS = len(str(MAX_INTEGER))

# Possessive, with an optional end quote: every start matches in one pass, so hostile text cannot make it quadratic.
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_NOT_BRACKETS = bytes(sorted(set(range(256)) - set(b"[]{}")))
_OPENS = ord("(")
_ONE_KIND = bytes.maketrans(b"[]{}", b"()()")


def loads(data: bytes, *, max_bytes: int = 65536, max_depth: int = MAX_DEPTH) -> object:
    """Read one JSON value from UTF-8 `data`.

    `max_bytes` limits the size in bytes, `max_depth` the levels of arrays and objects (a bare number has none).
    Raises WireError and nothing else, whatever the bytes are.
    """
    if not isinstance(data, bytes):
        raise WireError("json-not-utf8", "The document is not bytes of UTF-8 text. Hand it in as it was signed.")
    if len(data) > max_bytes:
        raise WireError("json-too-large", f"The document is larger than {max_bytes} bytes. Use a smaller one.")
    text = _decode(data)
    _check_depth(data, max_depth)
    try:
        value: object = _DECODER.decode(text)
    except (ValueError, RecursionError) as error:
        raise WireError(
            "json-malformed", "The document is not valid JSON: cut off or altered. Get it again from its signer."
        ) from error
    if not text.isascii() or "\\u" in text:
        _check_strings(value)
    return value


def _decode(data: bytes) -> str:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise WireError("json-not-utf8", "The document is not UTF-8 text. Save it as UTF-8.") from error
    if text.startswith("\ufeff"):
        raise WireError("json-byte-order-mark", "The document starts with a byte order mark. Save it without one.")
    return text


def _check_depth(data: bytes, max_depth: int) -> None:
    """Peel one level of brackets per round; what is left after `max_depth` rounds is too deep, or does not match.

    Done before parsing, because the parser itself recurses; brackets that do not match it refuses by itself.
    """
    brackets = every = _STRING.sub(b"", data).translate(_ONE_KIND, _NOT_BRACKETS)
    for _ in range(max_depth):
        if not brackets:
            return
        brackets = brackets.replace(b"()", b"")
    if any(levels > max_depth for levels in accumulate(1 if one == _OPENS else -1 for one in every)):
        raise WireError("json-too-deep", f"The document is nested deeper than {max_depth} levels. Get another copy.")


def _check_strings(value: object) -> None:
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            _check_text(item)
        elif isinstance(item, dict):
            waiting.extend(item)
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)


def _check_text(text: str) -> None:
    if text.isascii():
        return
    if any("\ud800" <= char <= "\udfff" for char in text):
        raise WireError("json-surrogate", "A text holds half of a character (a lone surrogate). Type it again.")
    if (char := assigned.first_unassigned(text)) is not None:
        raise WireError(
            "json-unassigned",
            f"A text holds U+{ord(char):04X}, a character newer than Unicode {assigned.UNICODE}. Write it without.",
        )
    if not unicodedata.is_normalized("NFC", text):
        raise WireError("json-not-nfc", "A text is not in Unicode form NFC. Type it again or normalise it.")


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise WireError("json-duplicate-name", "An object names the same member twice. Get another copy.")
    return members


def _integer(digits: str) -> int:
    # The length goes first: turning a million digits into a number takes seconds.
    if len(digits) <= _MAX_DIGITS + 1 and abs(number := int(digits)) <= MAX_INTEGER:
        return number
    raise WireError("json-integer-range", "A number is beyond 2^53-1. Use a smaller one.")


def _not_an_integer(text: str) -> NoReturn:
    raise WireError("json-not-integer", f"The number {text[:20]} is not a plain integer. Write whole numbers only.")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object,
    parse_int=_integer,
    parse_float=_not_an_integer,
    parse_constant=_not_an_integer,
)
