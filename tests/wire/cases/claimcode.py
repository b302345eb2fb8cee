"""Claim codes: how they are derived, spelled, hashed, and read as people type them."""

from __future__ import annotations

from stall.wire import b64, capability, claimcode
from tests.wire import documents as doc
from tests.wire.casebook import Case, Document, Given

_KEY = bytes(range(32))


def _valid(sale: int, issue: int) -> Given:
    code = claimcode.derive(_KEY, doc.EPOCH_BYTES, sale, issue)
    return {
        "sale": sale, "issue": issue, "code": code.hex(), "text": claimcode.encode(code), "hash": b64.encode(claimcode.digest(code))
    }  # fmt: skip


def _bad(rule: str, text: str) -> Case:
    return Case("5.6", rule, "claim-code-malformed", {"text": text})


_FIRST = _valid(1, 0)
_TEXT = _FIRST["text"]

DOCUMENT = Document(
    name="claimcode",
    section="5.6",
    head={
        "key": _KEY.hex(),
        "epoch": doc.EPOCH_BYTES.hex(),
        "order_ids": [capability.seal(_KEY, "order", number).hex() for number in (0, 1, 2**63 - 1)],
    },
    read=lambda given: claimcode.decode(given["text"]),
    valid=[
        _FIRST,
        _valid(1, 1),
        _valid(2**40, 0),
        {**_FIRST, "text": f"{_TEXT[:13]}-{_TEXT[13:20]} {_TEXT[20:]}".lower()},
        {**_FIRST, "text": _TEXT.replace("0", "O").replace("1", "l")},
    ],
    invalid=[
        _bad("nothing typed", ""),
        _bad("a sign too few", _TEXT[:-1]),
        _bad("a sign too many", _TEXT + "0"),
        _bad("the letter U", "U" * 26),
        _bad("a value beyond 128 bits", "8" + "0" * 25),
        _bad("punctuation other than hyphens", _TEXT[:4] + "." + _TEXT[4:]),
        _bad("a letter beyond ASCII", "É" + _TEXT[1:]),
        _bad("digits of another script", "٣" + _TEXT[1:]),
        _bad("a plus sign", "+" + _TEXT[1:]),
        _bad("longer than 200 signs", _TEXT + " " * 200),
    ],
)
