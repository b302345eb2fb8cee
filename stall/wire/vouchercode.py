"""Voucher codes: 80 bits that spend one voucher, derived, spelled for people and hashed for the database.

A voucher is money to whoever holds its code, at this stall alone: the code finds it, the box's books say what is left.
"""

from __future__ import annotations

import hashlib
import hmac

from stall.errors import LocalWireError, Refused
from stall.wire import crockford

CODE_BYTES = 10
CODE_CHARS = 16
_KEY_BYTES = 32
_EPOCH_BYTES = 16
_MAX_TYPED = 100


def derive(key: bytes, epoch: bytes, line: int) -> bytes:
    """Derive the code of the voucher sold in a line (its number on this box), in an epoch of 16 bytes.

    First 10 bytes of HMAC-SHA256(key, "voucher" ‖ epoch ‖ line u64 BE): any process can show it again, none stores it.
    Raises LocalWireError for a key of other than 32 bytes or numbers out of range.
    """
    if len(key) != _KEY_BYTES or len(epoch) != _EPOCH_BYTES or not 0 <= line < 2**64:
        raise LocalWireError(
            "voucher-code-input", "No voucher code can be made with this key. Restore the key file from your backup."
        )
    return hmac.digest(key, b"voucher" + epoch + line.to_bytes(8), "sha256")[:CODE_BYTES]


def encode(code: bytes) -> str:
    """Spell a 10-byte code as 16 upper-case Crockford characters."""
    return crockford.write(int.from_bytes(code), CODE_CHARS)


def decode(text: str) -> bytes:
    """Read a code as people type it: any case, spaces and hyphens ignored. Raises Refused `voucher-code-malformed`."""
    signs = crockford.values(text[:_MAX_TYPED])
    if signs is None or len(signs) != CODE_CHARS or len(text) > _MAX_TYPED:
        raise Refused(
            "voucher-code-malformed", "This is not a voucher code. Type all 16 letters and digits as printed."
        )
    return crockford.number(signs).to_bytes(CODE_BYTES)


def digest(code: bytes) -> bytes:
    """Hash a 10-byte code (SHA-256): what the database keeps instead of it."""
    return hashlib.sha256(code).digest()
