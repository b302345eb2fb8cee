"""Personal data kept so that it can be erased: the journal gets only a salted hash, a row gets the rest.

Erasing the row (salt and ciphertext) leaves a hash nobody can test guesses against, and every proof still holds.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from stall.errors import Broken
from stall.wire import hkdf

SALT_BYTES = 32
# Every salt makes its own key, which encrypts exactly once, so the nonce may be fixed.
_NONCE = bytes(12)
_INFO = "stall-erasable-v1"


@dataclass(frozen=True, slots=True)
class Sealed:
    """`digest` = SHA-256(salt ‖ data) may be journaled; `salt` and `ciphertext` stay in the erasable row."""

    salt: bytes
    digest: bytes
    ciphertext: bytes


def seal(key: bytes, data: bytes) -> Sealed:
    """Encrypt `data` under the 32-byte `key` with a fresh random salt."""
    salt = secrets.token_bytes(SALT_BYTES)
    ciphertext = AESGCM(hkdf.derive(key, _INFO, salt)).encrypt(_NONCE, data, None)
    return Sealed(salt, _digest(salt, data), ciphertext)


def unseal(key: bytes, sealed: Sealed) -> bytes:
    """Return the data; raises Broken if key, salt, ciphertext and digest do not belong together."""
    try:
        data = AESGCM(hkdf.derive(key, _INFO, sealed.salt)).decrypt(_NONCE, sealed.ciphertext, None)
    except (InvalidTag, ValueError) as error:
        raise Broken("erasable-unreadable", "A personal detail cannot be decrypted. Restore the key file.") from error
    if not hmac.compare_digest(_digest(sealed.salt, data), sealed.digest):
        raise Broken("erasable-altered", "A personal detail does not match its hash. Run `stall journal verify`.")
    return data


def _digest(salt: bytes, data: bytes) -> bytes:
    return hashlib.sha256(salt + data).digest()
