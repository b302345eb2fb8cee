"""Unguessable ids that need no index: a row number sealed into one AES block under a key for its purpose.

The id is the right to look. It is a bijection of the number, so two rows never share one, and it tells nothing
about how many there are. It does not expire and cannot be revoked alone: the row behind it decides.
"""

from __future__ import annotations

from collections.abc import Iterable

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import ECB

from stall.errors import LocalWireError
from stall.wire import hkdf

ID_BYTES = 16
_CHECK = bytes(8)
# The bare permutation of single blocks is what is wanted: the same number must give the same id.
_SINGLE_BLOCKS = ECB()  # noqa: S305 - no message is encrypted, one number at a time is


def seal(key: bytes, purpose: str, number: int) -> bytes:
    """Return the 16-byte id of `number` (0 to 2^64-1): AES-256(HKDF(key, purpose), number u64 BE ‖ 8 zero bytes)."""
    return seal_all(key, purpose, (number,))[0]


def seal_all(key: bytes, purpose: str, numbers: Iterable[int]) -> list[bytes]:
    """Do the same for many numbers at once; setting up the cipher costs more than a hundred of them."""
    try:
        blocks = b"".join(number.to_bytes(8) + _CHECK for number in numbers)
    except OverflowError:
        raise LocalWireError(
            "capability-number", "The stall cannot make an address for this. Ask at the stall for help."
        ) from None
    encryptor = _cipher(key, purpose).encryptor()
    sealed = encryptor.update(blocks) + encryptor.finalize()
    return [sealed[at : at + ID_BYTES] for at in range(0, len(sealed), ID_BYTES)]


def unseal(key: bytes, purpose: str, id16: bytes) -> int | None:
    """Return the number sealed in `id16`, or None if this key never sealed it for this purpose.

    A guessed id passes with probability 2^-64 and then names a random number.
    """
    if len(id16) != ID_BYTES:
        return None
    decryptor = _cipher(key, purpose).decryptor()
    block = decryptor.update(id16) + decryptor.finalize()
    return int.from_bytes(block[:8]) if block[8:] == _CHECK else None


def _cipher(key: bytes, purpose: str) -> Cipher[ECB]:
    return Cipher(AES256(hkdf.derive_cached(key, f"stall-capability-v1 {purpose}")), _SINGLE_BLOCKS)
