"""JSON in its one canonical spelling (RFC 8785, JCS): the bytes that are signed and hashed."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import rfc8785

from stall.errors import LocalWireError
from stall.wire import strict_json
from stall.wire.strict_json import MAX_INTEGER

_encode = msgspec.json.Encoder(order="sorted").encode


def dumps(obj: object) -> bytes:
    """Write `obj` (dict, list, str, int, bool, None, float) as RFC 8785 bytes.

    Raises LocalWireError for what JSON cannot say exactly: integers beyond 2^53-1, NaN, lone surrogates,
    names that are not text, foreign types, endless nesting.
    """
    return _write(obj)[0]


def dumps_readable(obj: object, *, max_bytes: int, max_depth: int) -> bytes:
    """Write the same bytes, sure that `strict_json.loads` with these limits reads them back.

    What is short and shallow enough, has no float and is all ASCII is readable as it is; anything else is read
    back to find out. Raises LocalWireError as `dumps`, WireError as `strict_json.loads`.
    """
    data, depth = _write(obj)
    if not 0 <= depth <= max_depth:
        strict_json.loads(data, max_bytes=max_bytes, max_depth=max_depth)
        return data
    return _sure(data, max_bytes, max_depth)


def dumps_typed(document: msgspec.Struct, *, max_bytes: int, max_depth: int) -> bytes:
    """Write a document whose type was checked already (`msgspec.convert`), as `dumps_readable` would write its plain values.

    For types that know neither float nor open object nor nesting beyond `max_depth`, and bound every integer by 2^53-1:
    then nothing needs to be looked at again. What stands at its default is left out, where the type says so.
    """
    try:
        data = _encode(document)
    except ValueError as error:
        raise _not_json() from error
    return _sure(data, max_bytes, max_depth)


def _sure(data: bytes, max_bytes: int, max_depth: int) -> bytes:
    if len(data) > max_bytes or not data.isascii():
        strict_json.loads(data, max_bytes=max_bytes, max_depth=max_depth)
    return data


def _write(obj: object) -> tuple[bytes, int]:
    """The canonical bytes and how deep `obj` is nested, -1 where nobody counted."""
    try:
        # The fast encoder writes JCS when all names are ASCII and no number is a float: its string escapes are those
        # of RFC 8785 clause 3.2.2.2, and code points then sort like UTF-16 units. The rest is the library's.
        depth = _depth_of_plain(obj)
        if depth >= 0:
            return _encode(obj), depth
        return rfc8785.dumps(obj), -1  # type: ignore[arg-type]  # it checks every type itself and raises
    except (ValueError, RecursionError, TypeError, AttributeError) as error:
        raise _not_json() from error


def _not_json() -> LocalWireError:
    return LocalWireError(
        "canonical-not-json",
        "A value cannot be written into a signed document. Use text, whole numbers up to 2^53-1, lists and objects.",
    )


def _depth_of_plain(value: object) -> int:
    """How many arrays and objects lie in one another; -1 for what the fast encoder may not write."""
    if isinstance(value, dict):
        for name in value:
            if not (isinstance(name, str) and name.isascii()):
                return -1
        return _depth_of_all(value.values())
    if isinstance(value, list):
        return _depth_of_all(value)
    if isinstance(value, int):
        return 0 if -MAX_INTEGER <= value <= MAX_INTEGER else -1
    return 0 if value is None or isinstance(value, str) else -1


def _depth_of_all(values: Iterable[object]) -> int:
    """One more than the deepest of what an array or object holds. Text and small numbers, most of it, are not worth a call."""
    deepest = 0
    for item in values:
        kind = type(item)
        if kind is str or (kind is int and 0 <= item <= MAX_INTEGER):  # type: ignore[operator]  # it is an int
            continue
        depth = _depth_of_plain(item)
        if depth < 0:
            return -1
        deepest = max(deepest, depth)
    return deepest + 1
