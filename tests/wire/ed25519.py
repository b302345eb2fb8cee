"""Ed25519 by the formulas of RFC 8032, section 5.1, to make signatures that no library makes: those on which readers could part.

Only for fixed test keys: slow, and not in constant time.
"""

from __future__ import annotations

import hashlib

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, P) % P

Point = tuple[int, int]


def add(one: Point, other: Point) -> Point:
    (x1, y1), (x2, y2) = one, other
    both = _D * x1 * x2 * y1 * y2
    return (x1 * y2 + x2 * y1) * pow(1 + both, -1, P) % P, (y1 * y2 + x1 * x2) * pow(1 - both, -1, P) % P


def times(factor: int, point: Point) -> Point:
    product = ZERO
    while factor:
        if factor & 1:
            product = add(product, point)
        point, factor = add(point, point), factor >> 1
    return product


def encoded(point: Point) -> bytes:
    x, y = point
    return (y | (x & 1) << 255).to_bytes(32, "little")


def decoded(data: bytes) -> Point:
    number = int.from_bytes(data, "little")
    y = number & (2**255 - 1)
    square = (y * y - 1) * pow(_D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * pow(2, (P - 1) // 4, P) % P
    assert x * x % P == square
    return (x if x & 1 == number >> 255 else -x % P), y


ZERO: Point = (0, 1)
BASE = decoded((4 * pow(5, -1, P) % P).to_bytes(32, "little"))
TORSION = decoded(bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"))
"""A point of order eight: seven times added to itself it is ZERO."""


def challenge(r: bytes, public: bytes, message: bytes) -> int:
    """The number k that a signature's two halves are bound by."""
    return int.from_bytes(hashlib.sha512(r + public + message).digest(), "little") % ORDER


def holds(public: bytes, message: bytes, signature: bytes, cofactor: int = 1) -> bool:
    """Whether [cofactor][S]B = [cofactor](R + [k]A): with 8 some readers ask no more than that, with 1 ours do."""
    r, s = signature[:32], int.from_bytes(signature[32:], "little")
    right = add(decoded(r), times(challenge(r, public, message), decoded(public)))
    return times(cofactor * s, BASE) == times(cofactor, right)


def sign_with_torsion(seed: bytes, message: bytes) -> bytes:
    """Sign with the honest key of `seed`, but add a point of order eight to R: only multiplied by the cofactor does it hold."""
    scalar, public, nonce = _secret(seed, message)
    return _signature(scalar, public, message, nonce, encoded(add(times(nonce, BASE), TORSION)))


def sign_with_second_spelling(seed: bytes, message: bytes) -> bytes:
    """Sign with R = ZERO, its y written as p + 1 and not as 1: the equation holds, but R is not the bytes that come out of it."""
    scalar, public, _ = _secret(seed, message)
    return _signature(scalar, public, message, 0, (P + 1).to_bytes(32, "little"))


def _secret(seed: bytes, message: bytes) -> tuple[int, bytes, int]:
    """The secret number and the public key of `seed`, and the nonce for `message` (RFC 8032, 5.1.5 and 5.1.6)."""
    digest = hashlib.sha512(seed).digest()
    scalar = int.from_bytes(digest[:32], "little") & (2**254 - 8) | 2**254
    nonce = int.from_bytes(hashlib.sha512(digest[32:] + message).digest(), "little") % ORDER
    return scalar, encoded(times(scalar, BASE)), nonce


def _signature(scalar: int, public: bytes, message: bytes, nonce: int, r: bytes) -> bytes:
    s = (nonce + challenge(r, public, message) * scalar) % ORDER
    return r + s.to_bytes(32, "little")
