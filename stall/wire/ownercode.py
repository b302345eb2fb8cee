"""Owner codes: 128 bits that make the key a certificate names as its owner (formats 6, design 7).

Whoever knows the code can prove ownership, and passes it on by telling the code. It never travels over http.
"""

from __future__ import annotations

import secrets

from stall.errors import LocalWireError, Refused
from stall.wire import crockford, hkdf
from stall.wire.keys import SigningKey

CODE_BYTES = hkdf.CODE_BYTES
CODE_CHARS = 26
INFO = "stall-owner-v1"

_MAX_TYPED = 200


def new() -> bytes:
    """Draw a code from the system's randomness."""
    return secrets.token_bytes(CODE_BYTES)


def key_of(code: bytes) -> SigningKey:
    """Make the owner's key: its seed is HKDF-SHA256 of the code, without salt. Raises LocalWireError."""
    return SigningKey.from_seed(hkdf.derive_from_code(code, INFO))


def encode(code: bytes) -> str:
    """Spell a 16-byte code as 26 upper-case Crockford characters (leading bits zero)."""
    if len(code) != CODE_BYTES:
        raise LocalWireError("owner-code-size", "An owner code is not 16 bytes long. Make a new one.")
    return crockford.write(int.from_bytes(code), CODE_CHARS)


def decode(text: str) -> bytes:
    """Read a code as people type it: any case, spaces and hyphens ignored, O read as 0, I and L as 1.

    Raises Refused for anything that is not a code.
    """
    if not isinstance(text, str):
        raise Refused("owner-code-malformed", "This is not an owner code. Type it in letters and digits.")
    signs = crockford.values(text[:_MAX_TYPED])
    if len(text) > _MAX_TYPED or signs is None or len(signs) != CODE_CHARS:
        raise Refused("owner-code-malformed", "This is not an owner code. Type all 26 letters and digits as printed.")
    number = crockford.number(signs)
    if number >= 1 << 8 * CODE_BYTES:
        raise Refused(
            "owner-code-malformed", "This is not an owner code: the first sign is a digit from 0 to 7. Type it again."
        )
    return number.to_bytes(CODE_BYTES)
