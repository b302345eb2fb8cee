"""What the JavaScript reader computes without any library or with its own tables is what Python has: hashes, signatures, folding."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator

import pytest

from stall.wire import assigned, keys, paths
from tests.interop.questions import answered_by_node
from tests.wire import documents as doc
from tests.wire import ed25519

pytestmark = pytest.mark.node


def test_hashes_of_any_length_taken_in_any_pieces() -> None:
    chance = random.Random(7)
    cases = [[chance.randbytes(chance.randrange(200)) for _ in range(chance.randrange(5))] for _ in range(200)]
    cases += [[bytes(length)] for length in (55, 56, 63, 64, 111, 112, 127, 128, 70_000)]
    said = answered_by_node({"kind": "hashes", "parts": [part.hex() for part in parts]} for parts in cases)
    wanted = [
        {"sha256": hashlib.sha256(data).hexdigest(), "sha512": hashlib.sha512(data).hexdigest()}
        for data in map(b"".join, cases)
    ]
    assert [one["found"] for one in said] == wanted


def signatures() -> Iterator[tuple[bytes, bytes, bytes]]:
    """Keys, messages and signatures: good ones, ones that are wrong by a bit, and all on which libraries part."""
    chance = random.Random(8)
    for _ in range(20):
        message = chance.randbytes(chance.randrange(90))
        good = doc.BOX.sign(message)
        wrong = bytearray(good)
        wrong[chance.randrange(64)] ^= 1 << chance.randrange(8)
        for signature in (good, bytes(wrong), good[:63], good[:32] + beyond(good[32:])):
            yield doc.BOX.public, message, signature
        yield doc.CLOUD.public, message, good
        yield chance.randbytes(32), message, good
    low = ed25519.TORSION
    for factor in range(8):  # an R, a key, or both with a part of low order: true only with the cofactor
        part = ed25519.times(factor, low)
        for on_key, on_point in ((0, 1), (1, 0), (1, 1)):
            yield crafted(part if on_key else ed25519.ZERO, part if on_point else ed25519.ZERO)
    for y in (0, 1, 2, ed25519.P - 1, ed25519.P, ed25519.P + 1):
        for sign in (0, 2**255):
            yield (y | sign).to_bytes(32, "little"), b"anything", (1).to_bytes(32, "little") + bytes(32)


def beyond(scalar: bytes) -> bytes:
    return (int.from_bytes(scalar, "little") + ed25519.ORDER).to_bytes(32, "little")


def crafted(on_key: ed25519.Point, on_point: ed25519.Point) -> tuple[bytes, bytes, bytes]:
    """A signature by secret 5 and nonce 7, with something added to the key and to R."""
    key = ed25519.encoded(ed25519.add(ed25519.times(5, ed25519.BASE), on_key))
    point = ed25519.encoded(ed25519.add(ed25519.times(7, ed25519.BASE), on_point))
    k = int.from_bytes(hashlib.sha512(point + key + b"m").digest(), "little") % ed25519.ORDER
    return key, b"m", point + ((7 + 5 * k) % ed25519.ORDER).to_bytes(32, "little")


def test_signatures_hold_for_both_or_for_neither() -> None:
    cases = list(signatures())
    names = ("key", "message", "signature")
    said = answered_by_node(
        {"kind": "signature", **{name: part.hex() for name, part in zip(names, one, strict=True)}} for one in cases
    )
    theirs = [one["ok"] and one["found"]["holds"] for one in said]  # it refuses an unfit key, where we say False
    assert theirs == [keys.verify(*one) for one in cases]
    assert 20 < sum(theirs) < len(cases) / 2
    assert {one["code"] for one in said if not one["ok"]} == {"key-not-canonical", "key-low-order", "key-not-a-point"}


def test_the_same_names_of_files_are_equal_when_folded() -> None:
    points = [*range(0x3400), *range(0xA000, 0xAC00), *range(0xF900, 0x20000)]  # elsewhere are ideographs and syllables
    texts = [chr(point) for point in points if not assigned.first_unassigned(chr(point))]
    (said,) = answered_by_node([{"kind": "fold", "texts": texts}])
    pairs = {(paths._fold(text), theirs) for text, theirs in zip(texts, said["found"], strict=True)}
    assert len({ours for ours, _ in pairs}) == len(pairs) == len({theirs for _, theirs in pairs})
