"""Ed25519 keys: made, named, checked at import, used. The only place that touches the signature primitive."""

from __future__ import annotations

import hashlib
from functools import cached_property, lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from stall.errors import LocalWireError, WireError
from stall.wire import b64, base58

PUBLIC_BYTES = 32
SEED_BYTES = 32
SIGNATURE_BYTES = 64

_P = 2**255 - 19
_D = -121665 * pow(121666, -1, _P) % _P
# The y of all points of order 1, 2, 4 and 8; with either sign bit. Under such a key a trivial signature verifies.
_ORDER_8_Y = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
_LOW_ORDER_Y = frozenset({0, 1, _P - 1, _ORDER_8_Y, _P - _ORDER_8_Y})
_MULTICODEC_ED25519 = b"\xed\x01"
_DID_PREFIX = "did:key:z"


def check_public(public: bytes) -> bytes:
    """Return `public` if it may be trusted to verify with; every key passes here at import.

    Raises WireError for a wrong size, y not below 2^255-19, a point of low order, or no point at all: the
    primitive itself accepts the first three (RFC 8032 clause 5.1.3 asks only for decoding).
    """
    if not _has_size(public, PUBLIC_BYTES):
        raise WireError("key-size", "A public key is not 32 bytes long. Ask its owner for the right one.")
    y = int.from_bytes(public, "little") & (2**255 - 1)
    if y >= _P:
        raise WireError("key-not-canonical", "A public key is not spelled in its one right way. Do not trust it.")
    if y in _LOW_ORDER_Y:
        raise WireError("key-low-order", "A public key is of low order: anyone could sign for it. Do not trust it.")
    if not _is_on_curve(y):
        raise WireError("key-not-a-point", "A public key is not a point of the curve. Ask its owner for the right one.")
    return public


def _is_on_curve(y: int) -> bool:
    # x^2 = (y^2 - 1) / (d y^2 + 1) must be a square; x = 0 happens only for y = +-1, refused before. Euler's test.
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    return pow(square, (_P - 1) // 2, _P) == 1


@lru_cache(maxsize=256)
def _loaded(public: bytes) -> Ed25519PublicKey | None:
    try:
        return Ed25519PublicKey.from_public_bytes(check_public(public))
    except WireError:
        return None


def verify(public: bytes, message: bytes, signature: bytes) -> bool:
    """Tell whether `signature` is that of `public` over `message`.

    Never raises for bad input: weak keys, wrong sizes and wrong types are False.
    """
    if not _has_size(public, PUBLIC_BYTES) or not _has_size(signature, SIGNATURE_BYTES):
        return False
    key = _loaded(public)
    if key is None:
        return False
    try:
        key.verify(signature, message)
    except (InvalidSignature, TypeError):
        return False
    return True


def _has_size(value: object, size: int) -> bool:
    return isinstance(value, bytes) and len(value) == size


def thumbprint(public: bytes) -> str:
    """Name a key: base64url SHA-256 of its JWK (RFC 7638, RFC 8037 A.3), 43 characters. It vouches for nothing."""
    if not _has_size(public, PUBLIC_BYTES):
        raise WireError("key-size", "A public key is not 32 bytes long. Ask its owner for the right one.")
    return _thumbprint(public)


@lru_cache(maxsize=256)
def _thumbprint(public: bytes) -> str:
    jwk = f'{{"crv":"Ed25519","kty":"OKP","x":"{b64.encode(public)}"}}'
    return b64.encode(hashlib.sha256(jwk.encode("ascii")).digest())


def did_key(public: bytes) -> str:
    """Write a public key as `did:key:z6Mk…` (56 characters). Raises WireError for an unfit key."""
    return _DID_PREFIX + base58.encode(_MULTICODEC_ED25519 + check_public(public))


def public_from_did(did: str) -> bytes:
    """Read the public key out of a `did:key`; raises WireError for any other spelling, kind or an unfit key."""
    if not isinstance(did, str):
        raise WireError("did-malformed", "An identity is not text. Ask its owner for the right one.")
    return _public_from_did(did)


@lru_cache(maxsize=256)
def _public_from_did(did: str) -> bytes:
    if not did.startswith(_DID_PREFIX):
        raise WireError("did-malformed", "An identity is not an Ed25519 did:key. Ask its owner for the right one.")
    data = base58.decode(did.removeprefix(_DID_PREFIX))
    # base58 of 34 fixed-prefix bytes has one spelling, so no second text names the same key.
    if len(data) != len(_MULTICODEC_ED25519) + PUBLIC_BYTES or not data.startswith(_MULTICODEC_ED25519):
        raise WireError("did-not-ed25519", "An identity is not that of an Ed25519 key. Ask its owner for one.")
    return check_public(data.removeprefix(_MULTICODEC_ED25519))


def thumbprint_of_did(did: str) -> str:
    """Name the key of a did:key, as `kid` and `iss` do; raises WireError as `public_from_did`."""
    return thumbprint(public_from_did(did))


class SigningKey:
    """A private key in memory. Shows nothing of itself when printed."""

    def __init__(self, seed: bytes) -> None:
        """Take the 32-byte seed of RFC 8032; raises LocalWireError for another size."""
        if not _has_size(seed, SEED_BYTES):
            raise LocalWireError("key-seed-size", "A private key is not 32 bytes long. Restore the key file.")
        self.seed = seed
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = self._key.public_key().public_bytes_raw()

    @classmethod
    def generate(cls) -> SigningKey:
        """Make a new key from the system's randomness."""
        return cls(Ed25519PrivateKey.generate().private_bytes_raw())

    @classmethod
    def from_seed(cls, seed: bytes) -> SigningKey:
        """Load the key of a 32-byte `seed`; raises LocalWireError for another size."""
        return cls(seed)

    @cached_property
    def thumbprint(self) -> str:
        """The key's name, as in `kid` and `iss`."""
        return thumbprint(self.public)

    @cached_property
    def did(self) -> str:
        """The key's did:key."""
        return did_key(self.public)

    def sign(self, message: bytes) -> bytes:
        """Sign `message`: 64 bytes, always the same for the same message."""
        return self._key.sign(message)

    def __repr__(self) -> str:
        """Name the key without its secret, so that a traceback or a log cannot leak it."""
        return f"SigningKey({self.thumbprint})"
