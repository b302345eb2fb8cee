"""Claim codes: 128 bits that open one sale's download, derived, spelled for people and hashed for the database."""

from __future__ import annotations

import hashlib
import hmac

from stall.errors import LocalWireError, Refused
from stall.wire import crockford

CODE_BYTES = 16
CODE_CHARS = 26
KEY_BYTES = 32
EPOCH_BYTES = 16

_MAX_TYPED = 200


def derive(key: bytes, epoch: bytes, sale: int, issue: int) -> bytes:
    """Derive the code of `sale` (its number in this epoch), `issue` counting re-issues.

    First 16 bytes of HMAC-SHA256(key, epoch ‖ sale u64 BE ‖ issue u32 BE), so any process can show a code again
    and none needs to store it. Raises LocalWireError for a key of other than 32 bytes or numbers out of range.
    """
    if len(key) != KEY_BYTES or len(epoch) != EPOCH_BYTES or not 0 <= sale < 2**64 or not 0 <= issue < 2**32:
        raise LocalWireError(
            "claim-code-input", "No claim code can be made with this key. Restore the key file from your backup."
        )
    message = epoch + sale.to_bytes(8) + issue.to_bytes(4)
    return hmac.digest(key, message, "sha256")[:CODE_BYTES]


def encode(code: bytes) -> str:
    """Spell a 16-byte code as 26 upper-case Crockford characters (leading bits zero)."""
    if len(code) != CODE_BYTES:
        raise LocalWireError("claim-code-size", "The stall cannot write this claim code. Ask at the stall for help.")
    return crockford.write(int.from_bytes(code), CODE_CHARS)


def decode(text: str) -> bytes:
    """Read a code as people type it: any case, spaces and hyphens ignored, O read as 0, I and L as 1.

    Raises Refused for anything that is not a code.
    """
    if not isinstance(text, str):
        raise Refused("claim-code-malformed", "This is not a claim code. Type it in letters and digits.")
    signs = crockford.values(text[:_MAX_TYPED])
    if len(text) > _MAX_TYPED or signs is None or len(signs) != CODE_CHARS:
        raise Refused("claim-code-malformed", "This is not a claim code. Type all 26 letters and digits as printed.")
    number = crockford.number(signs)
    if number >= 1 << 8 * CODE_BYTES:
        raise Refused(
            "claim-code-malformed", "This is not a claim code: the first sign is a digit from 0 to 7. Type it again."
        )
    return number.to_bytes(CODE_BYTES)


def digest(code: bytes) -> bytes:
    """Hash a 16-byte code (SHA-256): what the database and the receipt keep instead of it."""
    return hashlib.sha256(code).digest()
