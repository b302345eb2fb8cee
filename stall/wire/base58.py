"""base58btc, the spelling of keys in did:key and of proof values (multibase prefix `z`)."""

from __future__ import annotations

from stall.errors import WireError

_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_VALUE = {char: value for value, char in enumerate(_ALPHABET)}

MAX_CHARS = 128
"""Longest text read: a 64-byte signature needs 88. Decoding is quadratic, so the limit is a guard."""


def encode(data: bytes) -> str:
    """Write `data` in base58btc, one `1` per leading zero byte."""
    number = int.from_bytes(data)
    chars = ""
    while number:
        number, rest = divmod(number, 58)
        chars = _ALPHABET[rest] + chars
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + chars


def decode(text: str) -> bytes:
    """Read base58btc text of at most MAX_CHARS; raises WireError for foreign characters."""
    if not isinstance(text, str):
        raise WireError("base58-malformed", "A value in the document is not text. Get the document again.")
    if len(text) > MAX_CHARS or not all(char in _VALUE for char in text):
        raise WireError("base58-malformed", "A value in the document cannot be read as base58. Get the document again.")
    number = 0
    for char in text:
        number = number * 58 + _VALUE[char]
    zeros = len(text) - len(text.lstrip("1"))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8)
