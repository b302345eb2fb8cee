"""The JavaScript reader, whose modules the verifying page is made of, and ours accept and refuse the same when receipts and certificates are altered by chance, and signed so.

Always the same chances: a case that two readers part over stays in the run.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

import pytest

from stall.errors import StallError
from stall.wire import canonical, credential, proof, receipt
from tests.interop.questions import answered_by_node, trusted, vectors
from tests.wire import documents as doc
from tests.wire.documents import forge_raw

CASES = 250

pytestmark = pytest.mark.node

HEADER = canonical.dumps({"alg": "Ed25519", "kid": doc.BOX.thumbprint, "typ": receipt.RECEIPT})
PIECES = [
    b'"', b"\\", b"\\u0000", b"\\ud800", b"e\xcc\x81", b"1e3", b"-0", b"1.0", b"null", b"{}", b"[]", b",", b":", b" ", b"\n", b"\x00",
    b"\xff", b"9007199254740992", b"true", b"\xe2\x80\xae", b"-1", b"01", b"NaN", b"[[[[[[[[[", b"}", b"]", b"\xef\xbb\xbf", b"\xc2\x85",
]  # fmt: skip

Question = dict[str, Any]


def altered_bytes(chance: random.Random, data: bytes) -> bytes:
    text = bytearray(data)
    for _ in range(chance.choice((1, 1, 2))):
        at = chance.randrange(len(text) + 1)
        text[at : at + chance.choice((0, 0, 1, 5))] = chance.choice(PIECES)
    return bytes(text)


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every member and entry, as what it is in and how it is found there."""
    inside = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    return [place for name in inside for place in ((value, name), *places(value[name]))]


def altered(chance: random.Random, value: Any) -> Any:
    copy = json.loads(json.dumps(value))
    for _ in range(chance.choice((1, 1, 2))):
        inside, name = chance.choice(places(copy))
        old = inside[name]
        others: list[Any] = [None, str(old), 5, [], {}, True]
        if isinstance(old, str):
            others += [old + "A", old[:-1], old[::-1], old.upper(), old + "\u202e", "x" * 201, old + "\n"]
        elif isinstance(old, int):
            others += [old + 1, old - 1, -old, 0, 10**9 + 1, old * 2]
        elif isinstance(old, list):
            others += [old + old, old[:1], old[::-1]]
        inside[name] = chance.choice(others)
    return copy


def refused(read: Callable[[], object]) -> bool:
    try:
        read()
    except StallError:
        return True
    return False


def receipts(chance: random.Random) -> tuple[Question, bool]:
    claims = chance.choice([case["claims"] for case in vectors("receipt")["valid"]])
    if chance.random() < 0.5:
        data = altered_bytes(chance, canonical.dumps(claims))
    else:
        data = json.dumps(altered(chance, claims), ensure_ascii=False).encode()
    token = forge_raw(doc.BOX, HEADER, data)
    return {"kind": "receipt", "token": token}, not refused(lambda: receipt.verify(token, doc.TRUSTED))


def certificates(chance: random.Random) -> tuple[Question, bool]:
    document = chance.choice([case["document"] for case in vectors("certificate")["valid"]])
    if chance.random() < 0.7:
        bare = altered(chance, {name: value for name, value in document.items() if name != "proof"})
        document = proof.add(chance.choice((doc.BOX, doc.BOX, doc.CREATOR)), bare, doc.NOW)
    else:
        document = altered(chance, document)
    text = json.dumps(document, ensure_ascii=False)
    return {"kind": "certificate", "document": text}, not refused(lambda: credential.verify(json.loads(text)))


@pytest.mark.parametrize("make", [receipts, certificates])
def test_both_readers_agree(make: Callable[[random.Random], tuple[Question, bool]]) -> None:
    chance = random.Random(20)
    made = [make(chance) for _ in range(CASES)]
    theirs = [said["ok"] for said in answered_by_node({**asked, "trusted": trusted()} for asked, _ in made)]
    assert len(theirs) == CASES
    parted = [asked for (asked, ours), other in zip(made, theirs, strict=True) if ours is not other]
    assert parted == []
    assert 0 < sum(theirs) < CASES / 2
