"""JSON in its one canonical spelling (RFC 8785, JCS): the bytes that are signed and hashed."""

from __future__ import annotations

import json

import rfc8785

from stall.errors import LocalWireError
from stall.wire.strict_json import MAX_INTEGER

_ENCODER = json.JSONEncoder(ensure_ascii=False, check_circular=False, sort_keys=True, separators=(",", ":"))


def dumps(obj: object) -> bytes:
    """Write `obj` (dict, list, str, int, bool, None, float) as RFC 8785 bytes.

    Raises LocalWireError for what JSON cannot say exactly: integers beyond 2^53-1, NaN, lone surrogates,
    names that are not text, foreign types, endless nesting.
    """
    try:
        # The standard encoder writes JCS when all names are ASCII and no number is a float: its string escapes are
        # those of RFC 8785 clause 3.2.2.2, and code points then sort like UTF-16 units. The rest is the library's.
        if _is_plain(obj):
            return _ENCODER.encode(obj).encode("utf-8")
        return rfc8785.dumps(obj)  # type: ignore[arg-type]  # it checks every type itself and raises
    except (ValueError, RecursionError, TypeError, AttributeError) as error:
        raise LocalWireError(
            "canonical-not-json",
            "A value cannot be written into a signed document. Use text, whole numbers up to 2^53-1, lists and objects.",
        ) from error


def _is_plain(value: object) -> bool:
    if value is None or isinstance(value, str):
        return True
    if isinstance(value, int):
        return -MAX_INTEGER <= value <= MAX_INTEGER
    if isinstance(value, dict):
        return all(isinstance(name, str) and name.isascii() and _is_plain(item) for name, item in value.items())
    return isinstance(value, list) and all(map(_is_plain, value))
