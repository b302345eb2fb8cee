"""Owner codes: the key each makes, and how they are read as people type them."""

from __future__ import annotations

from stall.wire import checksigns, crockford, ownercode
from tests.wire.casebook import Case, Document, Given


def _valid(code: bytes) -> Given:
    key = ownercode.key_of(code)
    return {"code": code.hex(), "text": ownercode.encode(code), "seed": key.seed.hex(), "did": key.did}


def _bad(rule: str, text: str) -> Case:
    return Case("5.12", rule, "owner-code-malformed", {"text": text})


_FIRST = _valid(bytes(range(16)))
_TEXT = _FIRST["text"]
_CHECKS_OF_8 = crockford.write(crockford.number(checksigns.of([8] + [0] * 25, 2)), 2)

DOCUMENT = Document(
    name="owner_code",
    section="5.12",
    read=lambda given: ownercode.decode(given["text"]),
    valid=[
        _FIRST,
        _valid(bytes(16)),
        _valid(bytes([255]) * 16),
        {**_FIRST, "text": f"{_TEXT[:4]} {_TEXT[4:9]}-{_TEXT[9:]}".lower()},
        {**_FIRST, "text": _TEXT.replace("0", "o").replace("1", "I")},
    ],
    invalid=[
        _bad("nothing typed", ""),
        _bad("a sign too few", _TEXT[:-1]),
        _bad("a sign too many", _TEXT + "0"),
        _bad("the letter U", "U" * 28),
        _bad("a value beyond 128 bits", "8" + "0" * 25 + _CHECKS_OF_8),
        _bad("a claim code, which has no check signs", _TEXT[:26]),
        _bad("one wrong sign", _TEXT[:6] + "2" + _TEXT[7:]),
        _bad("two signs swapped", _TEXT[:7] + _TEXT[8] + _TEXT[7] + _TEXT[9:]),
        _bad("another check sign", _TEXT[:-1] + ("0" if _TEXT[-1] != "0" else "1")),
        _bad("punctuation other than hyphens", _TEXT[:4] + ":" + _TEXT[4:]),
        _bad("a letter beyond ASCII", "É" + _TEXT[1:]),
        _bad("digits of another script", "٣" + _TEXT[1:]),
        _bad("the key's did instead", _FIRST["did"]),
        _bad("its bytes in hex", _FIRST["code"]),
        _bad("more than 200 signs", _TEXT + " " * 200),
    ],
)
