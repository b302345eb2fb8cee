"""The fingerprint of a key: short enough for two people to compare aloud, long enough that nobody finds a second key for it."""

from __future__ import annotations

from stall.wire import b64, crockford, keys

BYTES = 20
SIGNS = 32


def of(public: bytes) -> str:
    """Write the fingerprint of a public key: eight groups of four signs.

    The first 160 bits of the key's thumbprint (RFC 7638), so whoever has the one can tell the other. Raises WireError for
    what is no public key.
    """
    digest = b64.decode(keys.thumbprint(public))
    return crockford.grouped(crockford.write(int.from_bytes(digest[:BYTES]), SIGNS))
