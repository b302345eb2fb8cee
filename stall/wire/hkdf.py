"""Keys for one purpose each, derived from one secret (RFC 5869, HKDF-SHA256)."""

from __future__ import annotations

from functools import lru_cache

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from stall.errors import LocalWireError

KEY_BYTES = 32
CODE_BYTES = 16


def derive(key: bytes, info: str, salt: bytes | None = None) -> bytes:
    """Derive 32 bytes for the purpose `info` from a 32-byte `key`; raises LocalWireError for another size."""
    if len(key) != KEY_BYTES:
        raise LocalWireError("secret-size", "A secret key is not 32 bytes long. Restore the key file.")
    return HKDF(SHA256(), KEY_BYTES, salt, info.encode()).derive(key)


def derive_from_code(code: bytes, info: str) -> bytes:
    """Derive 32 bytes from a 16-byte code that was drawn at random; raises LocalWireError for another size."""
    if len(code) != CODE_BYTES:
        raise LocalWireError("secret-size", "A secret code is not 16 bytes long. Type it again as it is printed.")
    return HKDF(SHA256(), KEY_BYTES, None, info.encode()).derive(code)


@lru_cache(maxsize=32)
def derive_cached(key: bytes, info: str) -> bytes:
    """Do the same without salt and remember it, for the few keys used on every request."""
    return derive(key, info)
