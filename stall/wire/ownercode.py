"""Owner codes: 128 bits that make the key a certificate names as its owner (formats 6, design 7).

Two check signs end it (`checksigns`): a slip in typing must not make another key, whose owner nobody is. Whoever knows the code can prove ownership, and passes it on by telling the code. It never travels over http.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from stall.errors import LocalWireError, Refused
from stall.wire import checksigns, crockford, hkdf
from stall.wire.keys import SigningKey

CODE_BYTES = hkdf.CODE_BYTES
CODE_CHARS = 28
INFO = "stall-owner-v1"

_CHECKS = 2
_DATA = CODE_CHARS - _CHECKS
_MAX_TYPED = 200


def new() -> bytes:
    """Draw a code from the system's randomness."""
    return secrets.token_bytes(CODE_BYTES)


def key_of(code: bytes) -> SigningKey:
    """Make the owner's key: its seed is HKDF-SHA256 of the code, without salt. Raises LocalWireError."""
    return SigningKey.from_seed(hkdf.derive_from_code(code, INFO))


def encode(code: bytes) -> str:
    """Spell a 16-byte code as 26 upper-case Crockford characters (leading bits zero) and two check signs."""
    if len(code) != CODE_BYTES:
        raise LocalWireError("owner-code-size", "An owner code is not 16 bytes long. Make a new one.")
    text = crockford.write(int.from_bytes(code), _DATA)
    checks = checksigns.of(crockford.values(text) or (), _CHECKS)
    return text + crockford.write(crockford.number(checks), _CHECKS)


def decode(text: str) -> bytes:
    """Read a code as people type it: any case, spaces and hyphens ignored, O read as 0, I and L as 1.

    Raises Refused for anything that is not a code.
    """
    if not isinstance(text, str):
        raise Refused("owner-code-malformed", "This is not an owner code. Type it in letters and digits.")
    signs = crockford.values(text[:_MAX_TYPED])
    if len(text) > _MAX_TYPED or signs is None or len(signs) != CODE_CHARS:
        raise Refused("owner-code-malformed", "This is not an owner code. Type all 28 letters and digits as printed.")
    if not _fits(signs):
        raise Refused("owner-code-malformed", f"This is not an owner code as printed. {_hint(signs)}")
    number = crockford.number(signs[:_DATA])
    if number >= 1 << 8 * CODE_BYTES:
        raise Refused(
            "owner-code-malformed", "This is not an owner code: the first sign is a digit from 0 to 7. Type it again."
        )
    return number.to_bytes(CODE_BYTES)


def _fits(signs: Sequence[int]) -> bool:
    return checksigns.of(signs[:_DATA], _CHECKS) == list(signs[_DATA:])


def _hint(signs: Sequence[int]) -> str:
    found = checksigns.slip(signs, _fits)
    if found is None:
        return "More than one of its signs is wrong: type it again."
    there, here = crockford.ALPHABET[found[1]], crockford.ALPHABET[signs[found[0]]]
    return f"Perhaps its sign {found[0] + 1} is {there} and not {here}: compare it with the paper."
